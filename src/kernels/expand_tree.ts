/** Adds a level to a draft tree: children drawn at every node, with or without replacement, or a beam over a level. */
import { defineKernel } from "../engine/kernel";
import appendSource from "../../shaders/append_beam.wgsl?raw";
import pathsSource from "../../shaders/append_paths.wgsl?raw";
import plannedSource from "../../shaders/append_planned.wgsl?raw";
import drawSource from "../../shaders/draw_children.wgsl?raw";
import independentSource from "../../shaders/draw_independent.wgsl?raw";
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
    valued: "u32",
    next: "u32",
    cap: "u32",
    first_list: "u32",
  },
  overrides: REDUCE_OVERRIDES,
});
export const appendBeamKernel = defineKernel({
  name: "append_beam",
  source: appendSource,
  reads: [],
  writes: ["candidates", "tree"],
  params: {
    first_node: "u32",
    rows_count: "u32",
    width: "u32",
    next: "u32",
    cap: "u32",
    listed: "u32",
    first_list: "u32",
    least: "f32",
    by_child: "u32",
  },
});

export const drawIndependentKernel = defineKernel({
  name: "draw_independent",
  source: independentSource,
  reads: ["laws", "ctl"],
  writes: ["tree", "candidates"],
  params: { first_node: "u32", wanted: "u32", vocab_size: "u32", next: "u32", cap: "u32" },
  overrides: REDUCE_OVERRIDES,
});
export const appendPathsKernel = defineKernel({
  name: "append_paths",
  source: pathsSource,
  reads: [],
  writes: ["candidates", "tree"],
  params: { first_node: "u32", rows_count: "u32", next: "u32", cap: "u32" },
});
export const appendPlannedKernel = defineKernel({
  name: "append_planned",
  source: plannedSource,
  reads: ["counts"],
  writes: ["candidates", "tree"],
  params: { first_node: "u32", rows_count: "u32", width: "u32", next: "u32", cap: "u32" },
});

/** How children are chosen; see decoding/session.ts Expansion, which this mirrors with buffers in place of lists. */
export type TreeGrowth =
  | { readonly kind: "per_node"; readonly children: number }
  | { readonly kind: "beam"; readonly width: number }
  | {
      readonly kind: "best";
      readonly by: "probability" | "reach";
      readonly children: number;
      readonly width: number;
      readonly least: number;
    }
  /** `counts`: u32 [rows], the number of children of each frontier node; they are `total` in all, `most` at one. */
  | { readonly kind: "planned"; readonly counts: GPUBuffer; readonly total: number; readonly most: number }
  | { readonly kind: "independent"; readonly children: number }
  | { readonly kind: "paths" };

export interface ExpandTreeArgs {
  /** f32 [*, vocabSize], normalised log-probabilities; row i is the law after node i. */
  readonly laws: GPUBuffer;
  readonly ctl: GPUBuffer;
  /** u32 [NODE_FIELDS, cap] */
  readonly tree: GPUBuffer;
  readonly cap: number;
  /**
   * Scratch of {@link candidateWords} words; for "best" u32 [*, children, 4] with the list of node i at i, where
   * {@link rankTree} finds them.
   */
  readonly candidates: GPUBuffer;
  /** The frontier: nodes [from, from + rows). */
  readonly from: number;
  readonly rows: number;
  /** First node of the new level, which has {@link levelSize} nodes. */
  readonly next: number;
  readonly how: TreeGrowth;
  readonly vocabSize: number;
  /** False takes the most probable tokens without noise; only for children drawn without replacement. */
  readonly noisy: boolean;
}

/** Candidates listed for every frontier node; at most 64. */
export function candidatesPerRow(how: TreeGrowth): number {
  switch (how.kind) {
    case "per_node":
    case "independent":
    case "best":
      return how.children;
    case "beam":
      return how.width;
    case "planned":
      return how.most;
    case "paths":
      return 1;
  }
}
/** Nodes of the level that grows from `rows` frontier nodes. */
export function levelSize(how: TreeGrowth, rows: number): number {
  if (how.kind === "beam") return how.width;
  if (how.kind === "best") return Math.min(how.width, rows * how.children);
  return how.kind === "planned" ? how.total : rows * candidatesPerRow(how);
}
export const candidateWords = (rows: number, how: TreeGrowth): number => 4 * rows * candidatesPerRow(how);

/** Below every value a candidate can have. */
const ANY = -3e38;
/** Log of the smallest value a candidate is kept with. */
const leastOf = (how: TreeGrowth): number =>
  how.kind === "best" && how.least > 0 ? Math.log(how.least) : ANY;

/**
 * Records the dispatch, or two, that append the next level. Nodes a law is too short for are absent (PARENT is NONE);
 * siblings are contiguous, in draw order.
 */
export function expandTree(rec: Recording, a: ExpandTreeArgs): void {
  const { how, rows, from, next, cap } = a;
  const b = candidatesPerRow(how);
  const size = levelSize(how, rows);
  if (b < 1 || b > MAX_TOP) throw new Error(`draw_children: b is ${b}, expected 1 to ${MAX_TOP}`);
  if (cap > MAX_TREE_NODES || from + rows > next || next + size > cap)
    throw new Error(
      `draw_children: level ${next} to ${next + size} after ${from} to ${from + rows} in a tree with room for ${cap}`,
    );
  needBytes("draw_children", "laws", a.laws, 4 * (from + rows) * a.vocabSize);
  needBytes("draw_children", "ctl", a.ctl, 4 * CTL_WORDS);
  needBytes("draw_children", "tree", a.tree, 4 * treeWords(cap));
  const firstList = how.kind === "best" ? from : 0;
  needBytes("draw_children", "candidates", a.candidates, 4 * candidateWords(firstList + rows, how));
  const bind = { laws: a.laws, ctl: a.ctl, tree: a.tree, candidates: a.candidates };
  if (how.kind === "independent") {
    rec.list.add(drawIndependentKernel, reduceVariant(rec, 256, "draw_children.lanes"), {
      bind,
      params: { first_node: from, wanted: b, vocab_size: a.vocabSize, next, cap },
      grid: [rows, b],
    });
    return;
  }
  const isDirect = how.kind === "per_node" || (how.kind === "beam" && rows === 1);
  rec.list.add(
    drawChildrenKernel,
    { ...reduceVariant(rec, 256, "draw_children.lanes"), consts: { TOP: topRoom(b) } },
    {
      bind,
      params: {
        first_node: from,
        wanted: b,
        vocab_size: a.vocabSize,
        is_noisy: a.noisy ? 1 : 0,
        valued: how.kind === "beam" ? 1 : how.kind === "best" && how.by === "reach" ? 2 : 0,
        next: isDirect ? next : NONE,
        cap,
        first_list: firstList,
      },
      grid: [rows],
    },
  );
  if (isDirect) return;
  const nodes = { candidates: a.candidates, tree: a.tree };
  const place = { first_node: from, rows_count: rows, next, cap };
  if (how.kind === "paths") rec.list.add(appendPathsKernel, {}, { bind: nodes, params: place, grid: [1] });
  else if (how.kind === "planned")
    rec.list.add(
      appendPlannedKernel,
      {},
      { bind: { counts: how.counts, ...nodes }, params: { ...place, width: b }, grid: [1] },
    );
  else {
    const by_child = how.kind === "best" && how.by === "reach" ? 1 : 0;
    const kept = { width: size, listed: b, first_list: firstList, least: leastOf(how), by_child };
    rec.list.add(appendBeamKernel, {}, { bind: nodes, params: { ...place, ...kept }, grid: [1] });
  }
}
