/** Float64 twin of the token_ranks kernel: how a row of logits sees a given token. */
import { logSoftmax } from "./row_stats";

/** Log-probability of `token`, that of the best token, and how many tokens are better; of equal ones the smaller is. */
export function tokenRank(
  row: ArrayLike<number>,
  token: number,
): { readonly logprob: number; readonly bestLogprob: number; readonly rank: number } {
  const law = logSoftmax(row);
  const own = law[token]!;
  const rank = law.filter((v, x) => v > own || (v === own && x < token)).length;
  return { logprob: own, bestLogprob: Math.max(...law), rank };
}
