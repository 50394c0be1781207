/** Float64 twin of the process_logits kernel: from raw logits to the law that is sampled and verified. */
import type { SamplerSettings } from "../../src/trace/events";
import { argmax, isMasked, logSoftmax, logSumExp, MASKED, topK } from "./row_stats";

export interface LawOptions {
  /** At temperature 0 the law of the target is one-hot and that of a draft the softmax at temperature 1. */
  readonly role: "target" | "draft";
  /** Every token before the one to come, ancestors in the tree included; the repetition penalty looks at these. */
  readonly text: readonly number[];
  /** Tokens that may come at all; null allows every token. */
  readonly allowed?: ReadonlySet<number> | null;
}

/** Divides positive logits of tokens in `text` by `penalty` and multiplies negative ones, once for each token. */
function penalise(logits: Float64Array, text: readonly number[], penalty: number): void {
  for (const token of new Set(text)) {
    const v = logits[token];
    if (v !== undefined && !isMasked(v)) logits[token] = v > 0 ? v / penalty : v * penalty;
  }
}

/** The largest t such that tokens with logit >= t have at least mass `topP`. */
function topPThreshold(logits: Float64Array, topP: number): number {
  const total = logSumExp(logits);
  let mass = 0;
  for (const x of topK(logits, logits.length)) {
    mass += Math.exp(logits[x]! - total);
    if (mass >= topP) return logits[x]!;
  }
  return MASKED;
}

const dropBelow = (logits: Float64Array, threshold: number): void => {
  for (let x = 0; x < logits.length; x++) if (logits[x]! < threshold) logits[x] = MASKED;
};

/**
 * Normalised log-probabilities [V] after sampling settings: allowed tokens, repetition penalty, temperature, top-k,
 * top-p (of what top-k left), min-p, softmax. Thresholds keep ties. Dropped tokens are {@link MASKED}.
 */
export function processLogits(
  raw: ArrayLike<number>,
  sampler: SamplerSettings,
  options: LawOptions,
): Float64Array {
  const { role, text, allowed = null } = options;
  const logits = Float64Array.from(raw, (v, x) => (allowed && !allowed.has(x) ? MASKED : v));
  if (sampler.repetitionPenalty !== 1) penalise(logits, text, sampler.repetitionPenalty);
  if (sampler.temperature === 0 && role === "target") {
    const law = new Float64Array(logits.length).fill(MASKED);
    law[argmax(logits)] = 0;
    return law;
  }
  const temperature = sampler.temperature === 0 ? 1 : sampler.temperature;
  for (let x = 0; x < logits.length; x++) if (!isMasked(logits[x]!)) logits[x] = logits[x]! / temperature;
  if (sampler.topK > 0 && sampler.topK < logits.length)
    dropBelow(logits, logits[topK(logits, sampler.topK).at(-1)!]!);
  if (sampler.topP < 1) dropBelow(logits, topPThreshold(logits, sampler.topP));
  if (sampler.minP > 0) dropBelow(logits, logits[argmax(logits)]! + Math.log(sampler.minP));
  return logSoftmax(logits);
}
