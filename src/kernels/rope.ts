/** Rotary embedding on its own, and the table of angles that all kernels read. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/rope.wgsl?raw";
import { ROW_WORDS } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

export const ropeKernel = defineKernel({
  name: "rope",
  source,
  reads: ["rows", "rope"],
  writes: ["x"],
  params: { n_heads: "u32", head_dim: "u32" },
  overrides: { WORKGROUP_SIZE: 64 },
});

export interface RopeArgs {
  /** u32 [T, ROW_WORDS]: the position of each row. */
  readonly rows: GPUBuffer | BufferRange;
  /** f32 [maxPositions, headDim / 2, 2]: cosine and sine. */
  readonly rope: GPUBuffer | BufferRange;
  /** f32 [T, nHeads headDim], turned in place. */
  readonly x: GPUBuffer | BufferRange;
  readonly T: number;
  readonly nHeads: number;
  readonly headDim: number;
}

export function rope(rec: Recording, args: RopeArgs): void {
  const { rows, x, T, nHeads, headDim } = args;
  if (headDim % 2 !== 0) throw new Error(`rope: headDim is ${headDim}, expected an even number`);
  needBytes("rope", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("rope", "x", x, 4 * T * nHeads * headDim);
  const size = rec.list.engine.gpu.isSoftware ? 4 : 64;
  rec.list.add(
    ropeKernel,
    { overrides: { WORKGROUP_SIZE: size } },
    {
      bind: { rows, rope: args.rope, x },
      params: { n_heads: nHeads, head_dim: headDim },
      grid: [Math.ceil((nHeads * headDim) / 2 / size), T],
    },
  );
}

/**
 * Cosines and sines [maxPositions, headDim / 2, 2] of position / theta^(2i / headDim), or of position * frequencies[i],
 * times `gain`.
 * @see Su et al. 2021, RoFormer, equation 34
 */
export function ropeTable(
  maxPositions: number,
  headDim: number,
  theta: number,
  frequencies?: ArrayLike<number>,
  gain = 1,
): Float32Array<ArrayBuffer> {
  const table = new Float32Array(maxPositions * headDim);
  const half = headDim / 2;
  for (let p = 0; p < maxPositions; p++)
    for (let i = 0; i < half; i++) {
      const angle = p * (frequencies?.[i] ?? theta ** ((-2 * i) / headDim));
      table[2 * (p * half + i)] = gain * Math.cos(angle);
      table[2 * (p * half + i) + 1] = gain * Math.sin(angle);
    }
  return table;
}
