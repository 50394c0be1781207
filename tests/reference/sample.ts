/** Float64 twin of the sample kernel: one token from a row of log-probabilities by the largest Gumbel-perturbed value. */
import { gumbelAt, type RandomAddress } from "../../src/base/rng";
import { isMasked } from "./row_stats";

/** Where the noise of a row comes from; the index of each number is its token. */
export type RowAddress = Omit<RandomAddress, "index">;

/**
 * Index of the largest logprob + Gumbel noise of `row` [V], ties by smaller index; masked entries never win.
 * `noise` null takes the largest entry itself.
 */
export function sampleRow(row: ArrayLike<number>, noise: RowAddress | null): number {
  let best = -1;
  let bestValue = 0;
  for (let x = 0; x < row.length; x++) {
    if (isMasked(row[x]!)) continue;
    const value = row[x]! + (noise ? gumbelAt({ ...noise, index: x }) : 0);
    if (best < 0 || value > bestValue) [best, bestValue] = [x, value];
  }
  return best;
}
