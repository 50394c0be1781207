/**
 * Randomness as an effect: references call `choose` for every random decision, and an interpreter says what happens.
 * Enumerating all choices turns a sampler into its exact law.
 */

/** Index of the chosen entry of `probs`, which sum to 1; `tag` names the decision in errors. */
export type Choose = (probs: readonly number[], tag: string) => number;

/** Choices of probability at most this are taken for rounding errors and not followed. */
const IMPOSSIBLE = 1e-15;

/**
 * Calls `visit` with every outcome of `run` and its probability: depth first over all prefixes of choices, running
 * `run` anew for each leaf. `run` must depend on nothing but what `choose` returned.
 */
export function enumerate<T>(run: (choose: Choose) => T, visit: (outcome: T, prob: number) => void): void {
  /** Entry i: the options of decision i not yet taken, the last one being followed. */
  const pending: number[][] = [];
  do {
    let depth = 0;
    let prob = 1;
    const outcome = run((probs, tag) => {
      if (depth === pending.length) {
        const options = probs.flatMap((p, i) => (p > IMPOSSIBLE ? [i] : [])).reverse();
        if (options.length === 0)
          throw new Error(`no possible choice for "${tag}" among ${probs.join(", ")}`);
        pending.push(options);
      }
      const choice = pending[depth++]!.at(-1)!;
      prob *= probs[choice]!;
      return choice;
    });
    visit(outcome, prob);
    while (pending.length > 0) {
      pending.at(-1)!.pop();
      if (pending.at(-1)!.length > 0) break;
      pending.pop();
    }
  } while (pending.length > 0);
}

/** An interpreter that draws from uniforms in (0, 1). */
export function drawWith(uniform: () => number): Choose {
  return (probs) => {
    let left = uniform();
    let last = 0;
    for (const [i, p] of probs.entries()) {
      if (p <= 0) continue;
      last = i;
      left -= p;
      if (left < 0) break;
    }
    return last;
  };
}
