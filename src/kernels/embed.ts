/** Token ids become rows of the residual stream. */
import { defineKernel, type Variant } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/embed.wgsl?raw";
import tailSource from "../../shaders/embed_tail.wgsl?raw";
import { CTL_WORDS, ROW_BIT_WORDS, ROW_WORDS } from "./layouts";
import { scaleOverrides, storageInclude } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import { expectParts, type WeightMatrix, type WeightParts } from "./weights";

export const embedKernel = defineKernel({
  name: "embed",
  source,
  reads: ["rows", "weight", "scales"],
  writes: ["x"],
  params: { vocab_size: "u32", first_token: "u32", token_count: "u32", scale: "f32" },
  overrides: { WORKGROUP_SIZE: 64, UNITS: 1, GROUPS: 1, UNITS_PER_GROUP: 1, IS_SCALED: 0 },
});

export const embedTailKernel = defineKernel({
  name: "embed_tail",
  source: tailSource,
  reads: ["ctl", "seq", "weight", "scales"],
  writes: ["rows", "bits", "x"],
  params: { rows_count: "u32", scale: "f32" },
  overrides: embedKernel.overrides,
});

export interface EmbedArgs {
  /** u32 [T, ROW_WORDS]; a row whose token is not below vocabSize becomes zeros. */
  readonly rows: GPUBuffer | BufferRange;
  /** [vocabSize, dim], whole or in parts by rows. */
  readonly table: WeightParts;
  /** f32 [T, dim] */
  readonly x: GPUBuffer | BufferRange;
  readonly T: number;
  readonly dim: number;
  readonly vocabSize: number;
  /** 1 unless given; Gemma multiplies by sqrt(dim). */
  readonly scale?: number;
}

/** Includes and overrides of both kernels for one part of a table. */
function embedVariant(rec: Recording, part: WeightMatrix): Variant {
  const { isSoftware } = rec.list.engine.gpu;
  const size = rec.tuning.choices["embed.lanes"] ?? (isSoftware ? 4 : 64);
  const include = storageInclude(rec, part, false);
  return {
    uses: { weights: include },
    overrides: {
      WORKGROUP_SIZE: size,
      ...scaleOverrides(part, include),
      IS_SCALED: part.groupSize > 0 ? 1 : 0,
    },
  };
}
const unitGroups = (v: Variant): number =>
  Math.ceil(v.overrides!["UNITS"]! / v.overrides!["WORKGROUP_SIZE"]!);

/** x[t,:] = scale * table[token of rows[t],:]; one dispatch a part. */
export function embed(rec: Recording, args: EmbedArgs): void {
  const { rows, x, T, dim, vocabSize, scale = 1 } = args;
  const parts = expectParts("embed", args.table, vocabSize, dim);
  needBytes("embed", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("embed", "x", x, 4 * T * dim);
  for (const { first, part } of parts) {
    const variant = embedVariant(rec, part);
    rec.list.add(embedKernel, variant, {
      bind: { rows, weight: part.data, scales: part.scales ?? part.data, x },
      params: { vocab_size: vocabSize, first_token: first, token_count: part.rows, scale },
      grid: [unitGroups(variant), T],
    });
  }
}

export interface EmbedTailArgs {
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** u32 [T, ROW_WORDS], written */
  readonly rows: GPUBuffer;
  /** u32 [T, ROW_BIT_WORDS], written */
  readonly bits: GPUBuffer;
  /** [V, dim] in one part. */
  readonly table: WeightMatrix;
  /** f32 [T, dim] */
  readonly x: GPUBuffer | BufferRange;
  readonly T: number;
  readonly scale?: number;
}

/** What rowsTail and embed do, in one dispatch: the rows of the last T committed tokens, and their embeddings. */
export function embedTail(rec: Recording, args: EmbedTailArgs): void {
  const { ctl, seq, rows, bits, table, x, T, scale = 1 } = args;
  needBytes("embed_tail", "ctl", ctl, 4 * CTL_WORDS);
  needBytes("embed_tail", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("embed_tail", "bits", bits, 4 * ROW_BIT_WORDS * T);
  needBytes("embed_tail", "x", x, 4 * T * table.cols);
  const variant = embedVariant(rec, table);
  rec.list.add(embedTailKernel, variant, {
    bind: { ctl, seq, weight: table.data, scales: table.scales ?? table.data, rows, bits, x },
    params: { rows_count: T, scale },
    grid: [unitGroups(variant), T],
  });
}
