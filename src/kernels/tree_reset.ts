/** Empties a draft tree: only the anchor stays. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/tree_reset.wgsl?raw";
import { MAX_TREE_NODES, treeWords } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

export const treeResetKernel = defineKernel({
  name: "tree_reset",
  source,
  reads: ["ctl", "seq"],
  writes: ["tree"],
  params: { cap: "u32" },
});

export interface TreeResetArgs {
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** u32 [NODE_FIELDS, cap] */
  readonly tree: GPUBuffer;
  readonly cap: number;
}

/** Node 0 becomes the anchor with the last committed token; all other nodes are absent. */
export function treeReset(rec: Recording, { ctl, seq, tree, cap }: TreeResetArgs): void {
  if (cap < 1 || cap > MAX_TREE_NODES)
    throw new Error(`tree_reset: cap is ${cap}, expected 1 to ${MAX_TREE_NODES}`);
  needBytes("tree_reset", "tree", tree, 4 * treeWords(cap));
  rec.list.add(
    treeResetKernel,
    {},
    { bind: { ctl, seq, tree }, params: { cap }, grid: [Math.ceil(cap / 4)] },
  );
}
