/** Float64 twin of the expand_tree kernels: adds one level of children, drawn with Gumbel noise, to a draft tree. */
import { gumbelAt, Purpose } from "../../src/base/rng";
import type { Expansion } from "../../src/decoding/session";
import { isMasked, topK } from "./row_stats";

/** A tree as a structure of arrays; index 0 is the anchor, parents come before children. */
export interface TreeNodes {
  readonly token: number[];
  readonly parent: number[];
  readonly depth: number[];
  readonly sibling: number[];
  readonly logq: number[];
  readonly phi: number[];
  readonly perturbed: number[];
}

/** A tree of the anchor alone. */
export function anchorTree(token: number): TreeNodes {
  return { token: [token], parent: [-1], depth: [0], sibling: [0], logq: [0], phi: [0], perturbed: [0] };
}

/** Indices of the entries equal to `wanted`; a loop, since tests do this millions of times. */
function indicesOf(values: readonly number[], wanted: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] === wanted) found.push(i);
  return found;
}

/** Nodes at one depth, in order. */
export const nodesAtDepth = (tree: TreeNodes, depth: number): number[] => indicesOf(tree.depth, depth);

/** The first sibling of `node` with its token: itself unless paths of independent draws began alike. */
const firstTwin = (tree: TreeNodes, node: number): number =>
  indicesOf(tree.parent, tree.parent[node]!).find((id) => tree.token[id] === tree.token[node])!;

/** Children of a node in draw order; a node without any shares those of its first equal sibling. */
export function childrenOf(tree: TreeNodes, node: number): number[] {
  const own = indicesOf(tree.parent, node);
  return own.length > 0 || node === 0 ? own : indicesOf(tree.parent, firstTwin(tree, node));
}

/** Node ids from the anchor to `node`, both included. */
export function pathTo(tree: TreeNodes, node: number): number[] {
  const path: number[] = [];
  for (let v = node; v >= 0; v = tree.parent[v]!) path.unshift(v);
  return path;
}

/** Address of the noise of a round: DRAFT, node = parent's id, sibling 0, index = token. Null draws without noise. */
export type DraftNoise = { readonly seed: number; readonly step: number } | null;

interface Child {
  readonly token: number;
  readonly phi: number;
  readonly perturbed: number;
}

const noiseOf = (noise: DraftNoise, node: number, token: number): number =>
  noise ? gumbelAt({ ...noise, purpose: Purpose.DRAFT, node, sibling: 0, index: token }) : 0;

/** Appends children in draw order; `logq` of each is renormalised over the tokens its elder siblings left. */
function appendChildren(
  tree: TreeNodes,
  parent: number,
  law: ArrayLike<number>,
  children: readonly Child[],
): void {
  const drawn = new Set<number>();
  children.forEach(({ token, phi, perturbed }, sibling) => {
    let left = 0;
    for (let x = 0; x < law.length; x++) if (!drawn.has(x)) left += Math.exp(law[x]!);
    tree.token.push(token);
    tree.parent.push(parent);
    tree.depth.push(tree.depth[parent]! + 1);
    tree.sibling.push(sibling);
    tree.logq.push(law[token]! - Math.log(left));
    tree.phi.push(phi);
    tree.perturbed.push(perturbed);
    drawn.add(token);
  });
}

/** Every possible child of `node` by token: tokens of the law's support with phi and phi + noise. */
export function candidates(
  tree: TreeNodes,
  node: number,
  law: ArrayLike<number>,
  noise: DraftNoise,
): Child[] {
  const all: Child[] = [];
  for (let token = 0; token < law.length; token++) {
    if (isMasked(law[token]!)) continue;
    const phi = tree.phi[node]! + law[token]!;
    all.push({ token, phi, perturbed: phi + noiseOf(noise, node, token) });
  }
  return all;
}

/**
 * Gives every frontier node the `children` tokens of largest log q + noise, in that order, which is the law of
 * drawing them one after another without replacement. `laws[i]` [V] are log-probabilities after `frontier[i]`.
 * @see Jeon et al. 2024 (RSD-C); Kool et al. 2019 (Gumbel-top-k)
 */
export function expandPerNode(
  tree: TreeNodes,
  frontier: readonly number[],
  laws: readonly ArrayLike<number>[],
  children: number,
  noise: DraftNoise,
): void {
  frontier.forEach((node, row) => {
    const all = candidates(tree, node, laws[row]!, noise);
    const best = topK(
      all.map((c) => c.perturbed),
      children,
    );
    appendChildren(
      tree,
      node,
      laws[row]!,
      best.map((i) => all[i]!),
    );
  });
}

/** The `counts[i]` best of log q + noise at frontier node i. @see Chen et al. 2024, Sequoia, section 4 */
export function expandPlanned(
  tree: TreeNodes,
  frontier: readonly number[],
  laws: readonly ArrayLike<number>[],
  counts: readonly number[],
  noise: DraftNoise,
): void {
  frontier.forEach((node, row) => expandPerNode(tree, [node], [laws[row]!], counts[row]!, noise));
}

/** One draw with replacement: DRAFT, node, sibling = number of the draw. */
function drawOne(
  tree: TreeNodes,
  node: number,
  law: ArrayLike<number>,
  draw: number,
  noise: DraftNoise,
): Child {
  let best: Child | null = null;
  for (let token = 0; token < law.length; token++) {
    if (isMasked(law[token]!)) continue;
    const phi = tree.phi[node]! + law[token]!;
    const address = { purpose: Purpose.DRAFT, node, sibling: draw, index: token };
    const perturbed = phi + (noise ? gumbelAt({ ...noise, ...address }) : 0);
    if (!best || perturbed > best.perturbed) best = { token, phi, perturbed };
  }
  if (!best) throw new Error("a law without support");
  return best;
}

function appendDrawn(tree: TreeNodes, parent: number, children: readonly Child[]): void {
  children.forEach(({ token, phi, perturbed }, sibling) => {
    tree.token.push(token);
    tree.parent.push(parent);
    tree.depth.push(tree.depth[parent]! + 1);
    tree.sibling.push(sibling);
    tree.logq.push(phi - tree.phi[parent]!);
    tree.phi.push(phi);
    tree.perturbed.push(perturbed);
  });
}

/** Gives every frontier node `children` draws with replacement. @see Miao et al. 2024, SpecInfer */
export function expandIndependent(
  tree: TreeNodes,
  frontier: readonly number[],
  laws: readonly ArrayLike<number>[],
  children: number,
  noise: DraftNoise,
): void {
  frontier.forEach((node, row) => {
    const drawn = Array.from({ length: children }, (_, j) => drawOne(tree, node, laws[row]!, j, noise));
    appendDrawn(tree, node, drawn);
  });
}

/**
 * One more draw on each path that ends in the frontier; what comes after equal siblings goes below the first of
 * them, in the order of the paths. @see Sun et al. 2023, SpecTr
 */
export function expandPaths(
  tree: TreeNodes,
  frontier: readonly number[],
  laws: readonly ArrayLike<number>[],
  noise: DraftNoise,
): void {
  const drawn = frontier.map((node, row) => drawOne(tree, node, laws[row]!, 0, noise));
  const first = frontier.map((node) => firstTwin(tree, node));
  for (const parent of new Set(first))
    appendDrawn(
      tree,
      parent,
      drawn.filter((_, row) => first[row] === parent),
    );
}

/** log(1 - e^t) for t <= 0. */
const log1mexp = (t: number): number => (t > -Math.LN2 ? Math.log(-Math.expm1(t)) : Math.log1p(-Math.exp(t)));

/**
 * The perturbed value of a child once the best child of its row (`rowMax`) is made to inherit the parent's value:
 * -log(e^-parent - e^-rowMax + e^-value). Increasing in `value`; equals `parent` at `value = rowMax`.
 * @see Kool et al. 2019, Stochastic Beams and Where to Find Them, section 4.1 and appendix B.3
 */
export function shiftPerturbed(value: number, rowMax: number, parent: number): number {
  const u = parent - value + log1mexp(value - rowMax);
  return parent - Math.max(u, 0) - Math.log1p(Math.exp(-Math.abs(u)));
}

/**
 * Stochastic beam search: keeps the `width` largest perturbed path values over all children of the frontier. New
 * nodes stand by parent, then by decreasing perturbed value; ties go to the smaller parent, then the smaller token.
 * @see Jeon et al. 2024 (RSD-S); Kool et al. 2019
 */
export function expandBeam(
  tree: TreeNodes,
  frontier: readonly number[],
  laws: readonly ArrayLike<number>[],
  width: number,
  noise: DraftNoise,
): void {
  const pool = frontier.flatMap((node, row) => {
    const all = candidates(tree, node, laws[row]!, noise);
    if (!noise) return all.map((child) => ({ row, child }));
    const rowMax = Math.max(...all.map((c) => c.perturbed));
    const parent = tree.perturbed[node]!;
    return all.map((c) => ({ row, child: { ...c, perturbed: shiftPerturbed(c.perturbed, rowMax, parent) } }));
  });
  const kept = topK(
    pool.map((c) => c.child.perturbed),
    width,
  ).map((i) => pool[i]!);
  frontier.forEach((node, row) => {
    appendChildren(
      tree,
      node,
      laws[row]!,
      kept.flatMap((c) => (c.row === row ? [c.child] : [])),
    );
  });
}

/** Adds one level below `frontier`, whose laws are `laws`. */
export function expand(
  tree: TreeNodes,
  frontier: readonly number[],
  laws: readonly ArrayLike<number>[],
  how: Expansion,
  noise: DraftNoise,
): void {
  switch (how.kind) {
    case "per_node": {
      expandPerNode(tree, frontier, laws, how.children, noise);
      return;
    }
    case "beam": {
      expandBeam(tree, frontier, laws, how.width, noise);
      return;
    }
    case "planned": {
      expandPlanned(tree, frontier, laws, how.counts, noise);
      return;
    }
    case "independent": {
      expandIndependent(tree, frontier, laws, how.children, noise);
      return;
    }
    case "paths": {
      expandPaths(tree, frontier, laws, noise);
      return;
    }
    case "best":
      throw new Error("best levels are those of rank_tree.ts");
  }
}

/** Nodes of the level that grows from `size` nodes. */
export function grownSize(how: Expansion, size: number): number {
  switch (how.kind) {
    case "per_node":
    case "independent":
      return size * how.children;
    case "beam":
      return how.width;
    case "best":
      return Math.min(how.width, size * how.children);
    case "planned":
      return how.counts.reduce((sum, n) => sum + n, 0);
    case "paths":
      return size;
  }
}
