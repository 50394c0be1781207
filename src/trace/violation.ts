/** How the rules of grammar.ts and tree_rules.ts say that an event broke one of them. */

/** Thrown inside the checker only; it adds which event it was. */
export class Violation extends Error {
  constructor(expected: string, found: unknown) {
    super(`expected ${expected}, found ${show(found)}`);
  }
}

/**
 * @param expected what the rule wants; a function where it is tested so often that building the text would cost
 * @throws Violation unless `isTrue`
 */
export function expect(isTrue: boolean, expected: string | (() => string), found: unknown): asserts isTrue {
  if (!isTrue) throw new Violation(typeof expected === "string" ? expected : expected(), found);
}

/** Values as a message shows them: short, and text from a file in quotes. */
function show(v: unknown): string {
  // JSON would show NaN as null.
  if (typeof v === "number" || v === undefined) return String(v);
  const text = JSON.stringify(v);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Probabilities come from float32 arithmetic: sums and quotients may miss by this much. */
const SLACK = 1e-4;

/** A number in [0, 1], give or take float32 rounding. */
export const isProbability = (p: number): boolean => p >= -SLACK && p <= 1 + SLACK;

/** A finite logarithm of a probability: at most 0, give or take float32 rounding. */
export const isLogprob = (v: number): boolean => Number.isFinite(v) && v <= SLACK;

export const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** Whether two numbers agree up to float32 rounding of the values they were computed from. */
export const isNear = (a: number, b: number): boolean =>
  Math.abs(a - b) <= SLACK * Math.max(1, Math.abs(a), Math.abs(b));
