/** This engine, run as the page runs it: in its worker, through its client, plain autoregressive decoding. */
import { autoregressive } from "../../src/decoding/autoregressive";
import { findModel } from "../../src/models/catalog";
import type { TraceEvent } from "../../src/trace/events";
import { connectEngine } from "../../src/worker/client";
import { type Generation, repeated, type Report, type Task } from "./timing";

/** How weights are kept. */
export type Storage = "f32" | "int8";

const RUN_AHEAD = autoregressive.params.runAhead.default;

/** The engine with a model loaded. */
export interface OpenDecoscope {
  readonly adapter: string;
  generate(task: Task): Promise<Generation & { readonly promptTokens: readonly number[] }>;
  /** Bytes on the device now and at most. */
  memory(): Promise<{ readonly liveBytes: number; readonly peakBytes: number }>;
  dispose(): void;
}

export async function openDecoscope(model: string, storage: Storage = "f32"): Promise<OpenDecoscope> {
  let onEvent: (event: TraceEvent) => void = () => undefined;
  const engine = connectEngine(new URL("./", location.href).href, (message) => {
    if (message.type === "device_lost") throw new Error(message.error.message);
    if (message.type === "events") message.events.forEach((event) => onEvent(event));
  });
  const { adapter } = await engine.openDevice();
  const entry = findModel(model);
  if (!entry) throw new Error(`expected a bundled model, found ${model}: see src/models/catalog.ts`);
  await engine.keepBundled(model, { storage, cacheStorage: "f32", context: entry.contextLength });
  await engine.load(model);
  return {
    adapter,
    memory: () => engine.memory(),
    dispose: () => engine.dispose(),
    async generate(task) {
      let promptTokens: readonly number[] = [];
      const tokens: number[] = [];
      const times: number[] = [];
      const ended = new Promise<void>((resolve, reject) => {
        onEvent = (event) => {
          if (event.kind === "run_start") promptTokens = event.promptTokens;
          if (event.kind === "commit") {
            tokens.push(...event.tokens);
            for (let i = 0; i < event.tokens.length; i++) times.push(event.ms);
          }
          if (event.kind === "run_end") {
            if (event.error) reject(new Error(event.error.message));
            else resolve();
          }
        };
      });
      await engine.start(
        {
          model,
          draft: null,
          method: autoregressive.id,
          params: { runAhead: RUN_AHEAD },
          sampler: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
          prompt: task.prompt,
          begin: null,
          seed: 0,
          maxNewTokens: task.newTokens,
          detail: "light",
          profile: false,
        },
        false,
      );
      await ended;
      // Tokens arrive in readbacks of RUN_AHEAD: the clock starts with the last token of the first of them.
      const decodeMs = (times.at(-1) ?? NaN) - (times[RUN_AHEAD - 1] ?? NaN);
      return { promptTokens, tokens, timedTokens: tokens.length - RUN_AHEAD, decodeMs };
    },
  };
}

export async function runDecoscope(task: Task, storage: Storage): Promise<Report> {
  const engine = await openDecoscope(task.model, storage);
  const { promptTokens } = await engine.generate(task);
  const generations = await repeated(task, () => engine.generate(task));
  engine.dispose();
  return { promptTokens, generations, ranOn: engine.adapter };
}
