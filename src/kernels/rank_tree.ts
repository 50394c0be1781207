/** Makes a tree of the best candidates that were listed while another one was drafted. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/rank_tree.wgsl?raw";
import { MAX_TREE_NODES, treeWords } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const rankTreeKernel = defineKernel({
  name: "rank_tree",
  source,
  reads: ["drafted"],
  writes: ["candidates", "tree"],
  params: { lists: "u32", listed: "u32", drafted_cap: "u32", cap: "u32", least: "f32" },
  overrides: REDUCE_OVERRIDES,
});

export interface RankTreeArgs {
  /** u32 [NODE_FIELDS, draftedCap], grown by "best" levels. */
  readonly drafted: GPUBuffer;
  readonly draftedCap: number;
  /** u32 [lists, listed, 4]: what {@link expandTree} listed below each of the first `lists` drafted nodes, those that were fed. */
  readonly candidates: GPUBuffer;
  readonly lists: number;
  readonly listed: number;
  /** u32 [NODE_FIELDS, cap], holding the anchor alone. */
  readonly tree: GPUBuffer;
  readonly cap: number;
  /** Candidates of a smaller value (a probability) are left out; 0 leaves out none. */
  readonly least: number;
}

/**
 * Records one dispatch. The best cap - 1 candidates become nodes, level by level with siblings together in the order
 * they were listed; ORIGIN of each is its number among the drafted nodes, NONE where it was not fed. Since no
 * candidate is worth more than its parent or its elder sibling, what is chosen is a tree.
 */
export function rankTree(rec: Recording, a: RankTreeArgs): void {
  if (a.cap < 2 || a.cap > MAX_TREE_NODES || a.lists < 1 || a.lists > a.draftedCap)
    throw new Error(`rank_tree: cap ${a.cap}, ${a.lists} lists of ${a.draftedCap} drafted nodes`);
  needBytes("rank_tree", "drafted", a.drafted, 4 * treeWords(a.draftedCap));
  needBytes("rank_tree", "candidates", a.candidates, 16 * a.lists * a.listed);
  needBytes("rank_tree", "tree", a.tree, 4 * treeWords(a.cap));
  rec.list.add(rankTreeKernel, reduceVariant(rec, 64, "rank_tree.lanes"), {
    bind: { drafted: a.drafted, candidates: a.candidates, tree: a.tree },
    params: {
      lists: a.lists,
      listed: a.listed,
      drafted_cap: a.draftedCap,
      cap: a.cap,
      least: a.least > 0 ? Math.log(a.least) : -3e38,
    },
    grid: [1],
  });
}
