/**
 * ParallelBench's list tasks with an ideal model: what the bound says, by numbers worked out beforehand, and what
 * strategies then get right.
 */
import { describe, expect, test } from "vitest";
import { answersOf, correlation, idealAccuracy, lostBits, type Symbols } from "../../src/parallel/bound";
import { orderOf } from "../../src/parallel/orders";
import { drawProblem, findTask } from "../../src/tasks";
import { exactMasked, runCanvas } from "../helpers/fake_canvas";
import { GREEDY_SAMPLER } from "../helpers/fake_session_run";

const span = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** Positions [0, n) from left to right, k at a time. */
const groupsOf = (n: number, k: number): number[][] =>
  Array.from({ length: Math.ceil(n / k) }, (_, g) => span(n).slice(g * k, (g + 1) * k));
/** Every order of n letters, the old one included. */
const orders = (n: number): readonly Symbols[] => [
  ...answersOf("shuffle", n, n)!,
  span(n).map((i) => String.fromCharCode(97 + i)),
];

describe("bits lost by committing everything at once", () => {
  test.each([
    ["replace_random", [1.1699, 1.2451, 1.2877, 1.3152]],
    ["remove_random", [0.2516, 0.6226, 1.0638, 1.5517]],
    ["insert_random", [2.6226, 3.3858, 4.1366, 4.88]],
    ["shuffle", [2.2439, 3.4596, 4.7138, 6.0199]],
  ])("%s, lists of 3 to 6", (task, expected) => {
    expected.forEach((bits, i) => {
      const n = i + 3;
      const canvas = n + 2;
      expect(correlation(answersOf(task, n, canvas)!, span(canvas), [])).toBeCloseTo(bits, 3);
    });
  });
  test("nothing where one answer is right, or where positions do not depend on one another", () => {
    expect(correlation([["a", "b"]], [0, 1], [])).toBe(0);
    const coins = ["a", "b"].flatMap((x) => ["c", "d"].map((y) => [x, y]));
    expect(correlation(coins, [0, 1], [])).toBeCloseTo(0, 12);
  });
  test("Latin squares: two bits a cell less those of the 432 squares; a row alone is an order; the last cell is known", () => {
    const squares = answersOf("latin", 4, 17)!;
    expect(squares).toHaveLength(432);
    for (const square of squares)
      expect(findTask("latin").check("latin:abcd=", square.join("")).ok).toBe(true);
    expect(correlation(squares, span(17), [])).toBeCloseTo(16 * 2 - Math.log2(432), 10);
    expect(correlation(squares, [0, 1, 2, 3], [])).toBeCloseTo(4 * 2 - Math.log2(24), 10);
    expect(correlation(squares, [15, 16], span(15))).toBe(0);
    // Whatever is drawn is among them.
    const task = findTask("latin");
    const names = new Set(squares.map((s) => s.join("")));
    for (let number = 0; number < 50; number++) {
      const { prompt, answer } = drawProblem(task, { seed: 1, number, split: "test", level: 4 });
      const letters = prompt.slice("latin:".length, -1);
      expect(names).toContain(Array.from(answer, (x) => "abcd"[letters.indexOf(x)]).join(""));
    }
  });
  test("tasks it does not know have no bound", () => {
    expect(answersOf("copy", 4, 8)).toBeNull();
  });
});

describe("steps of k positions from left to right", () => {
  test.each([
    [1, 0, 0],
    [2, 0.4635, 1.6781],
    [3, 0.7425, 3.0179],
    [6, 1.3152, 6.0179],
  ])("%i: bits lost by replacing and by shuffling six letters", (k, replaced, shuffled) => {
    expect(lostBits(answersOf("replace_random", 6, 6)!, groupsOf(6, k))).toBeCloseTo(replaced, 3);
    expect(lostBits(orders(6), groupsOf(6, k))).toBeCloseTo(shuffled, 3);
  });
  test.each([
    [6, 1, 1, 1],
    [6, 2, 0.7335, 0.3125],
    [6, 3, 0.6044, 0.1235],
    [6, 6, 0.4019, 0.0154],
    [4, 2, 0.6562, 0.375],
    [4, 4, 0.4219, 0.0938],
  ])("%i letters, %i a step: right answers of an ideal model", (n, k, replaced, shuffled) => {
    expect(idealAccuracy(answersOf("replace_random", n, n)!, groupsOf(n, k))).toBeCloseTo(replaced, 3);
    expect(idealAccuracy(orders(n), groupsOf(n, k))).toBeCloseTo(shuffled, 3);
  });
});

test("orders are those of the method", async () => {
  const firsts = new Set<string>();
  for (const seed of [1, 2, 3, 4])
    for (const tokensPerStep of [1, 2]) {
      const groups = orderOf(seed, 6, tokensPerStep, 1);
      expect(groups.flat().sort((a, b) => a - b)).toEqual(span(6));
      const { events } = await runCanvas({
        method: "random-order",
        model: exactMasked(3, [[[0, 1, 0, 1, 0, 1], 1]]),
        seed,
        params: { tokensPerStep },
        prompt: [0],
        maxNewTokens: 6,
      });
      // The method's positions count from the prompt's start; the events tell a group in order of position.
      const told = events.flatMap((e) => (e.kind === "unmask" ? [e.positions.map((p) => p - 1)] : []));
      expect(told).toEqual(groups.map((group) => [...group].sort((a, b) => a - b)));
      firsts.add(groups.join(";"));
    }
  expect(firsts.size).toBe(8);
});

/** Letters as ids: "a" is 0, the new letter 6, the mask 8. */
const idsOf = (answers: readonly Symbols[]) =>
  answers.map((answer) => [answer.map((x) => (x === "z" ? 6 : String(x).charCodeAt(0) - 97)), 1] as const);

async function isRight(
  answers: readonly Symbols[],
  run: { method: string; params: object },
): Promise<boolean> {
  const known = idsOf(answers);
  const { canvas } = await runCanvas({
    ...run,
    params: { ...run.params },
    model: exactMasked(9, known),
    sampler: GREEDY_SAMPLER,
    prompt: [7],
    maxNewTokens: answers[0]!.length,
  });
  return known.some(([tokens]) => tokens.join() === canvas.slice(1).join());
}

describe("an ideal model at temperature 0", () => {
  const N = 6;
  const replace = answersOf("replace_random", N, N)!;
  const shuffle = answersOf("shuffle", N, N)!;

  test.each([0.5, 0.8, 0.84, 0.9])(
    "threshold %d: replacing is right exactly above 5/6, shuffling above a half",
    async (threshold) => {
      const run = { method: "fast-dllm", params: { threshold } };
      expect(await isRight(replace, run)).toBe(threshold > (N - 1) / N);
      expect(await isRight(shuffle, run)).toBe(threshold > 0.5);
    },
  );
  test.each([1, 2, 3, 6])(
    "%i a step: one answer is always right, shuffling only one by one",
    async (tokensPerStep) => {
      const run = { method: "low-confidence", params: { tokensPerStep } };
      expect(await isRight([["f", "a", "c", "b", "e", "d"]], run)).toBe(true);
      expect(await isRight(shuffle, run)).toBe(tokensPerStep === 1);
    },
  );
  test("replacing is right when the last step has one position to itself", async () => {
    const five = answersOf("replace_random", 5, 5)!;
    const run = (tokensPerStep: number) => ({ method: "low-confidence", params: { tokensPerStep } });
    expect(await isRight(five, run(1))).toBe(true);
    expect(await isRight(five, run(2))).toBe(true);
    expect(await isRight(five, run(5))).toBe(false);
  });
});
