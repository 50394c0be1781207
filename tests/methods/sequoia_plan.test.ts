/** Sequoia's dynamic programming: golden values, agreement with best-first growth, shapes, and what is learned. */
import { describe, expect, test } from "vitest";
import measured from "../../src/decoding/acceptance.json" with { type: "json" };
import {
  Acceptance,
  MAX_CHILDREN,
  nonIncreasing,
  plannedTree,
  planTree,
} from "../../src/decoding/sequoia_plan";

/** Sum over nodes of the products of acceptance along their paths, for counts by level. */
function valueOf(counts: readonly (readonly number[])[], acceptance: readonly number[]): number {
  let value = 1;
  let level = [1];
  for (const own of counts) {
    level = level.flatMap((v, i) => Array.from({ length: own[i]! }, (_, j) => v * acceptance[j]!));
    value += level.reduce((a, b) => a + b, 0);
  }
  return value;
}

/** The value of always adding the node of largest product, within `depth` levels: best where products only fall. */
function bestFirst(acceptance: readonly number[], nodes: number, depth: number): number {
  const open = [{ value: acceptance[0]!, above: 1, sibling: 0, level: 1 }];
  let sum = 1;
  for (let k = 0; k < nodes; k++) {
    open.sort((a, b) => b.value - a.value);
    const next = open.shift();
    if (!next) break;
    sum += next.value;
    const { above, sibling, level, value } = next;
    if (sibling + 1 < acceptance.length)
      open.push({ value: above * acceptance[sibling + 1]!, above, sibling: sibling + 1, level });
    if (level < depth)
      open.push({ value: value * acceptance[0]!, above: value, sibling: 0, level: level + 1 });
  }
  return sum;
}

describe("planTree", () => {
  test("golden values of P = (0.6, 0.2, 0.1)", () => {
    const values = [1, 1.6, 1.96, 2.176, 2.376, 2.5056, 2.6256, 2.7456];
    values.forEach((value, drafted) => {
      const plan = planTree([0.6, 0.2, 0.1], drafted, 10);
      expect(plan.value).toBeCloseTo(value, 12);
      expect(valueOf(plan.counts, [0.6, 0.2, 0.1])).toBeCloseTo(value, 12);
    });
  });

  test.each([
    [[0.7, 0.1, 0.05, 0.02], 20, 4],
    [[0.4, 0.3, 0.1, 0.05, 0.01], 30, 3],
    [[0.55, 0.2, 0.1, 0.05], 60, 16],
  ] as const)("%j with %i nodes in %i levels is worth what best-first growth finds", (p, nodes, depth) => {
    const { counts, value } = planTree(p, nodes, depth);
    expect(value).toBeCloseTo(bestFirst(p, nodes, depth), 10);
    expect(valueOf(counts, p)).toBeCloseTo(value, 10);
    expect(counts.length).toBeLessThanOrEqual(depth);
    expect(plannedTree({ counts, value }).levels.reduce((a, b) => a + b)).toBe(nodes);
  });

  test("a second child that is better than the first is planned for", () => {
    // Best-first growth would stop at the first child; dynamic programming looks behind it.
    const { counts } = planTree([0.1, 0.6], 2, 1);
    expect(counts).toEqual([[2]]);
  });

  test("takes what the depth allows", () => {
    expect(plannedTree(planTree([0.6, 0.2], 50, 2)).levels).toEqual([2, 4]);
    expect(planTree([0.9, 0.01], 5, 16).counts).toEqual([[1], [1], [1], [1], [1]]);
  });

  test("a vocabulary smaller than the plan is wide", () => {
    const policy = plannedTree({ counts: [[3], [2, 1, 1], [1, 1, 1, 1]], value: 0 }, 2);
    expect(policy.levels).toEqual([2, 3, 3]);
    expect(policy.expansions).toEqual([
      { kind: "planned", counts: [2] },
      { kind: "planned", counts: [2, 1] },
      { kind: "planned", counts: [1, 1, 1] },
    ]);
  });
});

describe("Acceptance", () => {
  const round = (probs: readonly number[], tested: number) => ({
    nodes: [0, ...probs.map((_, j) => j)].map((sibling, id) => ({
      ...{ id, parent: id === 0 ? -1 : 0, depth: id === 0 ? 0 : 1, sibling },
      ...{ token: id, logq: 0, phi: 0, perturbed: 0 },
    })),
    outcome: {
      verdict: Uint32Array.from([0, ...probs.map((_, j) => (j < tested ? 2 : 0))]),
      acceptProb: Float32Array.from([0, ...probs]),
    } as never,
  });

  test.each(measured.pairs)("of $target and $draft at $temperature does not increase", (pair) => {
    const vector = new Acceptance(measured.pairs, pair.target, pair.draft, pair.temperature).vector();
    for (const [j, chance] of vector.slice(1).entries()) expect(chance).toBeLessThanOrEqual(vector[j]!);
    // The same children are accepted in all as the table says.
    const refused = pair.chances.reduce((left, chance) => left * (1 - chance), 1);
    expect(vector.reduce((a, b) => a + b)).toBeCloseTo(1 - refused, 10);
  });

  test("neighbours out of order are pooled, others are left as they are", () => {
    expect(nonIncreasing([0.5, 0.25, 0.125])).toEqual([0.5, 0.25, 0.125]);
    expect(nonIncreasing([0.5, 0.1, 0.3])).toEqual([0.5, 0.2, 0.2]);
    expect(nonIncreasing([1, 2, 6, 0])).toEqual([3, 3, 3, 0]);
    expect(nonIncreasing([])).toEqual([]);
  });

  test("starts from a guess for models without a table, and comes to what it sees", () => {
    const seen = new Acceptance(measured.pairs, "nobody", "knows", 1);
    expect(seen.isMeasured).toBe(false);
    expect(seen.vector()).toHaveLength(MAX_CHILDREN);
    expect(seen.vector().slice(0, 3)).toEqual([0.5, 0.25, 0.125]);
    for (let i = 0; i < 5000; i++) seen.observe(round([0.8, 0.4, 0.9], 2));
    expect(seen.vector()[0]).toBeCloseTo(0.8, 2);
    expect(seen.vector()[1]).toBeCloseTo(0.2 * 0.4, 2);
    // The third was never tested.
    expect(seen.vector()[2]).toBeCloseTo(0.2 * 0.6 * 0.5, 2);
  });
});
