/** The attention of a layer over cached keys and values, however they are kept: what all architectures here have in common. */
import type { BufferRange } from "../engine/memory";
import { attention, slotsBuiltFor } from "../kernels/attention";
import { type CacheStorage, slotWords, waitingWidth } from "../kernels/cache";
import { headNorm } from "../kernels/head_norm";
import { matvecQkv } from "../kernels/matvec_qkv";
import { packCache } from "../kernels/pack_cache";
import type { Recording } from "../kernels/tuning";
import type { WeightParts } from "../kernels/weights";

/** Heads of a layer. */
export interface HeadsShape {
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
}

export interface CachedAttention extends HeadsShape {
  /** As in AttentionArgs. */
  readonly rows: GPUBuffer;
  readonly bits: GPUBuffer;
  readonly banks?: GPUBuffer;
  readonly window?: number;
  readonly scale?: number;
  readonly partial?: GPUBuffer;
  /** f32 [T, dim] */
  readonly x: GPUBuffer;
  readonly T: number;
  readonly dim: number;
  readonly eps: number;
  readonly weight: WeightParts;
  readonly bias?: GPUBuffer;
  /** Null for a layer without rotation. */
  readonly rope: GPUBuffer | null;
  /** f32 [2, headDim]; null where heads have no norms. */
  readonly headNorms: GPUBuffer | null;
  /** f32 scratch of {@link queryWidth} numbers a row. */
  readonly q: GPUBuffer;
  readonly cache: BufferRange;
  readonly cacheStorage: CacheStorage;
  readonly slots: number;
  /** f32 [T, nHeads headDim] */
  readonly out: GPUBuffer;
}

/** Numbers of a row while queries are made: queries, and the keys and values that are not stored yet. */
export const queryWidth = (
  { nHeads, nKvHeads, headDim }: HeadsShape,
  cacheStorage: CacheStorage,
  hasHeadNorms = false,
): number => nHeads * headDim + waitingWidth(cacheStorage, hasHeadNorms, nKvHeads, headDim);

/** Bytes from one layer's cache to the next, a multiple of what ranges of a buffer begin at. */
export const cacheStride = (
  { nKvHeads, headDim }: Omit<HeadsShape, "nHeads">,
  cacheStorage: CacheStorage,
  slots: number,
): number => Math.ceil((4 * slotsBuiltFor(slots) * slotWords(cacheStorage, nKvHeads, headDim)) / 256) * 256;

/** out = attention(norm(x)), each row storing its key and value on the way: two dispatches, one more each for norms of heads and for int8. */
export function cachedAttention(rec: Recording, a: CachedAttention): void {
  const { rows, q, cache, cacheStorage, T, nHeads, nKvHeads, headDim, slots, rope, eps, headNorms } = a;
  const shape = { T, nHeads, nKvHeads, headDim, slots, cacheStorage };
  const { x, weight, bias, dim } = a;
  const keepsKeys = headNorms !== null;
  matvecQkv(rec, {
    rows,
    x,
    weight,
    ...(bias ? { bias } : {}),
    rope,
    q,
    cache,
    dim,
    ...shape,
    eps,
    keepsKeys,
  });
  if (headNorms) headNorm(rec, { rows, rope, gain: headNorms, q, cache, ...shape, eps });
  if (cacheStorage === "int8") packCache(rec, { rows, waiting: q, cache, ...shape });
  const { bits, banks, window, scale, partial, out } = a;
  attention(rec, {
    rows,
    bits,
    ...(banks ? { banks } : {}),
    q,
    cache,
    out,
    ...shape,
    ...(scale === undefined ? {} : { scale }),
    ...(window === undefined ? {} : { window }),
    ...(partial ? { partial } : {}),
  });
}
