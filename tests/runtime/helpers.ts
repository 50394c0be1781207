/** A host on the file's device with models from memory or from public/models, and runs through it. */
import { EngineHost, type HostOptions } from "../../src/worker/host";
import type { ModelSource } from "../../src/models/source";
import { directorySource } from "../../src/models/source_node";
import type { RunBegin, SamplerSettings, TraceEvent } from "../../src/trace/events";
import { type RunCounts, runMethod } from "../../src/worker/run";
import { nodeGpu } from "../helpers/gpu";

export const GREEDY_SAMPLER: SamplerSettings = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
};
export const bundled = (id: string): ModelSource => directorySource(`public/models/${id}`, id);
export const openHost = (options: HostOptions = {}): Promise<EngineHost> => EngineHost.open(nodeGpu, options);

export interface RunOptions {
  readonly model: string;
  readonly draft?: string | null;
  readonly method: string;
  readonly params?: Readonly<Record<string, number | boolean | string | readonly number[]>>;
  readonly sampler?: Partial<SamplerSettings>;
  readonly prompt?: string;
  readonly promptIds?: readonly number[];
  readonly seed?: number;
  readonly maxNewTokens?: number;
  readonly detail?: "light" | "full";
  readonly profile?: boolean;
  readonly begin?: RunBegin | null;
}
export interface RunResult {
  readonly events: readonly TraceEvent[];
  readonly tokens: readonly number[];
  readonly counts: RunCounts;
  readonly end: Extract<TraceEvent, { kind: "run_end" }>;
}

export async function runToEnd(
  host: EngineHost,
  o: RunOptions,
  control = { cancelled: false },
  onEvent: (e: TraceEvent) => void = () => {},
): Promise<RunResult> {
  const counts: RunCounts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  const settings = {
    model: o.model,
    draft: o.draft ?? null,
    method: o.method,
    params: o.params ?? {},
    sampler: { ...GREEDY_SAMPLER, ...o.sampler },
    prompt: o.prompt ?? "",
    begin: o.begin ?? null,
    seed: o.seed ?? 1,
    maxNewTokens: o.maxNewTokens ?? 20,
    detail: o.detail ?? ("light" as const),
    profile: o.profile ?? false,
  };
  const events: TraceEvent[] = [];
  for await (const e of runMethod(host, settings, control, counts, o.promptIds ?? null)) {
    events.push(e);
    onEvent(e);
  }
  const end = events.at(-1);
  if (end?.kind !== "run_end") throw new Error("the run did not end");
  return { events, tokens: events.flatMap((e) => (e.kind === "commit" ? e.tokens : [])), counts, end };
}
