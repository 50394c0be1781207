/** Statistics of rows of logits or laws, without writing anything as long as the vocabulary. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/row_stats.wgsl?raw";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const rowStatsKernel = defineKernel({
  name: "row_stats",
  source,
  reads: ["laws"],
  writes: ["stats"],
  params: { first_row: "u32", vocab_size: "u32" },
  overrides: REDUCE_OVERRIDES,
});

/** Words of one row of the result; MARGIN is the difference of the two largest probabilities, ENTROPY is in nats. */
export const Stat = { MAX: 0, LOG_SUM_EXP: 1, /** u32 */ ARGMAX: 2, MARGIN: 3, ENTROPY: 4 } as const;
export const STAT_WORDS = 8;

export interface RowStatsArgs {
  /** f32 [*, vocabSize] */
  readonly laws: GPUBuffer;
  readonly firstRow: number;
  readonly T: number;
  readonly vocabSize: number;
  /** f32 [T, STAT_WORDS] */
  readonly out: GPUBuffer;
}

export function rowStats(rec: Recording, a: RowStatsArgs): void {
  needBytes("row_stats", "laws", a.laws, 4 * (a.firstRow + a.T) * a.vocabSize);
  needBytes("row_stats", "out", a.out, 4 * STAT_WORDS * a.T);
  rec.list.add(rowStatsKernel, reduceVariant(rec, 256, "row_stats.lanes"), {
    bind: { laws: a.laws, stats: a.out },
    params: { first_row: a.firstRow, vocab_size: a.vocabSize },
    grid: [a.T],
  });
}
