/** A product of a normed input and nothing more: the projections of a state-space layer. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/matvec_norm.wgsl?raw";
import { MATVEC_OVERRIDES, planParts } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import { colsOfParts, quadsOf, rowsOfParts, type WeightParts } from "./weights";

export const matvecNormKernel = defineKernel({
  name: "matvec_norm",
  source,
  reads: ["x", "weight", "scales", "bias"],
  writes: ["y"],
  params: { row_count: "u32", x_row: "u32", eps: "f32", first_quad: "u32", all_quads: "u32" },
  overrides: { ...MATVEC_OVERRIDES, HAS_BIAS: 0, ADDS: 0 },
});

export interface MatvecNormArgs {
  /** f32 [T, D] */
  readonly x: GPUBuffer | BufferRange;
  /** [O, D], the norm's gain folded into the columns. */
  readonly weight: WeightParts;
  /** f32 [O], O rounded up to a multiple of four. */
  readonly bias?: GPUBuffer | BufferRange;
  /** f32 [T, O], O rounded up to a multiple of four. */
  readonly y: GPUBuffer | BufferRange;
  /** The result is added to what y holds. */
  readonly adds?: boolean;
  /** Rows, 1 to 512. */
  readonly T: number;
  readonly eps: number;
}

/** y[t,:] = W rmsnorm(x[t,:]) + bias; one dispatch a part. */
export function matvecNorm(rec: Recording, args: MatvecNormArgs): void {
  const { x, weight, bias, y, adds = false, T, eps } = args;
  const matrix = { weight, rows: rowsOfParts(weight), cols: colsOfParts(weight), T };
  const width = 4 * quadsOf(matrix.rows);
  needBytes("matvec_norm", "x", x, 4 * T * matrix.cols);
  needBytes("matvec_norm", "y", y, 4 * T * width);
  if (bias) needBytes("matvec_norm", "bias", bias, 4 * width);
  const overrides = { HAS_BIAS: bias ? 1 : 0, ADDS: adds ? 1 : 0 };
  for (const part of planParts(rec, "matvec_norm", matrix, "norm", { buffer: x }, overrides))
    rec.list.add(matvecNormKernel, part.variant, {
      bind: { x, ...part.bind, bias: bias ?? part.bind.weight, y },
      params: { row_count: T, x_row: 0, eps, ...part.rows },
      ...part.where,
    });
}
