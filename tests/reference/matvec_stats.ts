/** Float64 twin of matvec_stats and merge_stats: what one pass over a row of logits leaves, from the row itself. */
import { isMasked, MASKED, proposal, type RowDraw, type RowStats, rowStats, topK } from "./row_stats";

export interface StatsRow extends RowStats {
  /** The token drawn, and its log-probability in the plain softmax. */
  readonly proposal: number;
  readonly logprob: number;
  /** The k best tokens with their logits; null where the row has no more. */
  readonly top: readonly { readonly token: number | null; readonly logit: number }[];
}

/** Of logits [V], in which banned tokens are impossible. */
export function statsRow(
  logits: ArrayLike<number>,
  o: RowDraw & { readonly banned: readonly number[]; readonly k: number },
): StatsRow {
  const row = Float64Array.from(logits, (z, x) => (o.banned.includes(x) ? MASKED : z));
  const drawn = proposal(row, o);
  const best = topK(row, o.k);
  const top = Array.from({ length: o.k }, (_, i) => {
    const x = best[i];
    return x === undefined || isMasked(row[x]!)
      ? { token: null, logit: MASKED }
      : { token: x, logit: row[x]! };
  });
  return { ...rowStats(row), proposal: drawn.token, logprob: drawn.logprob, top };
}
