/** What the tests of tree kernels share: laws, trees as words of a buffer and back, chi-square. */
import type { Expansion } from "../../src/decoding/session";
import { candidateWords, expandTree, type TreeGrowth } from "../../src/kernels/expand_tree";
import { Node, NONE, treeWords } from "../../src/kernels/layouts";
import type { Recording } from "../../src/kernels/tuning";
import { childrenOf, grownSize, type TreeNodes } from "../reference/expand_tree";
import { logSoftmax, MASKED } from "../reference/row_stats";
import { normals, uniforms, type Bench } from "./harness";

/** Levels of one kind: `sizes` are children of every node, or widths of a beam. */
export const levelsOf = (kind: "per_node" | "beam" | "independent", sizes: readonly number[]): Expansion[] =>
  sizes.map((n) => (kind === "beam" ? { kind, width: n } : { kind, children: n }));

/** First node of every level, the anchor's included, and where the last one ends. */
export function levelStarts(levels: readonly Expansion[]): number[] {
  const starts = [0, 1];
  for (const how of levels) {
    const size = starts.at(-1)! - starts.at(-2)!;
    starts.push(starts.at(-1)! + grownSize(how, size));
  }
  return starts;
}

export interface GrowArgs {
  readonly laws: GPUBuffer;
  readonly ctl: GPUBuffer;
  readonly tree: GPUBuffer;
  readonly vocabSize: number;
  readonly noisy: boolean;
}

/** Records all levels of a tree on the device. */
export function recordGrowth(
  bench: Bench,
  rec: Recording,
  levels: readonly Expansion[],
  args: GrowArgs,
): void {
  const starts = levelStarts(levels);
  levels.forEach((how, level) => {
    const [from, next] = [starts[level]!, starts[level + 1]!];
    const rows = next - from;
    const growth: TreeGrowth =
      how.kind !== "planned"
        ? how
        : {
            kind: "planned",
            counts: bench.buffer(Uint32Array.from(how.counts)),
            total: grownSize(how, rows),
            most: Math.max(...how.counts),
          };
    const candidates = bench.empty(candidateWords(rows, growth));
    expandTree(rec, { ...args, cap: starts.at(-1)!, candidates, from, rows, next, how: growth });
  });
}

/** One random law per node, as f32 log-probabilities; a share of the tokens is masked. */
export function randomLaws(
  nodes: number,
  vocabSize: number,
  seed: number,
  spread = 1.5,
  masked = 0,
): Float32Array[] {
  const [z, u] = [normals(seed), uniforms(seed + 1)];
  return Array.from({ length: nodes }, () => {
    const logits = Float64Array.from({ length: vocabSize }, (_, x) =>
      x > 0 && u() < masked ? MASKED : spread * z(),
    );
    return Float32Array.from(logSoftmax(logits));
  });
}
/** The same law at every node. */
export const constantLaws = (nodes: number, probs: readonly number[]): Float32Array[] =>
  Array.from({ length: nodes }, () => Float32Array.from(probs, (p) => (p > 0 ? Math.log(p) : MASKED)));

export function joined(laws: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(laws.length * laws[0]!.length);
  laws.forEach((law, i) => all.set(law, i * law.length));
  return all;
}

/** A tree in the layout of the device; siblings must be contiguous. Missing nodes up to `cap` are absent. */
export function treeToWords(tree: TreeNodes, cap: number, origin?: readonly number[]): Uint32Array {
  const words = new Uint32Array(treeWords(cap));
  const floats = new Float32Array(words.buffer);
  words.fill(NONE, Node.PARENT * cap, (Node.PARENT + 1) * cap);
  tree.token.forEach((token, i) => {
    const children = childrenOf(tree, i);
    words[Node.TOKEN * cap + i] = token;
    words[Node.PARENT * cap + i] = i === 0 ? NONE : tree.parent[i]!;
    words[Node.DEPTH * cap + i] = tree.depth[i]!;
    words[Node.SIBLING * cap + i] = tree.sibling[i]!;
    words[Node.FIRST_CHILD * cap + i] = children[0] ?? 0;
    words[Node.CHILD_COUNT * cap + i] = children.length;
    floats[Node.LOGQ * cap + i] = tree.logq[i]!;
    floats[Node.PHI * cap + i] = tree.phi[i]!;
    floats[Node.PERTURBED * cap + i] = tree.perturbed[i]!;
    words[Node.ORIGIN * cap + i] = origin ? (origin[i]! < 0 ? NONE : origin[i]!) : i;
  });
  return words;
}

/** Fields of node i of a tree on the device; null for an absent node. */
export function nodeOf(words: Uint32Array, cap: number, i: number): Record<keyof typeof Node, number> | null {
  const floats = new Float32Array(words.buffer);
  if (i > 0 && words[Node.PARENT * cap + i] === NONE) return null;
  return Object.fromEntries(
    Object.entries(Node).map(([name, f]) => [
      name,
      (f >= Node.LOGQ && f <= Node.PERTURBED ? floats : words)[f * cap + i]!,
    ]),
  ) as Record<keyof typeof Node, number>;
}

/** Sum of (found - expected)^2 / expected. */
export const chiSquare = (counts: readonly number[], expected: readonly number[]): number =>
  counts.reduce((sum, n, i) => sum + (n - expected[i]!) ** 2 / expected[i]!, 0);
