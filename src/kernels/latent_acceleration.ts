/** How much the steps of latents change from one pass to the next. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/latent_acceleration.wgsl?raw";
import { SIGNAL_WORDS } from "./latents";
import { ROW_WORDS } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const latentAccelerationKernel = defineKernel({
  name: "latent_acceleration",
  source,
  reads: ["rows", "z", "last_z"],
  writes: ["last_step", "change"],
  params: { dim: "u32" },
  overrides: { ...REDUCE_OVERRIDES, BY_POSITION: 0 },
});

/** Word of a row of `change`; the words before it are those of `Signal` in latents.ts. */
export const ACCELERATION = 2;

export interface LatentAccelerationArgs {
  /** u32 [T, ROW_WORDS]; rows without a slot are idle. */
  readonly rows: GPUBuffer;
  readonly T: number;
  readonly dim: number;
  /** Latents are kept by position; otherwise by row. */
  readonly byPosition: boolean;
  /** f32 [S, D]: latents now and at the end of the last pass. */
  readonly z: GPUBuffer;
  readonly lastZ: GPUBuffer;
  /** f32 [S, D]: how far they moved in the last pass; replaced by how far they moved in this one. */
  readonly lastStep: GPUBuffer;
  /** f32 [T, SIGNAL_WORDS] by row; ACCELERATION is written. */
  readonly change: GPUBuffer;
}

/** Accelerations of all rows. */
export function latentAcceleration(rec: Recording, a: LatentAccelerationArgs): void {
  const { rows, z, lastZ, lastStep, change, T, dim } = a;
  needBytes("latent_acceleration", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("latent_acceleration", "change", change, 4 * SIGNAL_WORDS * T);
  const lanes = reduceVariant(rec, 64, "latent_acceleration.lanes");
  rec.list.add(
    latentAccelerationKernel,
    { ...lanes, overrides: { ...lanes.overrides, BY_POSITION: a.byPosition ? 1 : 0 } },
    {
      bind: { rows, z, last_z: lastZ, last_step: lastStep, change },
      params: { dim },
      grid: [1, T],
    },
  );
}
