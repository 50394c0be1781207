import { describe, expect, test } from "vitest";
import { gumbelAt, Purpose } from "../../src/base/rng";
import type { Expansion } from "../../src/decoding/session";
import { treeWords } from "../../src/kernels/layouts";
import { treeReset } from "../../src/kernels/tree_reset";
import type { Tuning } from "../../src/kernels/tuning";
import { anchorTree, childrenOf, expand, shiftPerturbed, type TreeNodes } from "../reference/expand_tree";
import { ctlOf, REDUCTIONS, useBench } from "./harness";
import {
  chiSquare,
  constantLaws,
  joined,
  levelsOf,
  levelStarts,
  nodeOf,
  randomLaws,
  recordGrowth,
} from "./trees";

const bench = useBench();
const ANCHOR = 5;

interface Case {
  readonly levels: readonly Expansion[];
  readonly laws: readonly Float32Array[];
  readonly seed: number;
  readonly step: number;
  readonly noisy: boolean;
  readonly tuning?: Partial<Tuning>;
}

async function onDevice(c: Case): Promise<{ words: Uint32Array; cap: number }> {
  const cap = levelStarts(c.levels).at(-1)!;
  const tree = bench().empty(treeWords(cap));
  const ctl = bench().buffer(ctlOf({ N: 1, SEED: c.seed, STEP: c.step }));
  const laws = bench().buffer(joined(c.laws));
  const vocabSize = c.laws[0]!.length;
  await bench().run((rec) => {
    treeReset(rec, { ctl, seq: bench().buffer(Uint32Array.of(ANCHOR)), tree, cap });
    recordGrowth(bench(), rec, c.levels, { laws, ctl, tree, vocabSize, noisy: c.noisy });
  }, c.tuning);
  return { words: await bench().u32(tree), cap };
}

/**
 * The reference's tree for the same noise. It has no absent nodes, so its ids match only where the laws are never short.
 */
function inReference(c: Case): TreeNodes {
  const tree = anchorTree(ANCHOR);
  const noise = c.noisy ? { seed: c.seed, step: c.step } : null;
  let frontier = [0];
  for (const how of c.levels) {
    const before = tree.token.length;
    expand(
      tree,
      frontier,
      frontier.map((v) => c.laws[v]!),
      how,
      noise,
    );
    frontier = tree.token.flatMap((_, i) => (i >= before ? [i] : []));
  }
  return tree;
}

/** Compares trees; false where they part at two candidates whose perturbed values are equal but for rounding. */
async function agree(c: Case): Promise<boolean> {
  const { words, cap } = await onDevice(c);
  const tree = inReference(c);
  expect(tree.token.length).toBe(cap);
  for (let i = 0; i < cap; i++) {
    const node = nodeOf(words, cap, i)!;
    expect(node, `node ${i} is there`).not.toBeNull();
    const differs = node.TOKEN !== tree.token[i] || (i > 0 && node.PARENT !== tree.parent[i]);
    // Where rounding decided, both sides hold nearly the same value.
    if (differs && Math.abs(node.PERTURBED - tree.perturbed[i]!) < 1e-4) return false;
    expect([i, node.TOKEN, node.DEPTH, node.SIBLING]).toEqual([
      i,
      tree.token[i],
      tree.depth[i],
      tree.sibling[i],
    ]);
    if (i > 0) expect(node.PARENT).toBe(tree.parent[i]);
    const children = childrenOf(tree, i);
    expect([node.FIRST_CHILD, node.CHILD_COUNT]).toEqual([children[0] ?? 0, children.length]);
    // Sums of a few f32 logs and one Gumbel number, each good to 1e-5.
    expect(Math.abs(node.LOGQ - tree.logq[i]!)).toBeLessThan(5e-5);
    expect(Math.abs(node.PHI - tree.phi[i]!)).toBeLessThan(5e-5);
    expect(Math.abs(node.PERTURBED - tree.perturbed[i]!)).toBeLessThan(
      1e-4 * Math.max(1, Math.abs(tree.perturbed[i]!)),
    );
  }
  return true;
}

const PATHS: readonly Expansion[] = [
  { kind: "independent", children: 5 },
  { kind: "paths" },
  { kind: "paths" },
];
const PLAN: readonly Expansion[] = [
  { kind: "planned", counts: [3] },
  { kind: "planned", counts: [3, 1, 0] },
  { kind: "planned", counts: [2, 0, 0, 1] },
];
const SHAPES: readonly (readonly [name: string, levels: readonly Expansion[]])[] = [
  ["a chain", levelsOf("per_node", [1, 1, 1, 1])],
  ["children per node", levelsOf("per_node", [2, 2, 1])],
  ["more of them", levelsOf("per_node", [3, 2])],
  ["a beam", levelsOf("beam", [4, 4, 4])],
  ["a beam that narrows", levelsOf("beam", [7, 5])],
  ["independent children", levelsOf("independent", [3, 2])],
  ["independent paths", PATHS],
  ["a plan", PLAN],
];

describe("expand_tree", () => {
  test.each(SHAPES)("%s: 8 random trees are those of the reference", async (_, levels) => {
    let nearTies = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const vocabSize = [17, 97, 2048][seed % 3]!;
      const laws = randomLaws(40, vocabSize, 100 * seed, 2);
      const noisy = seed % 4 !== 0 || levels[0]!.kind === "independent";
      if (!(await agree({ levels, laws, seed, step: 3 * seed, noisy }))) nearTies++;
    }
    expect(nearTies).toBeLessThanOrEqual(1);
  });

  test("paths that begin alike go on below the first of them", async () => {
    // Two tokens and five paths: some are equal, and the same law after all nodes keeps it so.
    const laws = constantLaws(20, [0.7, 0.3]);
    let shared = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const c = { levels: PATHS, laws, seed, step: 1, noisy: true };
      expect(await agree(c)).toBe(true);
      const { words, cap } = await onDevice(c);
      const nodes = Array.from({ length: cap }, (_, i) => nodeOf(words, cap, i)!);
      shared += nodes.filter((n, i) => n.CHILD_COUNT > 0 && nodes[n.FIRST_CHILD]!.PARENT !== i).length;
    }
    expect(shared).toBeGreaterThan(10);
  });

  test("independent draws have the law they are drawn from, chi-square, and their own noise", async () => {
    const law = [0.4, 0.3, 0.2, 0.1];
    const counts = law.map(() => 0);
    const pairs = new Array<number>(16).fill(0);
    for (let step = 0; step < 40; step++) {
      const levels = levelsOf("independent", [64]);
      const { words, cap } = await onDevice({
        levels,
        laws: constantLaws(1, law),
        seed: 5,
        step,
        noisy: true,
      });
      const tokens = Array.from({ length: 64 }, (_, i) => nodeOf(words, cap, i + 1)!.TOKEN);
      tokens.forEach((t) => counts[t]!++);
      for (let i = 0; i < 64; i += 2) pairs[4 * tokens[i]! + tokens[i + 1]!]!++;
    }
    // Exceeded with probability 1e-4 at 3 and at 15 degrees of freedom.
    expect(
      chiSquare(
        counts,
        law.map((p) => p * 64 * 40),
      ),
    ).toBeLessThan(21.1);
    expect(
      chiSquare(
        pairs,
        law.flatMap((a) => law.map((b) => a * b * 32 * 40)),
      ),
    ).toBeLessThan(44.3);
  });

  test("trees of 256 nodes", async () => {
    const laws = randomLaws(64, 97, 41, 2);
    const tall = Array.from({ length: 17 }, () => 15);
    for (const levels of [levelsOf("per_node", [15, 16]), levelsOf("per_node", [3, 4, 4, 4])])
      expect(await agree({ levels, laws, seed: 4, step: 2, noisy: true })).toBe(true);
    const wide = { levels: levelsOf("beam", tall), laws: randomLaws(241, 97, 42, 2), seed: 4, step: 2 };
    expect(await agree({ ...wide, noisy: true })).toBe(true);
  });

  test.each(REDUCTIONS)("a beam and children per node, %s", async (_, tuning) => {
    const laws = randomLaws(40, 97, 9);
    expect(
      await agree({ levels: levelsOf("beam", [4, 4]), laws, seed: 3, step: 1, noisy: true, tuning }),
    ).toBe(true);
    expect(
      await agree({ levels: levelsOf("per_node", [4, 1]), laws, seed: 3, step: 1, noisy: true, tuning }),
    ).toBe(true);
  });

  test("peaked laws: what is left for later siblings is tiny, and still right", async () => {
    const laws = randomLaws(8, 50, 4, 12);
    expect(await agree({ levels: levelsOf("per_node", [4]), laws, seed: 8, step: 0, noisy: true })).toBe(
      true,
    );
    expect(await agree({ levels: levelsOf("beam", [5]), laws, seed: 8, step: 0, noisy: true })).toBe(true);
  });

  test("ties without noise go to the smaller token, then to the smaller parent", async () => {
    const laws = constantLaws(20, [0.25, 0.25, 0.25, 0.25]);
    expect(await agree({ levels: levelsOf("per_node", [3, 2]), laws, seed: 0, step: 0, noisy: false })).toBe(
      true,
    );
    expect(await agree({ levels: levelsOf("beam", [3, 3]), laws, seed: 0, step: 0, noisy: false })).toBe(
      true,
    );
  });

  test("a law shorter than its level leaves absent nodes without children", async () => {
    const laws = constantLaws(20, [0.5, 0, 0.5, 0]);
    for (const kind of ["per_node", "beam"] as const) {
      const sizes = kind === "beam" ? [3, 5] : [3, 3];
      const { words, cap } = await onDevice({
        levels: levelsOf(kind, sizes),
        laws,
        seed: 1,
        step: 1,
        noisy: true,
      });
      expect(nodeOf(words, cap, 0)!.CHILD_COUNT).toBe(2);
      const there = Array.from({ length: cap }, (_, i) => nodeOf(words, cap, i));
      expect(there.slice(1, 4).map((n) => n !== null)).toEqual([true, true, false]);
      expect(there.slice(4).filter((n) => n !== null).length).toBe(4);
      expect(there[1]!.LOGQ).toBeCloseTo(Math.log(0.5), 5);
      expect(there[2]!.LOGQ).toBeCloseTo(0, 5);
    }
  });

  test("the shift of the beam: golden values", async () => {
    // q = (.5, .3, .2) with noise (0.1, 0.9, -0.4) and G = 0 gives (-0.374623, 0, -1.960643); here the noise is what the
    // generator gives, so the closed form is evaluated for it.
    const q = [0.5, 0.3, 0.2];
    const { words, cap } = await onDevice({
      levels: levelsOf("beam", [3]),
      laws: constantLaws(1, q),
      seed: 77,
      step: 2,
      noisy: true,
    });
    const g = q.map(
      (p, x) =>
        Math.log(p) + gumbelAt({ seed: 77, step: 2, purpose: Purpose.DRAFT, node: 0, sibling: 0, index: x }),
    );
    for (let i = 1; i <= 3; i++) {
      const node = nodeOf(words, cap, i)!;
      expect(node.PERTURBED).toBeCloseTo(shiftPerturbed(g[node.TOKEN]!, Math.max(...g), 0), 4);
    }
    expect(nodeOf(words, cap, 1)!.PERTURBED).toBe(0);
    expect([-0.593147, -0.303973, -2.009438].map((v) => +shiftPerturbed(v, -0.303973, 0).toFixed(5))).toEqual(
      [-0.37462, 0, -1.96064],
    );
  });
});
