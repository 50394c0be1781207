/** Trees by reach and by probability: exact laws, golden values, the heap against the ranked levels, mistakes that are seen. */
import { describe, expect, test } from "vitest";
import { pcg4d, toUniform } from "../../src/base/rng";
import { enumerate } from "../reference/choice";
import { heapDrafting, rankedDrafting, type RankedShape } from "../reference/ranked_drafts";
import { kinds, speculate } from "./laws";
import { rejectionRule, sampleAndMatch, walk, type Draft, type Drafting } from "../reference/speculation";

const WOR = rejectionRule("wor");
const P = [0.4, 0.3, 0.2, 0.1];
const Q = [0.1, 0.2, 0.3, 0.4];

describe.each(kinds)("exact law with $name", ({ models }) => {
  test.each([
    ["the heap, 4 nodes", heapDrafting(4, 3)],
    ["the heap, 5 nodes", heapDrafting(5, 2)],
    ["the heap, by a threshold", heapDrafting(6, 3, 0.25)],
    ["ranked levels", rankedDrafting({ by: "reach", children: 2, width: 2, depth: 2, nodes: 3 })],
    ["ranked levels, all kept", rankedDrafting({ by: "reach", children: 2, width: 1, depth: 3, nodes: 6 })],
    [
      "ranked levels, by a threshold",
      rankedDrafting({ by: "reach", children: 3, width: 1, depth: 2, nodes: 9, least: 0.2 }),
    ],
  ] as const)("by reach: %s", (_, drafting) => {
    expect(speculate(models(90), 3, drafting, WOR)).toBeLessThan(1e-12);
  });

  test("by probability, the most probable paths, sample and match", () => {
    const drafting = rankedDrafting({ by: "probability", children: 2, width: 2, depth: 3, nodes: 5 });
    expect(speculate(models(95), 3, drafting, sampleAndMatch)).toBeLessThan(1e-12);
  });
});

describe("the trees", () => {
  const tokensPerRound = (drafting: Drafting): number => {
    let mean = 0;
    enumerate(
      (choose) =>
        walk(
          drafting(() => Q, [], choose),
          () => P,
          () => Q,
          WOR,
          choose,
        ).length,
      (length, prob) => (mean += length * prob),
    );
    return mean;
  };
  test.each([
    [4, 1.91425],
    [6, 2.028803],
  ])("golden: tokens per round with %i nodes", (budget, expected) => {
    expect(tokensPerRound(heapDrafting(budget, 3))).toBeCloseTo(expected, 6);
  });

  test("ranked levels are the heap's tree where as many of each level go on as in the heap", () => {
    /** Tokens by context, drawn once: both ways meet the same ones. */
    const chosen = (seed: number) => {
      const lists = new Map<string, number[]>();
      const law = (context: readonly number[]): readonly number[] => {
        const w = P.map(
          (_, x) =>
            -Math.log(
              toUniform(
                pcg4d(
                  seed,
                  context.length,
                  context.reduce((a, b) => 5 * a + b, 1),
                  x,
                )[0],
              ),
            ),
        );
        const sum = w.reduce((a, b) => a + b);
        lists.set(
          context.join(),
          w
            .map((_, x) => x)
            .sort((a, b) => pcg4d(seed, a, context.length, 9)[0] - pcg4d(seed, b, context.length, 9)[0]),
        );
        return w.map((v) => v / sum);
      };
      return { law, lists };
    };
    /** Takes the next token of a fixed order that the law still has. */
    const following = (seed: number): ((probs: readonly number[]) => number) => {
      const order = P.map((_, x) => x).sort((a, b) => pcg4d(seed, a, 1, 9)[0] - pcg4d(seed, b, 1, 9)[0]);
      return (probs) => order.find((x) => probs[x]! > 0)!;
    };
    const spelled = (kids: readonly Draft[]): string =>
      kids.map((k) => `${k.token}(${spelled(k.children)})`).join();
    /** Most nodes of one level that have children. */
    const widest = (level: readonly Draft[]): number =>
      level.length === 0
        ? 0
        : Math.max(
            level.filter((k) => k.children.length > 0).length,
            widest(level.flatMap((k) => k.children)),
          );
    let narrow = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const { law } = chosen(seed);
      for (const nodes of [3, 5, 8]) {
        const shape: RankedShape = { by: "reach", children: 4, width: nodes, depth: 4, nodes };
        const ranked = rankedDrafting(shape)(law, [], following(seed));
        const heap = heapDrafting(nodes, 4)(law, [], following(seed));
        expect(spelled(ranked)).toBe(spelled(heap));
        const width = Math.max(1, widest(heap));
        const exact = rankedDrafting({ ...shape, width })(law, [], following(seed));
        expect(spelled(exact), `seed ${seed}, ${nodes} nodes, width ${width}`).toBe(spelled(heap));
        if (width <= nodes / 3) narrow++;
      }
    }
    // As few as DySpec goes on below.
    expect(narrow).toBeGreaterThan(20);
  });
});

describe("negative controls: the check sees", () => {
  const models = kinds[0]!.models;
  const worst = (drafting: Drafting, rule = WOR): number =>
    Math.max(...[91, 92, 93].map((seed) => speculate(models(seed), 3, drafting, rule)));

  test("a heap that takes the most probable token instead of drawing one", () => {
    const best = (law: readonly number[]): number => law.indexOf(Math.max(...law));
    expect(worst(heapDrafting(4, 3, 0, best))).toBeGreaterThan(0.03);
  });

  test("draws kept for being probable themselves", () => {
    const shape: RankedShape = { by: "reach", children: 3, width: 2, depth: 2, nodes: 3 };
    expect(worst(rankedDrafting(shape, (c) => c.value + c.logq))).toBeGreaterThan(0.003);
  });

  test("the most probable paths tested as if they were drawn", () => {
    const shape: RankedShape = { by: "probability", children: 2, width: 2, depth: 2, nodes: 4 };
    expect(worst(rankedDrafting(shape))).toBeGreaterThan(0.05);
  });
});
