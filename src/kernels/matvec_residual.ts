/** Output and down projections: a product added to the residual stream. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/matvec_residual.wgsl?raw";
import { MATVEC_OVERRIDES, planMatvec } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import type { WeightMatrix } from "./weights";

export const matvecResidualKernel = defineKernel({
  name: "matvec_residual",
  source,
  reads: ["x", "weight", "scales", "bias"],
  writes: ["y"],
  params: { row_count: "u32", x_row: "u32" },
  overrides: { ...MATVEC_OVERRIDES, HAS_BIAS: 0, ADDS: 1 },
});

export interface MatvecResidualArgs {
  /** f32 [T, weight.cols] */
  readonly a: GPUBuffer | BufferRange;
  /** [D, weight.cols], D a multiple of four. */
  readonly weight: WeightMatrix;
  /** f32 [D] */
  readonly bias?: GPUBuffer | BufferRange;
  /** f32 [T, D], added to. */
  readonly x: GPUBuffer | BufferRange;
  /** What x held is replaced instead. */
  readonly replaces?: boolean;
  /** Rows, 1 to 512. */
  readonly T: number;
}

/** x[t,:] += W a[t,:] + bias */
export function matvecResidual(rec: Recording, args: MatvecResidualArgs): void {
  const { a, weight, bias, x, replaces = false, T } = args;
  if (weight.rows % 4 !== 0)
    throw new Error(`matvec_residual: weight has ${weight.rows} rows, expected a multiple of four`);
  needBytes("matvec_residual", "a", a, 4 * T * weight.cols);
  needBytes("matvec_residual", "x", x, 4 * T * weight.rows);
  if (bias) needBytes("matvec_residual", "bias", bias, 4 * weight.rows);
  const overrides = { HAS_BIAS: bias ? 1 : 0, ADDS: replaces ? 0 : 1 };
  const plan = planMatvec(rec, weight, T, "plain", { buffer: a }, overrides);
  rec.list.add(matvecResidualKernel, plan.variant, {
    bind: {
      x: a,
      weight: weight.data,
      scales: weight.scales ?? weight.data,
      bias: bias ?? weight.data,
      y: x,
    },
    params: { row_count: T, x_row: 0 },
    ...plan.where,
  });
}
