/** Adds a level to a draft tree: children drawn without replacement at every node, or a stochastic beam over a level. */
import { defineKernel } from "../engine/kernel";
import appendSource from "../../shaders/append_beam.wgsl?raw";
import drawSource from "../../shaders/draw_children.wgsl?raw";
import { CTL_WORDS, MAX_TREE_NODES, NONE, treeWords } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import { MAX_TOP, topRoom } from "./top_tokens";
import type { Recording } from "./tuning";

export const drawChildrenKernel = defineKernel({
  name: "draw_children",
  source: drawSource,
  reads: ["laws", "ctl"],
  writes: ["tree", "candidates"],
  params: {
    first_node: "u32",
    wanted: "u32",
    vocab_size: "u32",
    is_noisy: "u32",
    is_beam: "u32",
    next: "u32",
    cap: "u32",
  },
  overrides: REDUCE_OVERRIDES,
});
export const appendBeamKernel = defineKernel({
  name: "append_beam",
  source: appendSource,
  reads: [],
  writes: ["candidates", "tree"],
  params: { first_node: "u32", rows_count: "u32", width: "u32", next: "u32", cap: "u32" },
});

export interface ExpandTreeArgs {
  /** f32 [*, vocabSize], normalised log-probabilities; row i is the law after node i. */
  readonly laws: GPUBuffer;
  readonly ctl: GPUBuffer;
  /** u32 [NODE_FIELDS, cap] */
  readonly tree: GPUBuffer;
  readonly cap: number;
  /** Scratch of {@link candidateWords} words. */
  readonly candidates: GPUBuffer;
  /** The frontier: nodes [from, from + rows). */
  readonly from: number;
  readonly rows: number;
  /** First node of the new level, which has rows * b nodes, or b for a beam. */
  readonly next: number;
  /** Children of every frontier node, or width of the beam; at most 64. */
  readonly b: number;
  readonly kind: "per_node" | "beam";
  readonly vocabSize: number;
  /** False takes the most probable tokens without noise. */
  readonly noisy: boolean;
}

export const candidateWords = (rows: number, b: number): number => 4 * rows * b;

/**
 * Records one dispatch (two for a beam over several nodes) that appends the next level. Nodes a law is too short for
 * are absent (PARENT is NONE); siblings are contiguous, in draw order.
 */
export function expandTree(rec: Recording, a: ExpandTreeArgs): void {
  const size = a.kind === "beam" ? a.b : a.rows * a.b;
  if (a.b < 1 || a.b > MAX_TOP) throw new Error(`draw_children: b is ${a.b}, expected 1 to ${MAX_TOP}`);
  if (a.cap > MAX_TREE_NODES || a.from + a.rows > a.next || a.next + size > a.cap)
    throw new Error(
      `draw_children: level ${a.next} to ${a.next + size} after ${a.from} to ${a.from + a.rows} in a tree with room for ${a.cap}`,
    );
  needBytes("draw_children", "laws", a.laws, 4 * (a.from + a.rows) * a.vocabSize);
  needBytes("draw_children", "ctl", a.ctl, 4 * CTL_WORDS);
  needBytes("draw_children", "tree", a.tree, 4 * treeWords(a.cap));
  needBytes("draw_children", "candidates", a.candidates, 4 * candidateWords(a.rows, a.b));
  const merges = a.kind === "beam" && a.rows > 1;
  rec.list.add(
    drawChildrenKernel,
    { ...reduceVariant(rec, 256, "draw_children.lanes"), consts: { TOP: topRoom(a.b) } },
    {
      bind: { laws: a.laws, ctl: a.ctl, tree: a.tree, candidates: a.candidates },
      params: {
        first_node: a.from,
        wanted: a.b,
        vocab_size: a.vocabSize,
        is_noisy: a.noisy ? 1 : 0,
        is_beam: a.kind === "beam" ? 1 : 0,
        next: merges ? NONE : a.next,
        cap: a.cap,
      },
      grid: [a.rows],
    },
  );
  if (!merges) return;
  rec.list.add(
    appendBeamKernel,
    {},
    {
      bind: { candidates: a.candidates, tree: a.tree },
      params: { first_node: a.from, rows_count: a.rows, width: a.b, next: a.next, cap: a.cap },
      grid: [1],
    },
  );
}
