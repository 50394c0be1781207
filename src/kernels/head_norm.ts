/** The norm of every query and key head, and what matvec_qkv leaves to it: rotary embedding and the cache's keys. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/head_norm.wgsl?raw";
import { type CacheStorage, realOf, slotWords } from "./cache";
import { ROW_WORDS } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const headNormKernel = defineKernel({
  name: "head_norm",
  source,
  reads: ["rows", "rope", "gain"],
  writes: ["q", "cache"],
  params: { row_count: "u32", eps: "f32" },
  overrides: {
    ...REDUCE_OVERRIDES,
    WORKGROUP_SIZE: 32,
    HEAD_DIM: 4,
    N_HEADS: 1,
    N_KV_HEADS: 1,
    IS_TURNED: 1,
    KEEPS_KEYS: 0,
  },
});

export interface HeadNormArgs {
  /** u32 [T, ROW_WORDS]: position and slot of each row; a row without a slot leaves the cache alone. */
  readonly rows: GPUBuffer | BufferRange;
  /** f32 [maxPositions, headDim / 2, 2]: cosine and sine; null for a layer without rotation. */
  readonly rope: GPUBuffer | BufferRange | null;
  /** f32 [2, headDim]: of queries, then of keys. */
  readonly gain: GPUBuffer | BufferRange;
  /** f32 [T, nHeads headDim], finished in place; behind it the raw keys [T, nKvHeads headDim], which stay there for int8. */
  readonly q: GPUBuffer | BufferRange;
  /** [slots, slotWords], keys then values; int8 is written by pack_cache. */
  readonly cache: GPUBuffer | BufferRange;
  /** "f32" unless given. */
  readonly cacheStorage?: CacheStorage;
  readonly T: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  /** Even. */
  readonly headDim: number;
  readonly slots: number;
  readonly eps: number;
}

export function headNorm(rec: Recording, args: HeadNormArgs): void {
  const { rows, rope, gain, q, cache, T, nHeads, nKvHeads, headDim, slots, eps } = args;
  if (headDim % 2 !== 0) throw new Error(`head_norm: headDim is ${headDim}, expected an even number`);
  const { cacheStorage = "f32" } = args;
  needBytes("head_norm", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("head_norm", "gain", gain, 8 * headDim);
  needBytes("head_norm", "q", q, 4 * T * (nHeads + nKvHeads) * headDim);
  needBytes("head_norm", "cache", cache, 4 * slots * slotWords(cacheStorage, nKvHeads, headDim));
  const lanes = reduceVariant(rec, 32, "head_norm.lanes");
  const shape = {
    HEAD_DIM: headDim,
    N_HEADS: nHeads,
    N_KV_HEADS: nKvHeads,
    IS_TURNED: rope ? 1 : 0,
    KEEPS_KEYS: cacheStorage === "int8" ? 1 : 0,
  };
  rec.list.add(
    headNormKernel,
    { ...lanes, real: realOf(cacheStorage), overrides: { ...lanes.overrides, ...shape } },
    {
      bind: { rows, rope: rope ?? gain, gain, q, cache },
      params: { row_count: T, eps },
      grid: [nHeads + nKvHeads, T],
    },
  );
}
