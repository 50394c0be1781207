/** Tokens per pass with bootstrap intervals over stories, and differences of two methods on the same stories. */
import { pcg4d } from "../../src/base/rng";

/** What was measured after one story. */
export interface Sample {
  readonly story: number;
  readonly rounds: number;
  readonly expected: number;
}
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1000;

export const tokensPerPass = (samples: readonly Sample[]): number =>
  samples.reduce((sum, s) => sum + s.expected, 0) / samples.reduce((sum, s) => sum + s.rounds, 0);

/** 2.5 % and 97.5 % points of `statistic` over stories drawn anew with replacement. */
function interval(count: number, statistic: (picked: readonly number[]) => number): [number, number] {
  const values = Array.from({ length: RESAMPLES }, (_, r) =>
    statistic(Array.from({ length: count }, (_, i) => pcg4d(r, i, 11, 7)[0] % count)),
  ).sort((a, b) => a - b);
  return [values[Math.floor(0.025 * RESAMPLES)]!, values[Math.ceil(0.975 * RESAMPLES) - 1]!];
}

export function estimate(samples: readonly Sample[]): Estimate {
  const [low, high] = interval(samples.length, (picked) => tokensPerPass(picked.map((i) => samples[i]!)));
  return { value: tokensPerPass(samples), low, high };
}

/** Mean of `a` minus `b` over the stories that both have; null without two of them. */
export function difference(a: readonly Sample[], b: readonly Sample[]): Estimate | null {
  const pairs = a.flatMap((x) => b.filter((y) => y.story === x.story).map((y) => [x, y] as const));
  if (pairs.length < 2) return null;
  const of = (list: readonly (readonly [Sample, Sample])[]): number =>
    tokensPerPass(list.map(([x]) => x)) - tokensPerPass(list.map(([, y]) => y));
  const [low, high] = interval(pairs.length, (picked) => of(picked.map((i) => pairs[i]!)));
  return { value: of(pairs), low, high };
}
