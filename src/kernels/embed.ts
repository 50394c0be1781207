/** Token ids become rows of the residual stream. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/embed.wgsl?raw";
import { ROW_WORDS } from "./layouts";
import { scaleOverrides, storageInclude } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import { partsOf, type WeightMatrix } from "./weights";

export const embedKernel = defineKernel({
  name: "embed",
  source,
  reads: ["rows", "weight", "scales"],
  writes: ["x"],
  params: { vocab_size: "u32", first_token: "u32", token_count: "u32", scale: "f32" },
  overrides: { WORKGROUP_SIZE: 64, UNITS: 1, GROUPS: 1, UNITS_PER_GROUP: 1, IS_SCALED: 0 },
});

export interface EmbedArgs {
  /** u32 [T, ROW_WORDS]; a row whose token is not below vocabSize becomes zeros. */
  readonly rows: GPUBuffer | BufferRange;
  /** [vocabSize, dim], whole or in parts by rows. */
  readonly table: WeightMatrix | readonly WeightMatrix[];
  /** f32 [T, dim] */
  readonly x: GPUBuffer | BufferRange;
  readonly T: number;
  readonly dim: number;
  readonly vocabSize: number;
  /** 1 unless given; Gemma multiplies by sqrt(dim). */
  readonly scale?: number;
}

/** x[t,:] = scale * table[token of rows[t],:]; one dispatch a part. */
export function embed(rec: Recording, args: EmbedArgs): void {
  const { rows, x, T, dim, vocabSize, scale = 1 } = args;
  const parts = partsOf(args.table);
  const total = parts.reduce((n, { part }) => n + part.rows, 0);
  if (total !== vocabSize || parts.some(({ part }) => part.cols !== dim))
    throw new Error(`embed: table has ${total} rows, expected ${vocabSize} of ${dim} columns`);
  needBytes("embed", "rows", rows, 4 * ROW_WORDS * T);
  needBytes("embed", "x", x, 4 * T * dim);
  const { isSoftware } = rec.list.engine.gpu;
  const size = rec.tuning.choices["embed.lanes"] ?? (isSoftware ? 4 : 64);
  for (const { first, part } of parts) {
    const scales = scaleOverrides(part);
    rec.list.add(
      embedKernel,
      {
        uses: { weights: storageInclude(rec, part, false) },
        overrides: {
          WORKGROUP_SIZE: size,
          ...scales,
          IS_SCALED: part.storage === "int8" ? 1 : 0,
        },
      },
      {
        bind: { rows, weight: part.data, scales: part.scales ?? part.data, x },
        params: { vocab_size: vocabSize, first_token: first, token_count: part.rows, scale },
        grid: [Math.ceil(scales.UNITS / size), T],
      },
    );
  }
}
