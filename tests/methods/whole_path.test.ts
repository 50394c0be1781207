/** Verifiers that judge whole paths: golden values, exact laws, and that the lossy one is seen to be lossy. */
import { describe, expect, test } from "vitest";
import { enumerate, type Choose } from "../reference/choice";
import { rejectionRule, walk, withoutReplacement, type Draft } from "../reference/speculation";
import { verifyBlock, verifyTraversal, verifyTypical } from "../reference/whole_path";
import { kinds, lawError, type Models } from "./laws";
import { tally } from "./statistics";

const same: Models = { p: () => [0.4, 0.3, 0.2, 0.1], q: () => [0.1, 0.2, 0.3, 0.4] };

const chainOf = (kids: readonly Draft[]): number[] =>
  kids[0] ? [kids[0].token, ...chainOf(kids[0].children)] : [];
const draft = ({ q }: Models, branching: readonly number[], choose: Choose): Draft[] =>
  withoutReplacement(branching)(q, [], choose);
const block =
  (models: Models, length: number) =>
  (choose: Choose): number[] =>
    verifyBlock(
      chainOf(draft(models, new Array<number>(length).fill(1), choose)),
      models.p,
      models.q,
      choose,
    );
const traversal =
  (models: Models, branching: readonly number[]) =>
  (choose: Choose): number[] =>
    verifyTraversal(draft(models, branching, choose), models.p, models.q, choose);
const nodeByNode =
  (models: Models, branching: readonly number[]) =>
  (choose: Choose): number[] =>
    walk(draft(models, branching, choose), models.p, models.q, rejectionRule("wor"), choose);

function meanTokens(round: (choose: Choose) => readonly number[]): number {
  let mean = 0;
  enumerate(round, (tokens, prob) => (mean += tokens.length * prob));
  return mean;
}

describe("block verification", () => {
  test.each([
    [2, 2.03],
    [3, 2.346],
  ])("tokens per round of a chain of %i", (length, expected) => {
    expect(meanTokens(block(same, length))).toBeCloseTo(expected, 6);
  });

  test("the paper's example of two tokens: 11/9 accepted where one by one 10/9 are", () => {
    const models: Models = { p: () => [1 / 3, 2 / 3], q: () => [2 / 3, 1 / 3] };
    expect(meanTokens(block(models, 2)) - 1).toBeCloseTo(11 / 9, 12);
    expect(meanTokens(nodeByNode(models, [1, 1])) - 1).toBeCloseTo(10 / 9, 12);
  });
});

describe("traversal verification", () => {
  test.each([
    [[2, 2], 2.398929],
    [[2, 1], 2.301429],
  ])("tokens per round of tree %j", (branching, expected) => {
    expect(meanTokens(traversal(same, branching))).toBeCloseTo(expected, 6);
  });

  test("output law of one fixed tree", () => {
    const tree: Draft[] = [
      { token: 3, children: [{ token: 2, children: [] }] },
      { token: 1, children: [] },
    ];
    const law = new Map<string, number>();
    enumerate(
      (choose) => verifyTraversal(tree, same.p, same.q, choose).join(),
      (tokens, prob) => tally(law, tokens, prob),
    );
    const expected = {
      "0": 0.208333,
      "1,0": 0.25,
      "1,1": 0.1875,
      "1,2": 0.125,
      "1,3": 0.0625,
      "3,2,0": 0.066667,
      "3,2,1": 0.05,
      "3,2,2": 0.033333,
      "3,2,3": 0.016667,
    };
    expect([...law.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [tokens, prob] of Object.entries(expected)) expect(law.get(tokens)).toBeCloseTo(prob, 6);
  });
});

describe.each(kinds)("with $name", ({ models }) => {
  test.each([1, 2, 3])(
    "block verification of %i tokens keeps the target's law, and is never shorter",
    (length) => {
      const own = models(110 + length);
      expect(lawError(own, length, block(own, length))).toBeLessThan(1e-12);
      const oneByOne = meanTokens(nodeByNode(own, new Array<number>(length).fill(1)));
      expect(meanTokens(block(own, length))).toBeGreaterThanOrEqual(oneByOne - 1e-12);
    },
  );

  test.each([[[2, 2]], [[3, 1]], [[2, 1, 1]]])("traversal of tree %j keeps the target's law", (branching) => {
    const own = models(130);
    expect(lawError(own, branching.length, traversal(own, branching))).toBeLessThan(1e-12);
  });

  test("traversal of a chain is block verification", () => {
    const own = models(150);
    const laws = [block(own, 3), traversal(own, [1, 1, 1])].map((round) => {
      const law = new Map<string, number>();
      enumerate(round, (tokens, prob) => tally(law, tokens.join(), prob));
      return law;
    });
    for (const [tokens, prob] of laws[0]!) expect(laws[1]!.get(tokens) ?? 0).toBeCloseTo(prob, 12);
  });
});

test("typical acceptance does not keep the target's law", () => {
  const own = kinds[0]!.models(160);
  const settings = { epsilon: 0.09, delta: 0.3 };
  const round = (choose: Choose): number[] =>
    verifyTypical(draft(own, [2, 2], choose), own.p, settings, choose);
  expect(lawError(own, 2, round)).toBeGreaterThan(0.01);
});

test("typical acceptance takes the longest path of typical tokens, and of equal ones the likeliest", () => {
  const law = [0.5, 0.3, 0.15, 0.05];
  const leaf = (token: number): Draft => ({ token, children: [] });
  const tree: Draft[] = [
    { token: 2, children: [leaf(1)] },
    { token: 1, children: [leaf(0), leaf(3)] },
    leaf(0),
  ];
  const drawn: number[][] = [];
  enumerate(
    (choose) => verifyTypical(tree, () => law, { epsilon: 0.09, delta: 0.3 }, choose),
    (tokens) => drawn.push(tokens),
  );
  // Entropy 1.14, so the bound is min(0.09, 0.3 * 0.319): token 3 is not typical.
  expect(drawn).toEqual([
    [1, 0, 0],
    [1, 0, 1],
    [1, 0, 2],
  ]);
});
