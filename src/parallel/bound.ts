/**
 * What parallel decoding must lose, whatever the model: a step that commits a set of positions at once replaces their joint
 * law by a product of marginals. Exact, by enumeration of a task's right answers, each as likely as the others.
 * @see Kang et al. 2025, ParallelBench (conditional total correlation and its bound)
 */

/** A right answer, one symbol a position of the canvas. */
export type Symbols = readonly (string | number)[];

/** Entropy, in bits, of what stands at `positions` of a random answer. */
function entropyAt(answers: readonly Symbols[], positions: readonly number[]): number {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const key = positions.map((p) => answer[p]).join("\u0000");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / answers.length) * Math.log2(count / answers.length);
  return bits;
}

/**
 * Bits lost on average by committing `group` at once after `done`: the sum of H(y_i | done) less H(y_group | done).
 * 0 exactly if the positions are independent given what is there.
 */
export function correlation(
  answers: readonly Symbols[],
  group: readonly number[],
  done: readonly number[],
): number {
  const known = entropyAt(answers, done);
  const single = group.reduce((sum, p) => sum + entropyAt(answers, [...done, p]) - known, 0);
  return Math.max(0, single - (entropyAt(answers, [...done, ...group]) - known));
}

/** Least Kullback-Leibler divergence, in bits, of the answers' law from any decoder that commits these groups in turn. */
export function lostBits(answers: readonly Symbols[], groups: readonly (readonly number[])[]): number {
  const done: number[] = [];
  let bits = 0;
  for (const group of groups) {
    bits += correlation(answers, group, done);
    done.push(...group);
  }
  return bits;
}

/** Probability of a right answer for the ideal model at temperature 1 that commits these groups in turn. */
export function idealAccuracy(answers: readonly Symbols[], groups: readonly (readonly number[])[]): number {
  let total = 0;
  for (const answer of answers) {
    let consistent = answers;
    let prob = 1;
    for (const group of groups) {
      for (const p of group)
        prob *= consistent.filter((other) => other[p] === answer[p]).length / consistent.length;
      consistent = consistent.filter((other) => group.every((p) => other[p] === answer[p]));
    }
    total += prob;
  }
  return total;
}

/** Every order of `items`. */
function permutations(items: readonly string[]): string[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

/**
 * All right answers of the ambiguous list tasks for a list of `n`, filled up to `canvas` positions with an end mark; null
 * for tasks that are not among them. Which letters stand in the list does not matter.
 */
export function answersOf(task: string, n: number, canvas: number): readonly Symbols[] | null {
  const list = Array.from({ length: n }, (_, i) => String.fromCharCode(97 + i));
  const places = Array.from({ length: n }, (_, i) => i);
  const all = (): string[][] | null => {
    switch (task) {
      case "shuffle":
        return permutations(list).filter((order) => order.join("") !== list.join(""));
      case "replace_random":
        return places.map((at) => list.map((letter, i) => (i === at ? "z" : letter)));
      case "insert_random":
        return [...places, n].map((at) => [...list.slice(0, at), "z", ...list.slice(at)]);
      case "remove_random":
        return places.map((at) => list.filter((_, i) => i !== at));
      default:
        return null;
    }
  };
  return (
    all()?.map((answer) => [...answer, ...Array.from({ length: canvas - answer.length }, () => "")]) ?? null
  );
}
