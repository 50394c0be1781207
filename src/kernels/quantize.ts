/** Packing an uploaded f32 matrix into the blocks, and the precision, in which the dense kernels read it. */
import { foldGrid } from "../engine/dispatch_list";
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/pack_weights.wgsl?raw";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import { groupsOf, quadsOf, type WeightMatrix } from "./weights";

export const packWeightsKernel = defineKernel({
  name: "pack_weights",
  source,
  reads: ["source"],
  writes: ["weight", "scales"],
  params: { quads: "u32", source_rows: "u32", first_quad: "u32" },
  overrides: { WORKGROUP_SIZE: 64, BLOCKS: 1, GROUPS: 1, BLOCKS_PER_GROUP: 1 },
});

export interface PackWeightsArgs {
  /** f32 [rows, into.cols], row-major. */
  readonly source: GPUBuffer | BufferRange;
  readonly rows: number;
  readonly into: WeightMatrix;
  /** Row of `into` that the first row of source becomes, a multiple of four; 0 unless given. */
  readonly firstRow?: number;
  /** Sixteen bytes or more that may be overwritten; needed where `into` has no scales. */
  readonly scratch: GPUBuffer;
}

/** Fills rows firstRow .. firstRow + rows of a matrix; those up to the next multiple of four become zeros. */
export function packWeights(rec: Recording, a: PackWeightsArgs): void {
  const { into, rows, firstRow = 0 } = a;
  needBytes("pack_weights", "source", a.source, 4 * rows * into.cols);
  if (firstRow % 4 !== 0 || firstRow + rows > into.rows) {
    throw new Error(
      `pack_weights: expected rows from a multiple of four up to ${into.rows}, found ${firstRow} to ${firstRow + rows}`,
    );
  }
  const blocks = into.cols / 4;
  const isGrouped = into.groupSize > 0;
  const groups = isGrouped ? groupsOf(into) : blocks;
  const perGroup = isGrouped ? into.groupSize / 4 : 1;
  const [y, z] = foldGrid(quadsOf(rows));
  const size = 64;
  rec.list.add(
    packWeightsKernel,
    {
      uses: { pack: into.storage },
      overrides: { WORKGROUP_SIZE: size, BLOCKS: blocks, GROUPS: groups, BLOCKS_PER_GROUP: perGroup },
    },
    {
      bind: { source: a.source, weight: into.data, scales: into.scales ?? a.scratch },
      params: { quads: quadsOf(rows), source_rows: rows, first_quad: firstRow / 4 },
      grid: [Math.ceil(groups / size), y, z],
    },
  );
}
