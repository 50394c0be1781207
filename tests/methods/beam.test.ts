/** Stochastic beam search has continuous noise, so its law is checked by counting. */
import { describe, expect, test } from "vitest";
import { pcg4d, toUniform } from "../../src/base/rng";
import {
  anchorTree,
  childrenOf,
  expandBeam,
  expandPerNode,
  nodesAtDepth,
  pathTo,
  shiftPerturbed,
  type TreeNodes,
} from "../reference/expand_tree";
import { verifyTree } from "../reference/verify_tree";
import { chiSquare, chiSquareLimit, tally } from "./statistics";

const TOKENS = [0, 1, 2, 3];
const memo = new Map<string, number[]>();
/** Log-probabilities after a context, a hash of it; at least two tokens differ much between models. */
function law(model: number, context: readonly number[]): number[] {
  const key = `${model}:${context.join()}`;
  const known = memo.get(key);
  if (known) return known;
  const h = context.reduce((a, x, i) => pcg4d(a, x, i, 3)[0], model);
  const weights = TOKENS.map((x) => -Math.log(toUniform(pcg4d(h, x, 5, model)[0])));
  const sum = weights.reduce((a, b) => a + b);
  const out = weights.map((w) => Math.log(w / sum));
  memo.set(key, out);
  return out;
}
const TARGET = 21;
const DRAFT = 22;

const contextOf = (tree: TreeNodes, node: number): number[] =>
  pathTo(tree, node)
    .slice(1)
    .map((id) => tree.token[id]!);

function beam(width: number, depth: number, noise: { seed: number; step: number } | null): TreeNodes {
  const tree = anchorTree(0);
  for (let level = 0; level < depth; level++) {
    const frontier = nodesAtDepth(tree, level);
    expandBeam(
      tree,
      frontier,
      frontier.map((v) => law(DRAFT, contextOf(tree, v))),
      width,
      noise,
    );
  }
  return tree;
}

/** Tokens of a round: the accepted path and one more. */
function round(tree: TreeNodes, seed: number, step: number): number[] {
  const laws = (model: number): number[][] => tree.token.map((_, v) => law(model, contextOf(tree, v)));
  const out = verifyTree({
    tree,
    target: laws(TARGET),
    draft: laws(DRAFT),
    rule: "recursive_rejection",
    seed,
    step,
  });
  return [...out.path.slice(1).map((id) => tree.token[id]!), out.token];
}

/** The target's law of the first `length` tokens. */
function exactLaw(length: number): Map<string, number> {
  const exact = new Map<string, number>();
  const grow = (context: readonly number[], prob: number): void => {
    if (context.length === length) exact.set(context.join(), prob);
    else for (const x of TOKENS) grow([...context, x], prob * Math.exp(law(TARGET, context)[x]!));
  };
  grow([], 1);
  return exact;
}

/** Counts of the first two tokens of rounds; a round of one token is completed by the exact law. */
function countRounds(
  rounds: number,
  seed: number,
  change: (tree: TreeNodes) => TreeNodes,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (let step = 0; step < rounds; step++) {
    const tokens = round(change(beam(3, 2, { seed, step })), seed, step);
    if (tokens.length > 1) tally(counts, tokens.slice(0, 2).join());
    else for (const x of TOKENS) tally(counts, [tokens[0], x].join(), Math.exp(law(TARGET, tokens)[x]!));
  }
  return counts;
}

/** The same tree with the children of every node in order of draft probability. */
function sortSiblings(tree: TreeNodes): TreeNodes {
  const order = [0];
  for (let depth = 1; nodesAtDepth(tree, depth).length > 0; depth++) {
    const above = order.filter((id) => tree.depth[id] === depth - 1);
    for (const v of above) order.push(...childrenOf(tree, v).sort((a, b) => tree.phi[b]! - tree.phi[a]!));
  }
  const at = new Map(order.map((old, id) => [old, id]));
  const pick = (values: readonly number[]): number[] => order.map((old) => values[old]!);
  return {
    token: pick(tree.token),
    parent: pick(tree.parent).map((p) => at.get(p) ?? -1),
    depth: pick(tree.depth),
    sibling: pick(tree.sibling),
    logq: pick(tree.logq),
    phi: pick(tree.phi),
    perturbed: pick(tree.perturbed),
  };
}

describe("stochastic beam search", () => {
  test("golden values of the shift", () => {
    const g = [0.5, 0.3, 0.2].map((q, x) => Math.log(q) + [0.1, 0.9, -0.4][x]!);
    const max = Math.max(...g);
    const shifted = g.map((v) => shiftPerturbed(v, max, 0));
    expect(shifted[0]).toBeCloseTo(-0.374623, 6);
    expect(shifted[1]).toBe(0);
    expect(shifted[2]).toBeCloseTo(-1.960643, 6);
    const closed = -Math.log(Math.exp(0) - Math.exp(-max) + Math.exp(-g[2]!));
    expect(shifted[2]).toBeCloseTo(closed, 12);
  });

  test("orders nodes by parent, then by decreasing perturbed value, and inherits the parent's", () => {
    for (let step = 0; step < 50; step++) {
      const tree = beam(4, 3, { seed: 5, step });
      expect(tree.token).toHaveLength(13);
      for (let id = 2; id < 13; id++) {
        if (tree.depth[id] !== tree.depth[id - 1]) continue;
        expect(tree.parent[id]).toBeGreaterThanOrEqual(tree.parent[id - 1]!);
        if (tree.parent[id] !== tree.parent[id - 1]) continue;
        expect(tree.sibling[id]).toBe(tree.sibling[id - 1]! + 1);
        expect(tree.perturbed[id]).toBeLessThan(tree.perturbed[id - 1]!);
      }
      tree.token.forEach((_, v) => {
        const first = childrenOf(tree, v)[0];
        if (first !== undefined) expect(tree.perturbed[first]).toBeCloseTo(tree.perturbed[v]!, 12);
      });
    }
  });

  test("without noise keeps the most probable paths", () => {
    const tree = beam(3, 2, null);
    const paths = TOKENS.flatMap((x) => TOKENS.map((y) => law(DRAFT, [])[x]! + law(DRAFT, [x])[y]!));
    const top = TOKENS.map((x) => law(DRAFT, [])[x]!).sort((a, b) => b - a);
    expect(nodesAtDepth(tree, 1).map((id) => tree.phi[id])).toEqual(top.slice(0, 3));
    const kept = nodesAtDepth(tree, 2).map((id) => tree.phi[id]!);
    // With three of four first tokens the three best paths of all are among the candidates here.
    expect([...kept].sort((a, b) => b - a)).toEqual(paths.sort((a, b) => b - a).slice(0, 3));
    expect(tree.perturbed).toEqual(tree.phi);
  });

  test("draws pairs with the law of drawing without replacement", () => {
    const q = law(DRAFT, []).map(Math.exp);
    const exact = new Map<string, number>();
    for (const x of TOKENS)
      for (const y of TOKENS) if (x !== y) exact.set(`${x},${y}`, (q[x]! * q[y]!) / (1 - q[x]!));
    const perNode = new Map<string, number>();
    const beams = new Map<string, number>();
    for (let step = 0; step < 20_000; step++) {
      const tree = anchorTree(0);
      expandPerNode(tree, [0], [law(DRAFT, [])], 2, { seed: 9, step });
      tally(perNode, tree.token.slice(1).join());
      tally(beams, beam(2, 1, { seed: 10, step }).token.slice(1).join());
      if (step < 20) {
        expect(tree.logq[2]).toBeCloseTo(Math.log(q[tree.token[2]!]! / (1 - q[tree.token[1]!]!)), 12);
      }
    }
    expect(chiSquare(perNode, exact)).toBeLessThan(chiSquareLimit(exact));
    expect(chiSquare(beams, exact)).toBeLessThan(chiSquareLimit(exact));
  });

  test("verified in draw order, gives the target's law; with siblings sorted, it does not", () => {
    const exact = exactLaw(2);
    const limit = chiSquareLimit(exact);
    expect(
      chiSquare(
        countRounds(10_000, 77, (tree) => tree),
        exact,
      ),
    ).toBeLessThan(limit);
    expect(chiSquare(countRounds(10_000, 77, sortSiblings), exact)).toBeGreaterThan(5 * limit);
  });
});
