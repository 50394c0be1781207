/** What the headless runner can do; each command returns the record it prints. */
import { fileURLToPath } from "node:url";
import { DecoscopeError } from "../base/errors";
import { methods, findMethod } from "../decoding";
import { catalog, findModel } from "../models/catalog";
import type { ModelSource } from "../models/source";
import { directorySource, largeDirectorySource } from "../models/source_node";
import { GpuCanvasSession } from "../runtime/canvas_session";
import { promptLogits } from "../runtime/logits";
import { GpuSession } from "../runtime/session";
import { encodeTrace } from "../trace/codec";
import type { TraceEvent } from "../trace/events";
import { foldEvents } from "../trace/fold";
import type { DeviceFigures } from "../worker/api";
import { BENCH_PARTS, measurePart } from "../worker/bench";
import { EngineHost, type HostedModel } from "../worker/host";
import { runMethod, type RunCounts } from "../worker/run";
import { RunText } from "../worker/run_text";
import type {
  BenchmarkArguments,
  LogitsArguments,
  MemoryArguments,
  ModelArguments,
  RunArguments,
} from "./arguments";

const BUNDLED = fileURLToPath(new URL("../../public/models", import.meta.url));

/** A bundled id, or else a directory. */
const sourceOf = (model: string): ModelSource =>
  findModel(model) ? directorySource(`${BUNDLED}/${model}`, model) : largeDirectorySource(model);

/** Every registered method with its parameter schema. */
export function listMethods(): unknown {
  return methods.map(({ id, label, summary, source, requires, lossless, params, views }) => ({
    id,
    label,
    summary,
    source,
    requires,
    lossless,
    params,
    views,
  }));
}

/** Every bundled model. */
export const listModels = (): unknown => catalog;

interface Host {
  readonly host: EngineHost;
  readonly target: HostedModel;
}
/** A device with the model on it. */
export async function open(
  gpu: GPU,
  args: Pick<ModelArguments, "model" | "storage" | "cacheStorage">,
): Promise<Host> {
  const host = await EngineHost.open(gpu, args);
  return { host, target: await host.load(args.model, sourceOf(args.model)) };
}

/** `{text, tokens, promptTokens, stopReason, stats, adapter}`; `text` is of the new tokens. */
export async function run(
  gpu: GPU,
  args: RunArguments,
  write: (path: string, text: string) => Promise<void>,
): Promise<unknown> {
  const method = findMethod(args.method);
  const { host, target } = await open(gpu, args);
  const draft =
    method?.requires.includes("+") === true ? (args.draft ?? findModel(args.model)?.draft ?? null) : null;
  if (draft !== null) await host.load(draft, sourceOf(draft));

  const counts: RunCounts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  const settings = {
    model: args.model,
    draft,
    method: args.method,
    params: args.set,
    sampler: args.sampler,
    prompt: args.prompt ?? "",
    begin: null,
    seed: args.seed,
    maxNewTokens: args.maxNewTokens,
    detail: args.trace === null ? ("light" as const) : ("full" as const),
    profile: args.profile,
  };
  const events: TraceEvent[] = [];
  for await (const event of runMethod(host, settings, { cancelled: false }, counts, args.promptIds))
    events.push(event);
  const end = events.at(-1);
  const start = events[0];
  if (end?.kind !== "run_end" || start?.kind !== "run_start") throw new Error("the run did not start or end");
  if (args.trace !== null) await write(args.trace, encodeTrace(events));
  if (end.error) throw DecoscopeError.fromRecord(end.error);
  for (const e of events) if (e.kind === "warning") process.stderr.write(`warning: ${e.message}\n`);

  const text = new RunText();
  for (const e of events) text.push(e);
  const tokens = text.tokens();
  const stats = { targetForwards: 0, targetRows: 0, draftForwards: 0, draftRows: 0, steps: 0 };
  for (const e of events) {
    if (e.kind !== "cost") continue;
    stats.targetForwards += e.targetForwards;
    stats.targetRows += e.targetRows;
    stats.draftForwards += e.draftForwards;
    stats.draftRows += e.draftRows;
    stats.steps++;
  }
  const decodeMs = end.ms - (events.find((e) => e.kind === "prefill" || e.kind === "canvas")?.ms ?? 0);
  return {
    text: target.tokenizer.decode(tokens),
    ...filledText(events, (ids) => target.tokenizer.decode(ids)),
    tokens,
    promptTokens: start.promptTokens,
    stopReason: end.reason,
    stats: {
      ...stats,
      tokensPerTargetForward: tokens.length / Math.max(1, stats.targetForwards),
      ...counts,
      ms: end.ms,
      tokensPerSecond: decodeMs > 0 ? (1000 * tokens.length) / decodeMs : 0,
      gpuBytesPeak: host.memory.report().peakBytes,
      gpuMemory: host.memory.report().peak,
    },
    adapter: host.gpu.adapter,
  };
}

/** The whole text behind the prompt of a run that filled a canvas, given positions included; nothing for others. */
function filledText(
  events: readonly TraceEvent[],
  decode: (tokens: readonly number[]) => string,
): { readonly filled?: string } {
  const { canvas, start } = foldEvents(events);
  if (!canvas) return {};
  const cells = canvas.cells.slice(start?.promptTokens.length ?? 0).filter((c) => c.status !== "masked");
  return { filled: decode(cells.map((c) => c.token)) };
}

/** Writes raw logits, float32 little-endian [T, V], and says their shape. */
export async function writeLogits(
  gpu: GPU,
  args: LogitsArguments,
  write: (path: string, bytes: Uint8Array) => Promise<void>,
): Promise<unknown> {
  const { host, target } = await open(gpu, args);
  const ids = args.promptIds ?? [];
  const logits = await promptLogits(host.engine, host.tuning, target.gpu, ids);
  await write(args.out, new Uint8Array(logits.buffer));
  return {
    rows: ids.length,
    vocabSize: target.gpu.facts.vocabSize,
    out: args.out,
    adapter: host.gpu.adapter,
  };
}

/**
 * Bytes on the device, by use and storage: with the model alone, and with a text as long as it can be, which is held while
 * something is written.
 */
export async function memory(gpu: GPU, args: MemoryArguments): Promise<unknown> {
  const { host, target } = await open(gpu, args);
  const { engine, tuning } = host;
  const model = target.gpu;
  const report = (): unknown => {
    const { liveBytes, live } = engine.memory.report();
    return { bytes: liveBytes, lines: live };
  };
  const loaded = report();
  const session = await (model.masked
    ? GpuCanvasSession.open(engine, {
        ...{ model, guider: null, seed: 0, length: model.maxContext, tuning, profiler: null },
      })
    : GpuSession.open(engine, {
        ...{ target: model, draft: null, seed: 0, firstStep: 0, maxNewTokens: 1 },
        ...{ treeNodes: 1, tuning, profiler: null },
      }));
  const withText = report();
  session.dispose();
  const { maxContext: context } = model;
  return { model: args.model, context, loaded, withText, adapter: host.gpu.adapter };
}

/** What the page's "Measure this device" shows, with the device it was measured on. */
export async function benchmark(gpu: GPU, args: BenchmarkArguments): Promise<unknown> {
  const { host, target } = await open(gpu, args);
  let figures: Partial<DeviceFigures> = {};
  for (const part of BENCH_PARTS) {
    const found = await measurePart(host, target, part);
    figures = { ...figures, ...found, passes: [...(figures.passes ?? []), ...(found.passes ?? [])] };
  }
  const { adapter, isSoftware } = host.gpu;
  return { model: args.model, adapter, isSoftware, ...figures };
}
