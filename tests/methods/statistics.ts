/** Goodness of fit of counts to an exact law. */

/** Pearson's chi-square of counts against probabilities; an outcome of probability 0 makes it infinite. */
export function chiSquare(counts: ReadonlyMap<string, number>, law: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  let sum = 0;
  for (const [outcome, prob] of law) {
    const expected = prob * total;
    if (expected > 0) sum += ((counts.get(outcome) ?? 0) - expected) ** 2 / expected;
  }
  for (const outcome of counts.keys()) if (!((law.get(outcome) ?? 0) > 0)) return Infinity;
  return sum;
}

/** The value a correct sampler exceeds once in 10,000 times. Wilson and Hilferty 1931, within 1 % from 3 degrees on. */
export function chiSquareLimit(law: ReadonlyMap<string, number>): number {
  const degrees = [...law.values()].filter((prob) => prob > 0).length - 1;
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + 3.719 * Math.sqrt(spread)) ** 3;
}

/** Adds `amount` to an entry. */
export function tally(counts: Map<string, number>, key: string, amount = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}
