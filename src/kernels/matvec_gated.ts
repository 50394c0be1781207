/** The first half of a gated feed-forward layer: norm, gate and up projections, activation. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/matvec_gated.wgsl?raw";
import { MATVEC_OVERRIDES, planParts } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import type { WeightParts } from "./weights";

export const matvecGatedKernel = defineKernel({
  name: "matvec_gated",
  source,
  reads: ["x", "weight", "scales", "bias"],
  writes: ["hidden"],
  params: { row_count: "u32", x_row: "u32", eps: "f32", first_quad: "u32", all_quads: "u32" },
  overrides: { ...MATVEC_OVERRIDES, ACTIVATION: 0, HAS_BIAS: 0 },
});

export interface MatvecGatedArgs {
  /** f32 [T, dim] */
  readonly x: GPUBuffer | BufferRange;
  /** [2 hiddenDim, dim], rows in {@link import("./weights").gatedRowOrder}, the norm's gain folded into the columns. */
  readonly weight: WeightParts;
  /** f32 [2 hiddenDim] in the order of the weight's rows. */
  readonly bias?: GPUBuffer | BufferRange;
  /** f32 [T, hiddenDim] */
  readonly hidden: GPUBuffer | BufferRange;
  /** Rows, 1 to 512. */
  readonly T: number;
  readonly dim: number;
  /** Even. */
  readonly hiddenDim: number;
  readonly eps: number;
  /** "silu" unless given; "gelu" is the tanh form. */
  readonly activation?: "silu" | "gelu";
}

/** hidden[t,:] = f(G n) * (U n) with n = rmsnorm(x[t,:]), biases added to both products; one dispatch a part. */
export function matvecGated(rec: Recording, args: MatvecGatedArgs): void {
  const { x, weight, bias, hidden, T, dim, hiddenDim, eps } = args;
  if (hiddenDim % 2 !== 0) throw new Error(`matvec_gated: expected an even hiddenDim, found ${hiddenDim}`);
  needBytes("matvec_gated", "x", x, 4 * T * dim);
  needBytes("matvec_gated", "hidden", hidden, 4 * T * hiddenDim);
  if (bias) needBytes("matvec_gated", "bias", bias, 8 * hiddenDim);
  const overrides = { ACTIVATION: args.activation === "gelu" ? 1 : 0, HAS_BIAS: bias ? 1 : 0 };
  const matrix = { weight, rows: 2 * hiddenDim, cols: dim, T };
  for (const part of planParts(rec, "matvec_gated", matrix, "norm", { buffer: x }, overrides))
    rec.list.add(matvecGatedKernel, part.variant, {
      bind: { x, ...part.bind, bias: bias ?? part.bind.weight, hidden },
      params: { row_count: T, x_row: 0, eps, ...part.rows },
      ...part.where,
    });
}
