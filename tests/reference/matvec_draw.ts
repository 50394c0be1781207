/** Float64 twin of matvec_draw and draw_commit: what one pass over a row of logits leaves, from the row itself. */
import { Purpose } from "../../src/base/rng";
import { NONE } from "../../src/kernels/layouts";
import { isMasked, logSoftmax, MASKED, rowStats, topK } from "./row_stats";
import { sampleRow } from "./sample";

export interface DrawnRow {
  readonly token: number;
  readonly logprob: number;
  /** The k most probable tokens; null where the law has no more. */
  readonly top: readonly { readonly token: number | null; readonly logprob: number }[];
  /** Of the softmax at the temperature; of the plain one at 0. */
  readonly max: number;
  readonly logSumExp: number;
  readonly entropy: number;
  readonly argmax: number;
}

/** Of logits [V], where what is no number is no token; noise is addressed as `sample_commit` addresses it. Temperature 0 is one-hot. */
export function drawnRow(
  logits: ArrayLike<number>,
  o: { readonly temperature: number; readonly k: number; readonly seed: number; readonly step: number },
): DrawnRow {
  const isGreedy = o.temperature === 0;
  const row = Float64Array.from(logits, (z) => (Number.isNaN(z) ? MASKED : z));
  // The last token is taken where none is left, and its logarithm says so: MASKED, as f32 has it.
  if (row.every(isMasked)) {
    const masked = Math.fround(MASKED);
    const top = Array.from({ length: o.k }, () => ({ token: null, logprob: masked }));
    const none = { max: masked, logSumExp: masked, entropy: 0, argmax: NONE };
    return { token: row.length - 1, logprob: masked, top, ...none };
  }
  const scaled = row.map((z) => (isGreedy || isMasked(z) ? z : z / o.temperature));
  const stats = rowStats(scaled);
  const law = isGreedy
    ? Float64Array.from(logits, (_, x) => (x === stats.argmax ? 0 : MASKED))
    : logSoftmax(scaled);
  const noise = { seed: o.seed, step: o.step, purpose: Purpose.SAMPLE, node: 0, sibling: 0 };
  const token = sampleRow(law, isGreedy ? null : noise);
  const best = topK(law, o.k);
  const top = Array.from({ length: o.k }, (_, i) => {
    const x = best[i];
    return x === undefined || law[x]! <= MASKED / 2
      ? { token: null, logprob: MASKED }
      : { token: x, logprob: law[x]! };
  });
  return { token, logprob: law[token]!, top, ...stats };
}
