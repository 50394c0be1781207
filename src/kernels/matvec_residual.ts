/** Output and down projections: a product added to the residual stream. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/matvec_residual.wgsl?raw";
import { MATVEC_OVERRIDES, planParts } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import { colsOfParts, rowsOfParts, type WeightParts } from "./weights";

export const matvecResidualKernel = defineKernel({
  name: "matvec_residual",
  source,
  reads: ["x", "weight", "scales", "bias"],
  writes: ["y"],
  params: { row_count: "u32", x_row: "u32", first_quad: "u32", all_quads: "u32" },
  overrides: { ...MATVEC_OVERRIDES, HAS_BIAS: 0, ADDS: 1 },
});

export interface MatvecResidualArgs {
  /** f32 [T, A] */
  readonly a: GPUBuffer | BufferRange;
  /** [D, A], D a multiple of four. */
  readonly weight: WeightParts;
  /** f32 [D] */
  readonly bias?: GPUBuffer | BufferRange;
  /** f32 [T, D], added to. */
  readonly x: GPUBuffer | BufferRange;
  /** What x held is replaced instead. */
  readonly replaces?: boolean;
  /** Rows, 1 to 512. */
  readonly T: number;
}

/** x[t,:] += W a[t,:] + bias; one dispatch a part. */
export function matvecResidual(rec: Recording, args: MatvecResidualArgs): void {
  const { a, weight, bias, x, replaces = false, T } = args;
  const matrix = { weight, rows: rowsOfParts(weight), cols: colsOfParts(weight), T };
  if (matrix.rows % 4 !== 0)
    throw new Error(`matvec_residual: weight has ${matrix.rows} rows, expected a multiple of four`);
  needBytes("matvec_residual", "a", a, 4 * T * matrix.cols);
  needBytes("matvec_residual", "x", x, 4 * T * matrix.rows);
  if (bias) needBytes("matvec_residual", "bias", bias, 4 * matrix.rows);
  const overrides = { HAS_BIAS: bias ? 1 : 0, ADDS: replaces ? 0 : 1 };
  for (const part of planParts(rec, "matvec_residual", matrix, "plain", { buffer: a }, overrides))
    rec.list.add(matvecResidualKernel, part.variant, {
      bind: { x: a, ...part.bind, bias: bias ?? part.bind.weight, y: x },
      params: { row_count: T, x_row: 0, ...part.rows },
      ...part.where,
    });
}
