/**
 * Randomness as an effect: references call `choose` for every random decision, and an interpreter says what happens.
 * Enumerating all choices turns a sampler into its exact law.
 */

/** Index of the chosen entry of `probs`, which sum to 1; `tag` names the decision in errors. */
export type Choose = (probs: readonly number[], tag: string) => number;

/** Choices of probability at most this are taken for rounding errors and not followed. */
const IMPOSSIBLE = 1e-15;

/** All ways through a program that makes choices, depth first; each is followed by running the program anew. */
class Ways {
  /** Entry i: the options of decision i not yet taken, the last one being followed. */
  private readonly pending: number[][] = [];
  private depth = 0;
  /** Of the choices made since `begin`. */
  prob = 1;

  begin(): Choose {
    this.depth = 0;
    this.prob = 1;
    return (probs, tag) => {
      if (this.depth === this.pending.length) {
        const options = probs.flatMap((p, i) => (p > IMPOSSIBLE ? [i] : [])).reverse();
        if (options.length === 0)
          throw new Error(`no possible choice for "${tag}" among ${probs.join(", ")}`);
        this.pending.push(options);
      }
      const choice = this.pending[this.depth++]!.at(-1)!;
      this.prob *= probs[choice]!;
      return choice;
    };
  }

  /** Turns to the next way; false if there is none. */
  next(): boolean {
    while (this.pending.length > 0) {
      this.pending.at(-1)!.pop();
      if (this.pending.at(-1)!.length > 0) return true;
      this.pending.pop();
    }
    return false;
  }
}

/**
 * Calls `visit` with every outcome of `run` and its probability: depth first over all prefixes of choices, running
 * `run` anew for each leaf. `run` must depend on nothing but what `choose` returned.
 */
export function enumerate<T>(run: (choose: Choose) => T, visit: (outcome: T, prob: number) => void): void {
  const ways = new Ways();
  do {
    const outcome = run(ways.begin());
    visit(outcome, ways.prob);
  } while (ways.next());
}

/** As {@link enumerate}, for a `run` that takes its time. */
export async function enumerateRuns<T>(
  run: (choose: Choose) => Promise<T>,
  visit: (outcome: T, prob: number) => void,
): Promise<void> {
  const ways = new Ways();
  do {
    const outcome = await run(ways.begin());
    visit(outcome, ways.prob);
  } while (ways.next());
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
