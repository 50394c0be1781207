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
  reads: ["x", "weight", "scales"],
  writes: ["y"],
  params: { row_count: "u32", x_row: "u32" },
  overrides: MATVEC_OVERRIDES,
});

export interface MatvecResidualArgs {
  /** f32 [T, weight.cols] */
  readonly a: GPUBuffer | BufferRange;
  /** [D, weight.cols], D a multiple of four. */
  readonly weight: WeightMatrix;
  /** f32 [T, D], added to. */
  readonly x: GPUBuffer | BufferRange;
  /** Rows, 1 to 512. */
  readonly T: number;
}

/** x[t,:] += W a[t,:] */
export function matvecResidual(rec: Recording, { a, weight, x, T }: MatvecResidualArgs): void {
  if (weight.rows % 4 !== 0)
    throw new Error(`matvec_residual: weight has ${weight.rows} rows, expected a multiple of four`);
  needBytes("matvec_residual", "a", a, 4 * T * weight.cols);
  needBytes("matvec_residual", "x", x, 4 * T * weight.rows);
  const plan = planMatvec(rec, weight, T, "plain", { buffer: a });
  rec.list.add(matvecResidualKernel, plan.variant, {
    bind: { x: a, weight: weight.data, scales: weight.scales ?? weight.data, y: x },
    params: { row_count: T, x_row: 0 },
    ...plan.where,
  });
}
