/** Float64 twin of matvec_draw and draw_commit: what one pass over a row of logits leaves, from the row itself. */
import { Purpose } from "../../src/base/rng";
import { logSoftmax, MASKED, rowStats, topK } from "./row_stats";
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

/** Of logits [V]; noise is addressed as `sample_commit` addresses it. Temperature 0 is one-hot. */
export function drawnRow(
  logits: ArrayLike<number>,
  o: { readonly temperature: number; readonly k: number; readonly seed: number; readonly step: number },
): DrawnRow {
  const isGreedy = o.temperature === 0;
  const scaled = Float64Array.from(logits, (z) => (isGreedy ? z : z / o.temperature));
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
