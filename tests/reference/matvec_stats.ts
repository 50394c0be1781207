/** Float64 twin of matvec_stats and merge_stats: what one pass over a row of logits leaves, from the row itself. */
import { NONE } from "../../src/kernels/layouts";
import { isMasked, MASKED, proposal, type RowDraw, type RowStats, rowStats, topK } from "./row_stats";

export interface StatsRow extends RowStats {
  /** The token drawn, and its log-probability in the plain softmax. */
  readonly proposal: number;
  readonly logprob: number;
  /** The k best tokens with their logits; null where the row has no more. */
  readonly top: readonly { readonly token: number | null; readonly logit: number }[];
}

/** Of logits [V], in which banned tokens are impossible, and such that are no number; a row without others has no token at all. */
export function statsRow(
  logits: ArrayLike<number>,
  o: RowDraw & { readonly banned: readonly number[]; readonly k: number },
): StatsRow {
  const row = Float64Array.from(logits, (z, x) =>
    o.banned.includes(x) || Number.isNaN(z) || isMasked(z) ? MASKED : z,
  );
  const drawn = proposal(row, o);
  const best = topK(row, o.k);
  const top = Array.from({ length: o.k }, (_, i) => {
    const x = best[i];
    return x === undefined || isMasked(row[x]!)
      ? { token: null, logit: MASKED }
      : { token: x, logit: row[x]! };
  });
  if (row.every(isMasked)) {
    const none = {
      max: MASKED,
      logSumExp: MASKED,
      argmax: NONE,
      second: null,
      gap: -MASKED,
      margin: 0,
      entropy: 0,
    };
    return { ...none, proposal: NONE, logprob: MASKED, top };
  }
  return { ...rowStats(row), proposal: drawn.token, logprob: drawn.logprob, top };
}
