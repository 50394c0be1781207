/** Float64 twin of the row_stats kernel: what sampling and schedules need to know of one row of logits. */
import { gumbelAt, Purpose } from "../../src/base/rng";

/** Dropped entries, in logits and in log-probabilities; finite because WGSL may assume infinities away. */
export const MASKED = -1e30;
/** Whether a logit or log-probability stands for a dropped token. */
export const isMasked = (value: number): boolean => value <= MASKED / 2;

export interface RowStats {
  readonly max: number;
  /** Natural logarithm of the sum of exponentials. */
  readonly logSumExp: number;
  /** Smallest index of the largest value. */
  readonly argmax: number;
  /** Smallest index of the largest value but `argmax`; null if no other token is possible. */
  readonly second: number | null;
  /** Difference of the two largest values; 1e30 if there is no second. */
  readonly gap: number;
  /** Difference of the two largest probabilities; 1 for a row of one. */
  readonly margin: number;
  /** Of the softmax, in nats. */
  readonly entropy: number;
}

/** Smallest index of the largest value of `row` [V]. */
export function argmax(row: ArrayLike<number>): number {
  let best = 0;
  for (let x = 1; x < row.length; x++) if (row[x]! > row[best]!) best = x;
  return best;
}

/** log sum_x exp(row[x]), shifted by the maximum. */
export function logSumExp(row: ArrayLike<number>): number {
  const max = row[argmax(row)]!;
  let sum = 0;
  for (let x = 0; x < row.length; x++) sum += Math.exp(row[x]! - max);
  return max + Math.log(sum);
}

/** Indices of the k largest values, largest first, ties by smaller index; fewer if the row is shorter. */
export function topK(row: ArrayLike<number>, k: number): number[] {
  const order = Array.from(row, (_, x) => x);
  order.sort((a, b) => row[b]! - row[a]! || a - b);
  return order.slice(0, k);
}

/** Log-probabilities of the softmax of `row` [V]; masked entries stay {@link MASKED}. */
export function logSoftmax(row: ArrayLike<number>): Float64Array {
  const total = logSumExp(row);
  return Float64Array.from(row, (v) => (isMasked(v) ? MASKED : v - total));
}

/** Statistics of one row of logits [V]. */
export function rowStats(row: ArrayLike<number>): RowStats {
  const total = logSumExp(row);
  const [first = 0, next] = topK(row, 2);
  const second = next === undefined || isMasked(row[next]!) ? undefined : next;
  const gap = second === undefined ? -MASKED : Math.min(row[first]! - row[second]!, -MASKED);
  let entropy = 0;
  for (let x = 0; x < row.length; x++) {
    const logprob = row[x]! - total;
    const prob = Math.exp(logprob);
    if (prob > 0) entropy -= prob * logprob;
  }
  const nextProb = second === undefined ? 0 : Math.exp(row[second]! - total);
  return {
    max: row[first]!,
    logSumExp: total,
    argmax: first,
    second: second ?? null,
    gap,
    margin: Math.exp(row[first]! - total) - nextProb,
    entropy,
  };
}

/** How a token is drawn from a row that speaks of `position`; temperature 0 takes the most probable one. */
export interface RowDraw {
  readonly seed: number;
  readonly step: number;
  readonly position: number;
  readonly temperature: number;
}

/**
 * The token drawn from softmax(row / temperature) by adding noise of its address, with its log-probability in the plain
 * softmax.
 * @see Maddison et al. 2014 (Gumbel-max)
 */
export function proposal(row: ArrayLike<number>, draw: RowDraw): { token: number; logprob: number } {
  const { seed, step, position: node, temperature } = draw;
  const noisy = Array.from(row, (z, index) =>
    isMasked(z) || temperature === 0
      ? z
      : z + temperature * gumbelAt({ seed, step, purpose: Purpose.PROPOSE, node, sibling: 0, index }),
  );
  const token = argmax(noisy);
  return { token, logprob: row[token]! - logSumExp(row) };
}
