/** Trees of the best candidates: "best" levels and rank_tree against their reference, and the law of whole rounds. */
import { describe, expect, test } from "vitest";
import { Ctl, Node, outcomeWords, treeWords } from "../../src/kernels/layouts";
import { expandTree } from "../../src/kernels/expand_tree";
import { rankTree } from "../../src/kernels/rank_tree";
import { treeReset } from "../../src/kernels/tree_reset";
import type { Recording, Tuning } from "../../src/kernels/tuning";
import { scalarWords, verifyTree } from "../../src/kernels/verify_tree";
import { anchorTree, nodesAtDepth } from "../reference/expand_tree";
import { expandBest, rankTree as reference, type BestLevel, type Listed } from "../reference/rank_tree";
import { ctlOf, REDUCTIONS, useBench } from "./harness";
import { chiSquare, constantLaws, joined, levelStarts, nodeOf, randomLaws } from "./trees";

const bench = useBench();

interface Shape {
  readonly how: BestLevel;
  readonly depth: number;
  readonly nodes: number;
}
const byReach = (children: number, width: number, depth: number, nodes: number, least = 0): Shape => ({
  how: { kind: "best", by: "reach", children, width, least },
  depth,
  nodes,
});
const byProbability = (k: number, depth: number, nodes: number): Shape => ({
  how: { kind: "best", by: "probability", children: k, width: k, least: 0 },
  depth,
  nodes,
});

const startsOf = ({ how, depth }: Shape): number[] => levelStarts(Array.from({ length: depth }, () => how));

/** Records drafting and ranking; buffers as the recorder would make them. */
function record(
  rec: Recording,
  shape: Shape,
  b: {
    laws: GPUBuffer;
    ctl: GPUBuffer;
    seq: GPUBuffer;
    drafted: GPUBuffer;
    tree: GPUBuffer;
    candidates: GPUBuffer;
  },
  vocabSize: number,
  noisy: boolean,
): void {
  const starts = startsOf(shape);
  const { how, depth, nodes } = shape;
  const draftedCap = starts.at(-1)!;
  treeReset(rec, { ctl: b.ctl, seq: b.seq, tree: b.drafted, cap: draftedCap });
  for (let level = 0; level < depth; level++) {
    const [from, next] = [starts[level]!, starts[level + 1]!];
    const place = { cap: draftedCap, from, rows: next - from, next };
    expandTree(rec, {
      ...place,
      laws: b.laws,
      ctl: b.ctl,
      tree: b.drafted,
      candidates: b.candidates,
      how,
      vocabSize,
      noisy,
    });
  }
  treeReset(rec, { ctl: b.ctl, seq: b.seq, tree: b.tree, cap: nodes + 1 });
  rankTree(rec, {
    drafted: b.drafted,
    draftedCap,
    candidates: b.candidates,
    lists: starts[depth]!,
    listed: how.children,
    tree: b.tree,
    cap: nodes + 1,
    least: how.least,
  });
}

function buffers(shape: Shape, laws: readonly Float32Array[], ctl: Uint32Array, tokens: number) {
  const starts = startsOf(shape);
  return {
    laws: bench().buffer(joined(laws)),
    ctl: bench().buffer(ctl),
    seq: bench().empty(tokens),
    drafted: bench().empty(treeWords(starts.at(-1)!)),
    tree: bench().empty(treeWords(shape.nodes + 1)),
    candidates: bench().empty(4 * starts[shape.depth]! * shape.how.children),
  };
}

/** Compares trees; false where they part at two candidates whose values are equal but for rounding. */
async function agree(
  shape: Shape,
  laws: readonly Float32Array[],
  seed: number,
  noisy: boolean,
  tuning: Partial<Tuning> = {},
): Promise<boolean> {
  const b = buffers(shape, laws, ctlOf({ N: 1, SEED: seed, STEP: 3 }), 4);
  await bench().run((rec) => record(rec, shape, b, laws[0]!.length, noisy), tuning);
  const words = await bench().u32(b.tree);
  const cap = shape.nodes + 1;

  // The reference numbers nodes without gaps; the device by level. Laws go by the device's numbers.
  const starts = startsOf(shape);
  const drafted = anchorTree(0);
  const lists: Listed[][] = [];
  for (let level = 0; level < shape.depth; level++) {
    const frontier = nodesAtDepth(drafted, level);
    expect(frontier.length, "a level drawn short would shift the numbers").toBe(
      starts[level + 1]! - starts[level]!,
    );
    const own = frontier.map((v) => laws[v]!);
    lists.push(...expandBest(drafted, frontier, own, shape.how, noisy ? { seed, step: 3 } : null));
  }
  const { tree, origin } = reference(drafted, lists, shape.nodes, shape.how.least);
  for (let i = 0; i < cap; i++) {
    const node = nodeOf(words, cap, i);
    if (i >= tree.token.length) {
      expect(node).toBeNull();
      continue;
    }
    const found = [node?.TOKEN, i > 0 ? node?.PARENT : -1, node?.SIBLING, node?.DEPTH];
    const wanted = [tree.token[i], tree.parent[i], tree.sibling[i], tree.depth[i]];
    if (found.join() !== wanted.join()) {
      if (node && Math.abs(node.PERTURBED - tree.perturbed[i]!) < 1e-4) return false;
      expect([i, ...found]).toEqual([i, ...wanted]);
    }
    expect(node!.ORIGIN | 0).toBe(origin[i]);
    expect(Math.abs(node!.PHI - tree.phi[i]!)).toBeLessThan(1e-4);
    expect(Math.abs(node!.LOGQ - tree.logq[i]!)).toBeLessThan(1e-4);
    // Sums of logs of 1 - q, whose error grows where q is near 1.
    expect(Math.abs(node!.PERTURBED - tree.perturbed[i]!)).toBeLessThan(
      2e-3 * Math.max(1, Math.abs(tree.perturbed[i]!)),
    );
  }
  return true;
}

describe("rank_tree", () => {
  test.each([
    ["by reach", byReach(4, 6, 3, 9), true],
    ["by reach, every level full", byReach(8, 12, 4, 12), true],
    ["by reach, the most probable", byReach(4, 6, 3, 9), false],
    ["by probability", byProbability(4, 4, 12), false],
    ["by probability, more than are there to be had", byProbability(2, 2, 6), false],
  ] as const)("%s: 6 random trees are those of the reference", async (_, shape, noisy) => {
    let nearTies = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const laws = randomLaws(60, [17, 97, 2048][seed % 3]!, 50 * seed, 2.5);
      if (!(await agree(shape, laws, seed, noisy))) nearTies++;
    }
    expect(nearTies).toBeLessThanOrEqual(1);
  });

  test("of 256 nodes, and of many lists", async () => {
    const laws = randomLaws(256, 97, 77, 1);
    expect(await agree(byReach(16, 60, 4, 255), laws, 2, true)).toBe(true);
    expect(await agree(byProbability(10, 8, 60), laws, 2, false)).toBe(true);
  });

  test.each(REDUCTIONS)("%s", async (_, tuning) => {
    const laws = randomLaws(60, 97, 9, 2);
    expect(await agree(byReach(4, 6, 3, 9), laws, 3, true, tuning)).toBe(true);
    expect(await agree(byProbability(4, 4, 12), laws, 3, false, tuning)).toBe(true);
  });

  test("a threshold leaves out what is unlikely to be tested, and what would stand below it", async () => {
    const laws = constantLaws(40, [0.6, 0.3, 0.1]);
    const shape = byReach(3, 3, 3, 20, 0.25);
    const b = buffers(shape, laws, ctlOf({ N: 1, SEED: 4, STEP: 1 }), 4);
    await bench().run((rec) => record(rec, shape, b, 3, false));
    const words = await bench().u32(b.tree);
    const nodes = Array.from({ length: 21 }, (_, i) => nodeOf(words, 21, i)).filter((n) => n !== null);
    // Values: root 1 (token 0), then .4 (token 1); below token 0 .6, .24; below that .36; below token 1 of the root
    // .4 * .75 = .3 (token 0), whose child would be tested with .18.
    expect(nodes.map((n) => n.TOKEN)).toEqual([0, 0, 1, 0, 0, 0]);
    const value = [0, 1, 0.4, 0.6, 0.3, 0.36];
    nodes.forEach((n, i) => i > 0 && expect(Math.exp(n.PERTURBED)).toBeCloseTo(value[i]!, 4));
    expect(new Int32Array(words.buffer)[Node.ORIGIN * 21 + 5]).toBe(-1);
  });

  /** p and q of the golden vectors. */
  const P = [0.4, 0.3, 0.2, 0.1];
  const Q = [0.1, 0.2, 0.3, 0.4];
  test.each([
    [byReach(4, 4, 3, 4), "recursive_rejection", 1.91425],
    [byReach(4, 6, 6, 6), "recursive_rejection", 2.028803],
    [byReach(4, 4, 3, 8, 0.2), "recursive_rejection", null],
    [byProbability(2, 3, 5), "sample_and_match", null],
  ] as const)("the law of whole rounds is the target's, chi-square, %j %s", async (shape, rule, mean) => {
    // The same laws after every node: then all tokens of all rounds are independent draws from P, whatever was drafted.
    const cap = shape.nodes + 1;
    const rounds = 1500;
    const drafts = startsOf(shape).at(-1)!;
    const b = buffers(
      shape,
      constantLaws(drafts, Q),
      ctlOf({ N: 1, SEED: 12 }),
      1 + rounds * (shape.depth + 1),
    );
    const targetLaws = bench().buffer(joined(constantLaws(cap, P)));
    const [scalars, outcome] = [bench().empty(scalarWords(cap)), bench().empty(outcomeWords(cap))];
    await bench().run(
      (rec) => {
        record(rec, shape, b, 4, rule === "recursive_rejection");
        const laws = { targetLaws, draftLaws: b.laws };
        verifyTree(rec, {
          ctl: b.ctl,
          seq: b.seq,
          tree: b.tree,
          cap,
          vocabSize: 4,
          ...laws,
          scalars,
          outcome,
          rule,
        });
      },
      {},
      rounds,
    );
    const n = (await bench().u32(b.ctl))[Ctl.N]!;
    const tokens = (await bench().u32(b.seq)).subarray(1, n);
    // The standard error of the mean is about 0.02.
    if (mean !== null) expect(Math.abs(tokens.length / rounds - mean)).toBeLessThan(0.08);
    const single = P.map((_, x) => tokens.filter((t) => t === x).length);
    const singles = P.map((p) => p * tokens.length);
    // Exceeded with probability 1e-4 at 3 and at 15 degrees of freedom.
    expect(chiSquare(single, singles)).toBeLessThan(21.1);
    const pairs = new Array<number>(16).fill(0);
    for (let i = 0; i + 1 < tokens.length; i += 2) pairs[4 * tokens[i]! + tokens[i + 1]!]!++;
    const half = Math.floor(tokens.length / 2);
    const expected = P.flatMap((a) => P.map((c) => a * c * half));
    expect(chiSquare(pairs, expected)).toBeLessThan(44.3);
  });
});
