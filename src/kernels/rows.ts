/** Rows of a forward pass, written on the device from the text or the tree: token, position, slot, visibility. */
import { defineKernel } from "../engine/kernel";
import tailSource from "../../shaders/rows_tail.wgsl?raw";
import spanSource from "../../shaders/rows_span.wgsl?raw";
import treeSource from "../../shaders/rows_tree.wgsl?raw";
import { MAX_TREE_NODES, ROW_BIT_WORDS, ROW_WORDS, treeWords } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

export const rowsTailKernel = defineKernel({
  name: "rows_tail",
  source: tailSource,
  reads: ["ctl", "seq"],
  writes: ["rows", "bits"],
  params: { rows_count: "u32" },
});
export const rowsSpanKernel = defineKernel({
  name: "rows_span",
  source: spanSource,
  reads: ["seq"],
  writes: ["rows", "bits"],
  params: { start: "u32", rows_count: "u32" },
});
export const rowsTreeKernel = defineKernel({
  name: "rows_tree",
  source: treeSource,
  reads: ["ctl", "tree"],
  writes: ["rows", "bits"],
  params: { first_node: "u32", rows_count: "u32", cap: "u32" },
});

interface RowsOut {
  /** u32 [count, ROW_WORDS] */
  readonly rows: GPUBuffer;
  /** u32 [count, ROW_BIT_WORDS] */
  readonly bits: GPUBuffer;
  readonly count: number;
}
const LANES = 4;

function checkOut(kernel: string, { rows, bits, count }: RowsOut): void {
  if (count < 1) throw new Error(`${kernel}: count is ${count}, expected at least 1`);
  needBytes(kernel, "rows", rows, 4 * ROW_WORDS * count);
  needBytes(kernel, "bits", bits, 4 * ROW_BIT_WORDS * count);
}

export interface RowsTailArgs extends RowsOut {
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
}
/** The last `count` committed tokens; leading rows are idle while the text is shorter, all are once it has ended. */
export function rowsTail(rec: Recording, a: RowsTailArgs): void {
  checkOut("rows_tail", a);
  rec.list.add(
    rowsTailKernel,
    {},
    {
      bind: { ctl: a.ctl, seq: a.seq, rows: a.rows, bits: a.bits },
      params: { rows_count: a.count },
      grid: [Math.ceil(a.count / LANES)],
    },
  );
}

export interface RowsSpanArgs extends RowsOut {
  readonly seq: GPUBuffer;
  readonly start: number;
}
/** Positions [start, start + count) of the text, whatever its state says: a chunk of a prompt. */
export function rowsSpan(rec: Recording, a: RowsSpanArgs): void {
  checkOut("rows_span", a);
  needBytes("rows_span", "seq", a.seq, 4 * (a.start + a.count));
  rec.list.add(
    rowsSpanKernel,
    {},
    {
      bind: { seq: a.seq, rows: a.rows, bits: a.bits },
      params: { start: a.start, rows_count: a.count },
      grid: [Math.ceil(a.count / LANES)],
    },
  );
}

export interface RowsTreeArgs extends RowsOut {
  readonly ctl: GPUBuffer;
  readonly tree: GPUBuffer;
  /** First node; nodes [from, from + count) of a tree with room for `cap`. */
  readonly from: number;
  readonly cap: number;
}
/** Rows of tree nodes; those of absent nodes are idle. */
export function rowsTree(rec: Recording, a: RowsTreeArgs): void {
  checkOut("rows_tree", a);
  if (a.cap > MAX_TREE_NODES || a.from + a.count > a.cap)
    throw new Error(
      `rows_tree: nodes ${a.from} to ${a.from + a.count} of a tree with room for ${a.cap}, at most ${MAX_TREE_NODES}`,
    );
  needBytes("rows_tree", "tree", a.tree, 4 * treeWords(a.cap));
  rec.list.add(
    rowsTreeKernel,
    {},
    {
      bind: { ctl: a.ctl, tree: a.tree, rows: a.rows, bits: a.bits },
      params: { first_node: a.from, rows_count: a.count, cap: a.cap },
      grid: [Math.ceil(a.count / LANES)],
    },
  );
}
