/** Intervals around shares and means. */

export interface Estimate {
  readonly value: number;
  /** Ends of the 95 % interval. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

const Z = 1.96;

/** Share of `hits` in `count`. @see Wilson 1927 */
export function share(hits: number, count: number): Estimate {
  if (count === 0) throw new Error("a share of nothing");
  const p = hits / count;
  const spread = (Z * Math.sqrt((p * (1 - p)) / count + Z ** 2 / (4 * count ** 2))) / (1 + Z ** 2 / count);
  const centre = (p + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  return { value: p, low: Math.min(p, centre - spread), high: Math.max(p, centre + spread), count };
}

/** Mean of `values`, with the normal interval of its standard error. */
export function mean(values: readonly number[]): Estimate {
  const count = values.length;
  if (count === 0) throw new Error("a mean of nothing");
  const value = values.reduce((a, b) => a + b, 0) / count;
  const variance = values.reduce((sum, v) => sum + (v - value) ** 2, 0) / Math.max(1, count - 1);
  const spread = Z * Math.sqrt(variance / count);
  return { value, low: value - spread, high: value + spread, count };
}

const spreadOf = ({ value, high }: Estimate): number => high - value;

/** Mean of `a` less mean of `b`; `isPaired` if a[i] and b[i] belong together, which leaves out what they share. */
export function differenceOf(a: readonly number[], b: readonly number[], isPaired: boolean): Estimate {
  if (isPaired) return mean(a.map((v, i) => v - b[i]!));
  const [x, y] = [mean(a), mean(b)];
  const value = x.value - y.value;
  const spread = Math.hypot(spreadOf(x), spreadOf(y));
  return { value, low: value - spread, high: value + spread, count: Math.min(x.count, y.count) };
}

/** Mean of `a` in percent of the mean of `b`, with the interval of a ratio of means (by its linear part). */
export function ratioOf(a: readonly number[], b: readonly number[], isPaired: boolean): Estimate {
  const [x, y] = [mean(a), mean(b)];
  const ratio = x.value / y.value;
  const scaled = b.map((v) => v * ratio);
  const spread = (100 * spreadOf(differenceOf(a, scaled, isPaired))) / y.value;
  const value = 100 * ratio;
  return { value, low: value - spread, high: value + spread, count: x.count };
}
