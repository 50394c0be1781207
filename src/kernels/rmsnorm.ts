/** Root-mean-square norm on its own; the fused kernels compute the same beside their products. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/rmsnorm.wgsl?raw";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const rmsnormKernel = defineKernel({
  name: "rmsnorm",
  source,
  reads: ["x", "gain"],
  writes: ["y"],
  params: { blocks: "u32", eps: "f32" },
  overrides: { ...REDUCE_OVERRIDES, ADDS: 0 },
});

export interface RmsnormArgs {
  /** f32 [T, dim] */
  readonly x: GPUBuffer | BufferRange;
  /** f32 [dim] */
  readonly gain: GPUBuffer | BufferRange;
  /** f32 [T, dim] */
  readonly y: GPUBuffer | BufferRange;
  readonly T: number;
  /** A multiple of four. */
  readonly dim: number;
  readonly eps: number;
  /** The result is added to what y holds. */
  readonly adds?: boolean;
}

export function rmsnorm(rec: Recording, { x, gain, y, T, dim, eps, adds = false }: RmsnormArgs): void {
  if (dim % 4 !== 0) throw new Error(`rmsnorm: dim is ${dim}, expected a multiple of four`);
  needBytes("rmsnorm", "x", x, 4 * T * dim);
  needBytes("rmsnorm", "gain", gain, 4 * dim);
  needBytes("rmsnorm", "y", y, 4 * T * dim);
  const lanes = reduceVariant(rec, 64, "rmsnorm.lanes");
  const variant = { ...lanes, overrides: { ...lanes.overrides, ADDS: adds ? 1 : 0 } };
  rec.list.add(rmsnormKernel, variant, {
    bind: { x, gain, y },
    params: { blocks: dim / 4, eps },
    grid: [T],
  });
}
