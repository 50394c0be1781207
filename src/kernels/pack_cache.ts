/** Keys and values of rows into a cache of whole numbers: a head's largest magnitude is known only when all of it is. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/pack_cache.wgsl?raw";
import { slotWords } from "./cache";
import { ROW_WORDS } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const packCacheKernel = defineKernel({
  name: "pack_cache",
  source,
  reads: ["rows", "waiting"],
  writes: ["cache"],
  params: { row_count: "u32", n_heads: "u32", n_kv_heads: "u32", head_vecs: "u32", slot_words: "u32" },
  overrides: { ...REDUCE_OVERRIDES, WORKGROUP_SIZE: 32 },
});

export interface PackCacheArgs {
  /** u32 [T, ROW_WORDS]: slot of each row; a row without one leaves the cache alone. */
  readonly rows: GPUBuffer | BufferRange;
  /** f32: queries [T, nHeads headDim], behind them finished keys [T, nKvHeads headDim], then values. */
  readonly waiting: GPUBuffer | BufferRange;
  /** [slots, slotWords] as kernels/cache.ts says it of int8. */
  readonly cache: GPUBuffer | BufferRange;
  readonly T: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  /** A multiple of four. */
  readonly headDim: number;
  readonly slots: number;
}

export function packCache(rec: Recording, a: PackCacheArgs): void {
  const { rows, waiting, cache, T, nHeads, nKvHeads, headDim, slots } = a;
  if (headDim % 4 !== 0) throw new Error(`pack_cache: headDim is ${headDim}, expected a multiple of four`);
  const words = slotWords("int8", nKvHeads, headDim);
  needBytes("pack_cache", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("pack_cache", "waiting", waiting, 4 * T * (nHeads + 2 * nKvHeads) * headDim);
  needBytes("pack_cache", "cache", cache, 4 * slots * words);
  rec.list.add(packCacheKernel, reduceVariant(rec, 32, "pack_cache.lanes"), {
    bind: { rows, waiting, cache },
    params: {
      row_count: T,
      n_heads: nHeads,
      n_kv_heads: nKvHeads,
      head_vecs: headDim / 4,
      slot_words: words,
    },
    grid: [2 * nKvHeads, T],
  });
}
