/**
 * What parallel decoding must lose, whatever the model: a step that commits a set of positions at once replaces their joint
 * law by a product of marginals. Exact, by enumeration of the answers that a task has, each as likely as the others.
 * @see Kang et al. 2025, ParallelBench (conditional total correlation and its bound)
 */
import { permutations } from "../base/permutations";
import { latinSquares } from "../tasks/squares";

/** A right answer, one symbol a position of the canvas. */
export type Symbols = readonly (string | number)[];

/** Answers told apart by what stands at some positions: the class of each, and how many each class has. */
interface Classes {
  readonly of: Int32Array;
  readonly sizes: readonly number[];
}

const undivided = (answers: readonly Symbols[]): Classes => ({
  of: new Int32Array(answers.length),
  sizes: [answers.length],
});

/** Classes divided further by the symbol at `position`. */
function divided(classes: Classes, answers: readonly Symbols[], position: number): Classes {
  const known = new Map<string, number>();
  const sizes: number[] = [];
  const of = classes.of.map((old, i) => {
    const key = `${old},${answers[i]![position]}`;
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = sizes.push(0) - 1));
    sizes[found]!++;
    return found;
  });
  return { of, sizes };
}
const dividedBy = (classes: Classes, answers: readonly Symbols[], positions: readonly number[]): Classes =>
  positions.reduce((now, p) => divided(now, answers, p), classes);

/** Entropy, in bits, of the class of a random answer. */
function entropyOf({ of, sizes }: Classes): number {
  let bits = 0;
  for (const size of sizes) bits -= (size / of.length) * Math.log2(size / of.length);
  return bits;
}

/** Bits lost by committing `group` at once after what `done` tells apart. */
function lostBy(answers: readonly Symbols[], group: readonly number[], done: Classes): number {
  const known = entropyOf(done);
  const single = group.reduce((sum, p) => sum + entropyOf(divided(done, answers, p)) - known, 0);
  return Math.max(0, single - (entropyOf(dividedBy(done, answers, group)) - known));
}

/**
 * Bits lost on average by committing `group` at once after `done`: the sum of H(y_i | done) less H(y_group | done).
 * 0 exactly if the positions are independent given what is there.
 */
export const correlation = (
  answers: readonly Symbols[],
  group: readonly number[],
  done: readonly number[],
): number => lostBy(answers, group, dividedBy(undivided(answers), answers, done));

/** Least Kullback-Leibler divergence, in bits, of the answers' law from any decoder that commits these groups in turn. */
export function lostBits(answers: readonly Symbols[], groups: readonly (readonly number[])[]): number {
  let done = undivided(answers);
  let bits = 0;
  for (const group of groups) {
    bits += lostBy(answers, group, done);
    done = dividedBy(done, answers, group);
  }
  return bits;
}

/** Probability of one of these answers for the ideal model at temperature 1 that commits these groups in turn. */
export function idealAccuracy(answers: readonly Symbols[], groups: readonly (readonly number[])[]): number {
  let done = undivided(answers);
  const probs = new Float64Array(answers.length).fill(1);
  for (const group of groups) {
    for (const p of group) {
      const next = divided(done, answers, p);
      for (let i = 0; i < probs.length; i++) probs[i]! *= next.sizes[next.of[i]!]! / done.sizes[done.of[i]!]!;
    }
    done = dividedBy(done, answers, group);
  }
  return probs.reduce((sum, prob) => sum + prob, 0);
}

/**
 * All right answers of the ambiguous tasks for a list of `n` or a square, filled up to `canvas` positions with an end mark;
 * null for tasks that are not among them. Which letters stand in the list does not matter. Of squares those that the task
 * draws: others are judged right, too, but are no part of the law.
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
      case "latin":
        return latinSquares().map((square) => Array.from(square));
      default:
        return null;
    }
  };
  return (
    all()?.map((answer) => [...answer, ...Array.from({ length: canvas - answer.length }, () => "")]) ?? null
  );
}
