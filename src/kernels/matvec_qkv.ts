/** Queries, keys and values of a layer in one dispatch: norm, projection, rotary embedding, cache write. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/matvec_qkv.wgsl?raw";
import { type CacheStorage, realOf, slotWords, waitingWidth } from "./cache";
import { ROW_WORDS } from "./layouts";
import { MATVEC_OVERRIDES, planParts } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import type { WeightParts } from "./weights";

export const matvecQkvKernel = defineKernel({
  name: "matvec_qkv",
  source,
  reads: ["rows", "x", "weight", "scales", "rope", "bias"],
  writes: ["q", "cache"],
  params: { row_count: "u32", x_row: "u32", eps: "f32", first_quad: "u32" },
  overrides: {
    ...MATVEC_OVERRIDES,
    HEAD_DIM: 4,
    N_HEADS: 1,
    N_KV_HEADS: 1,
    HAS_BIAS: 0,
    IS_TURNED: 1,
    WAITING: 0,
  },
});

export interface MatvecQkvArgs {
  /** u32 [T, ROW_WORDS]: position and slot of each row; a row without a slot leaves the cache alone. */
  readonly rows: GPUBuffer | BufferRange;
  /** f32 [T, dim] */
  readonly x: GPUBuffer | BufferRange;
  /**
   * [(nHeads + 2 nKvHeads) headDim, dim]: queries and keys in {@link import("./weights").rotaryRowOrder}, then values in
   * the checkpoint's order; the norm's gain folded into the columns.
   */
  readonly weight: WeightParts;
  /** f32 [(nHeads + 2 nKvHeads) headDim] in the order of the weight's rows, as Qwen2 has it. */
  readonly bias?: GPUBuffer | BufferRange;
  /** f32 [maxPositions, headDim / 2, 2]: cosine and sine; null for a layer without rotation. */
  readonly rope: GPUBuffer | BufferRange | null;
  /** Queries and keys are left for head_norm: not turned, the keys [T, nKvHeads headDim] in `q` behind all queries. */
  readonly keepsKeys?: boolean;
  /** f32 [T, nHeads headDim]; behind them keys or values that wait: see `waitingWidth` in kernels/cache.ts. */
  readonly q: GPUBuffer | BufferRange;
  /** [slots, slotWords], keys then values; int8 is written by pack_cache. */
  readonly cache: GPUBuffer | BufferRange;
  /** "f32" unless given. */
  readonly cacheStorage?: CacheStorage;
  /** Rows, 1 to 512. */
  readonly T: number;
  readonly dim: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  /** A multiple of four. */
  readonly headDim: number;
  readonly slots: number;
  readonly eps: number;
}

/** One dispatch a part. */
export function matvecQkv(rec: Recording, args: MatvecQkvArgs): void {
  const { rows, x, weight, bias, rope, q, cache, T, dim, nHeads, nKvHeads, headDim, slots, eps } = args;
  const { keepsKeys = false, cacheStorage = "f32" } = args;
  const outputs = (nHeads + 2 * nKvHeads) * headDim;
  if (headDim % 4 !== 0)
    throw new Error(`matvec_qkv: expected headDim to be a multiple of four, found ${headDim}`);
  needBytes("matvec_qkv", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("matvec_qkv", "x", x, 4 * T * dim);
  needBytes(
    "matvec_qkv",
    "q",
    q,
    4 * T * (nHeads * headDim + waitingWidth(cacheStorage, keepsKeys, nKvHeads, headDim)),
  );
  needBytes("matvec_qkv", "cache", cache, 4 * slots * slotWords(cacheStorage, nKvHeads, headDim));
  if (bias) needBytes("matvec_qkv", "bias", bias, 4 * outputs);
  const overrides = {
    HEAD_DIM: headDim,
    N_HEADS: nHeads,
    N_KV_HEADS: nKvHeads,
    HAS_BIAS: bias ? 1 : 0,
    IS_TURNED: rope && !keepsKeys ? 1 : 0,
    WAITING: cacheStorage === "int8" ? 2 : keepsKeys ? 1 : 0,
  };
  const matrix = { weight, rows: outputs, cols: dim, T };
  for (const part of planParts(rec, "matvec_qkv", matrix, "norm", { buffer: x }, overrides)) {
    const { first_quad } = part.rows;
    const filler = part.bind.weight;
    rec.list.add(
      matvecQkvKernel,
      { real: realOf(cacheStorage), ...part.variant },
      {
        bind: { rows, x, ...part.bind, rope: rope ?? filler, bias: bias ?? filler, q, cache },
        params: { row_count: T, x_row: 0, eps, first_quad },
        ...part.where,
      },
    );
  }
}
