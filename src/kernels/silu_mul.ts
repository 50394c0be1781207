/** The gate of a feed-forward layer on its own, for architectures whose projections are not fused. */
import { foldGrid } from "../engine/dispatch_list";
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/silu_mul.wgsl?raw";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

export const siluMulKernel = defineKernel({
  name: "silu_mul",
  source,
  reads: ["gate", "up"],
  writes: ["y"],
  params: { count: "u32" },
  overrides: { WORKGROUP_SIZE: 64 },
});

export interface SiluMulArgs {
  /** f32 [count] */
  readonly gate: GPUBuffer | BufferRange;
  /** f32 [count] */
  readonly up: GPUBuffer | BufferRange;
  /** f32 [count] */
  readonly y: GPUBuffer | BufferRange;
  readonly count: number;
}

export function siluMul(rec: Recording, { gate, up, y, count }: SiluMulArgs): void {
  for (const [name, buffer] of Object.entries({ gate, up, y }))
    needBytes("silu_mul", name, buffer, 4 * count);
  rec.list.add(
    siluMulKernel,
    {},
    { bind: { gate, up, y }, params: { count }, grid: foldGrid(Math.ceil(count / 64)) },
  );
}
