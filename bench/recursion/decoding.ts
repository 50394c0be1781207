/** What is compared when recurrent models write, and one run of it. */
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import { criteria, type CriterionId } from "../../src/decoding/depth/policy";
import type { EngineHost } from "../../src/worker/host";
import { runMethod } from "../../src/worker/run";

/** Recurrences of full depth: twice what training used on average. */
export const FULL = 12;

export interface Contender {
  readonly label: string;
  /** Contenders that differ in one number belong together. */
  readonly group: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}
const exits = (criterion: CriterionId, thresholds: readonly number[]): Contender[] =>
  thresholds.map((threshold) => ({
    label: `${criterion} ${threshold}`,
    group: criteria[criterion].label,
    method: "recurrent",
    params: { criterion, threshold, recurrences: FULL },
  }));
export const CONTENDERS: readonly Contender[] = [
  ...[FULL, 6, 3, 2, 1].map((recurrences) => ({
    label: `fixed ${recurrences}`,
    group: criteria.none.label,
    method: "recurrent",
    params: { criterion: "none", recurrences },
  })),
  ...exits("latent-diff", [0.01, 0.03, 0.1, 0.3]),
  ...exits("cosine", [0.001, 0.01]),
  ...exits("kl", [0.001, 0.01]),
  ...exits("minp-kl", [0.00001, 0.001]),
  ...exits("entropy-diff", [0.001, 0.01]),
  ...exits("argmax-stability", [2, 5]),
  {
    label: "self-speculation 1 of 12, 5 drafts",
    group: "Self-speculation",
    method: "self-speculation",
    params: { draftRecurrences: 1, recurrences: FULL, draftLength: 5 },
  },
  ...[2, 4, 8, 64].map((maxWavefront) => ({
    label: `wavefront, at most ${maxWavefront} wide`,
    group: "Wavefront",
    method: "depth-wavefront",
    params: { maxWavefront, prefillRecurrence: FULL },
  })),
];

/** What one run did; depths are of tokens behind the prompt. */
export interface Outcome {
  readonly tokens: readonly number[];
  readonly forwards: number;
  readonly rows: number;
  readonly depths: readonly number[];
}

export async function decodeWith(
  host: EngineHost,
  model: string,
  { method: id, params }: Contender,
  ask: { readonly prompt: string; readonly ids: readonly number[] | null; readonly maxNewTokens: number },
): Promise<Outcome> {
  const method = findMethod(id)!;
  const read = readParams(method.params, params);
  if (read.issues.length > 0) throw new Error(`${id}: ${JSON.stringify(read.issues)}`);
  const settings = {
    ...{ model, draft: null, method: id, params: read.values, prompt: ask.prompt, begin: null, seed: 1 },
    sampler: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    ...{ maxNewTokens: ask.maxNewTokens, detail: "light" as const, profile: false },
  };
  const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  const tokens: number[] = [];
  const depths: number[] = [];
  let [forwards, rows, promptLength] = [0, 0, 0];
  for await (const e of runMethod(host, settings, { cancelled: false }, counts, ask.ids)) {
    if (e.kind === "run_start") promptLength = e.promptTokens.length;
    if (e.kind === "commit") tokens.push(...e.tokens);
    if (e.kind === "depth" && e.position >= promptLength - 1) depths.push(e.depth);
    if (e.kind === "cost") {
      // A model that drafts for itself says passes; each has recurrences of its own.
      const own = method.depths?.(read.values as never, (await host.model(model)).gpu.recurrence!);
      forwards += own ? own.target * e.targetForwards + own.draft * e.draftForwards : (e.coreForwards ?? 0);
      rows += own ? own.target * e.targetRows + own.draft * e.draftRows : (e.coreRows ?? 0);
    }
    if (e.kind === "run_end" && e.error) throw new Error(e.error.message);
  }
  return { tokens, forwards, rows, depths };
}
