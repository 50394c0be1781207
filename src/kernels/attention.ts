/** Attention of rows over cache slots: grouped queries, visibility by window or list, few rows or many. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import keysSource from "../../shaders/attention.wgsl?raw";
import mergeSource from "../../shaders/attention_merge.wgsl?raw";
import rowsSource from "../../shaders/attention_rows.wgsl?raw";
import { type CacheStorage, realOf, slotWords } from "./cache";
import { HEAD_FORMS, type HeadForm, headName, type HeadShape, MAX_WRITTEN_VECS } from "./head";
import { ROW_BIT_WORDS, ROW_WORDS } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

const READS = ["rows", "visible", "q", "cache"] as const;
export const attentionKernel = defineKernel({
  name: "attention",
  source: keysSource,
  reads: READS,
  writes: ["out"],
  params: { n_heads: "u32", n_kv_heads: "u32", scale: "f32", slots: "u32", window: "u32" },
  overrides: { ...REDUCE_OVERRIDES, WORKGROUP_SIZE: 32 },
});
export const attentionRowsKernel = defineKernel({
  name: "attention_rows",
  source: rowsSource,
  reads: READS,
  writes: ["out"],
  params: {
    rows_count: "u32",
    n_heads: "u32",
    n_kv_heads: "u32",
    scale: "f32",
    slots: "u32",
    window: "u32",
  },
  overrides: { WORKGROUP_SIZE: 32 },
});
export const attentionMergeKernel = defineKernel({
  name: "attention_merge",
  source: mergeSource,
  reads: ["partial"],
  writes: ["out"],
  params: { heads_count: "u32", splits: "u32" },
});

export interface AttentionArgs {
  /** u32 [T, ROW_WORDS] */
  readonly rows: GPUBuffer;
  /** u32 [T, ROW_BIT_WORDS]; not used with a slot list. */
  readonly bits: GPUBuffer;
  /** u32: rows see the slots [LIST_START, LIST_START + LIST_LENGTH) of this list instead of bound and bits. */
  readonly slotList?: GPUBuffer;
  /** u32 by position: the last bank it has filled; rows then see banks as recur_admit wrote them instead of bound and bits. */
  readonly banks?: GPUBuffer;
  /** f32 [T, nHeads * headDim] */
  readonly q: GPUBuffer | BufferRange;
  /** [slots, slotWords] as kernels/cache.ts says it: keys, then values. */
  readonly cache: GPUBuffer | BufferRange;
  /** "f32" unless given. */
  readonly cacheStorage?: CacheStorage;
  /** f32 [T, nHeads * headDim] */
  readonly out: GPUBuffer | BufferRange;
  readonly T: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  /** A multiple of 4 up to 256. */
  readonly headDim: number;
  readonly slots: number;
  /** Factor of the products; 1 / sqrt(headDim) if not given. */
  readonly scale?: number;
  /**
   * Positions that a row sees of those it would see otherwise: its own and those before it; all if not given. Below the
   * bound slots have the numbers of their positions, and the bits are the row's ancestors, one for each position.
   */
  readonly window?: number;
  /** Scratch of {@link attentionPartialWords} words; with it, few rows over many slots split the keys. */
  readonly partial?: GPUBuffer;
}

/** Slots that the kernel is built for: few numbers, so that pipelines are few. A cache with room for as many shares them. */
export const slotsBuiltFor = (slots: number): number => Math.ceil(slots / 64) * 64;

/** Slots above which the keys of few rows are split over workgroups. */
const SPLIT_SLOTS = 2048;
const MAX_SPLITS = 16;

/** Splits of the keys for a cache of this many slots: fixed when recorded, though early texts fill only some. */
export const attentionSplits = (slots: number): number =>
  slots <= SPLIT_SLOTS ? 1 : Math.min(MAX_SPLITS, Math.ceil(slots / 1024));
export const attentionPartialWords = (T: number, nHeads: number, headDim: number, slots: number): number =>
  T * nHeads * attentionSplits(slots) * (headDim + 4);

/**
 * The form of the loop over keys, by what the device's compiler does with it ("attention.form" replaces it by an index
 * of HEAD_FORMS). Written out, as many query heads share one reading of their keys as fit ("attention.queries" limits them).
 */
function headOf(rec: Recording, perKeyHead: number, vecs: number, cache: HeadShape["cache"]): HeadShape {
  const { choices } = rec.tuning;
  const { adapter } = rec.list.engine.gpu;
  const usual: HeadForm = /swiftshader/i.test(adapter) ? "written" : "plain";
  const form = HEAD_FORMS[choices["attention.form"] ?? -1] ?? usual;
  if (form !== "written") return { queries: 1, vecs, form, cache };
  if (vecs > MAX_WRITTEN_VECS) return { queries: 1, vecs, form: "plain", cache };
  let queries = Math.min(
    perKeyHead,
    choices["attention.queries"] ?? perKeyHead,
    Math.floor(MAX_WRITTEN_VECS / vecs),
  );
  while (perKeyHead % queries !== 0) queries--;
  return { queries, vecs, form, cache };
}

/**
 * Records one dispatch, or two where keys are split. `tuning.choices`: "attention.rows" is the number of rows from which
 * one invocation takes a whole row (default 64, 32 on software adapters); below it the lanes of a workgroup share a row. In
 * both forms the order of a row's sums depends on neither T nor the other rows.
 */
export function attention(rec: Recording, a: AttentionArgs): void {
  const { T, nHeads, nKvHeads, headDim, slots } = a;
  const { choices } = rec.tuning;
  const { cacheStorage = "f32" } = a;
  const real = realOf(cacheStorage);
  const slotBytes = 4 * slotWords(cacheStorage, nKvHeads, headDim);
  if (headDim % 4 !== 0 || headDim < 4 || headDim > 256)
    throw new Error(`attention: headDim is ${headDim}, expected a multiple of 4 up to 256`);
  if (nKvHeads < 1 || nHeads % nKvHeads !== 0)
    throw new Error(`attention: nHeads is ${nHeads}, expected a multiple of nKvHeads ${nKvHeads}`);
  needBytes("attention", "rows", a.rows, 4 * ROW_WORDS * T);
  if (!a.slotList) needBytes("attention", "bits", a.bits, 4 * ROW_BIT_WORDS * T);
  needBytes("attention", "q", a.q, 4 * T * nHeads * headDim);
  needBytes("attention", "out", a.out, 4 * T * nHeads * headDim);
  needBytes("attention", "cache", a.cache, slots * slotBytes);
  const bind = { rows: a.rows, visible: a.slotList ?? a.banks ?? a.bits, q: a.q, cache: a.cache };
  const params = {
    n_heads: nHeads,
    n_kv_heads: nKvHeads,
    scale: a.scale ?? 1 / Math.sqrt(headDim),
    slots,
    window: a.window ?? 0,
  };
  const slotsBuilt = slotsBuiltFor(slots);
  const hasRoom = a.cache.size >= slotsBuilt * slotBytes;
  const perSlot = cacheStorage === "int8" ? slotBytes / 4 : (nKvHeads * headDim) / 2;
  const consts = { CACHE_LENGTH: (hasRoom ? slotsBuilt : slots) * perSlot };
  if (a.window !== undefined && (a.window < 1 || a.slotList || a.banks))
    throw new Error(
      `attention: a window of ${a.window} positions, expected at least 1 and rows that see by bound and bits`,
    );
  const visibility = a.slotList ? "list" : a.banks ? "bank" : a.window === undefined ? "window" : "sliding";
  const head = headOf(rec, nHeads / nKvHeads, headDim / 4, cacheStorage === "int8" ? "int8" : "real");
  const uses = { visibility, head: headName(head) };

  const isSoftware = rec.list.engine.gpu.isSoftware;
  if (T >= (choices["attention.rows"] ?? (isSoftware ? 32 : 64))) {
    const lanes = choices["attention_rows.lanes"] ?? (isSoftware ? 4 : 32);
    const variant = { real, uses, consts, overrides: { WORKGROUP_SIZE: lanes } };
    rec.list.add(attentionRowsKernel, variant, {
      bind: { ...bind, out: a.out },
      params: { ...params, rows_count: T },
      grid: [Math.ceil(T / lanes), nHeads / head.queries],
    });
    return;
  }
  const lanes = reduceVariant(rec, 32, "attention.lanes");
  const variant = { ...lanes, real, consts, uses: { ...lanes.uses, ...uses } };
  const splits = a.partial ? attentionSplits(slots) : 1;
  if (splits === 1) {
    rec.list.add(attentionKernel, variant, {
      bind: { ...bind, out: a.out },
      params,
      grid: [nHeads / head.queries, T],
    });
    return;
  }
  const partial = a.partial!;
  needBytes("attention", "partial", partial, 4 * attentionPartialWords(T, nHeads, headDim, slots));
  rec.list.add(attentionKernel, variant, {
    bind: { ...bind, out: partial },
    params,
    grid: [nHeads / head.queries, T, splits],
  });
  rec.list.add(
    attentionMergeKernel,
    { consts: { HEAD_VECS: headDim / 4 } },
    {
      bind: { partial, out: a.out },
      params: { heads_count: T * nHeads, splits },
      grid: [Math.ceil((T * nHeads * headDim) / 4 / 32)],
    },
  );
}
