/** Statistics of rows of logits or laws, and a token drawn from each, without writing anything as long as the vocabulary. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/row_stats.wgsl?raw";
import { NONE } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const rowStatsKernel = defineKernel({
  name: "row_stats",
  source,
  reads: ["laws", "draws"],
  writes: ["stats"],
  params: { first_row: "u32", vocab_size: "u32" },
  overrides: REDUCE_OVERRIDES,
});

/** Words of one row of the result. */
export const Stat = {
  MAX: 0,
  LOG_SUM_EXP: 1,
  /** u32 */
  ARGMAX: 2,
  /** Difference of the two largest probabilities. */
  MARGIN: 3,
  /** In nats. */
  ENTROPY: 4,
  /** u32: the second best token; NONE if there is no other. */
  SECOND: 5,
  /** Difference of the two largest values; 1e30 if there is no second. */
  GAP: 6,
  /** u32: the token drawn; ARGMAX at temperature 0. */
  PROPOSAL: 7,
  /** Log of the probability of PROPOSAL in the plain softmax, at temperature 1. */
  PROPOSAL_LOGPROB: 8,
} as const;
export const STAT_WORDS = 12;

/** Most tokens that a draw can leave out. */
export const MAX_BANNED = 4;
/** Words of a draws buffer for T rows. */
export const drawWords = (T: number): number => 8 + T;

/** How tokens are drawn: seed, step and position address the noise, see base/rng.ts. */
export interface Draws {
  readonly seed: number;
  readonly step: number;
  /** 0 draws the most probable token. */
  readonly temperature: number;
  /** Tokens that are treated as impossible, in the statistics too; at most {@link MAX_BANNED}. */
  readonly banned: readonly number[];
  /** The position that each row speaks of. */
  readonly positions: readonly number[];
}

/** Contents of a draws buffer. */
export function drawsOf(d: Draws): Uint32Array<ArrayBuffer> {
  if (d.banned.length > MAX_BANNED)
    throw new Error(`row_stats: ${d.banned.length} banned tokens, at most ${MAX_BANNED} are possible`);
  const words = new Uint32Array(drawWords(d.positions.length));
  words[0] = d.seed;
  words[1] = d.step;
  new Float32Array(words.buffer)[2] = d.temperature;
  for (let i = 0; i < MAX_BANNED; i++) words[4 + i] = d.banned[i] ?? NONE;
  words.set(d.positions, 8);
  return words;
}

export interface RowStatsArgs {
  /** f32 [*, vocabSize] */
  readonly laws: GPUBuffer;
  /** u32 [drawWords(T)], as {@link drawsOf} makes them. */
  readonly draws: GPUBuffer;
  readonly firstRow: number;
  readonly T: number;
  readonly vocabSize: number;
  /** f32 [T, STAT_WORDS] */
  readonly out: GPUBuffer;
}

export function rowStats(rec: Recording, a: RowStatsArgs): void {
  needBytes("row_stats", "laws", a.laws, 4 * (a.firstRow + a.T) * a.vocabSize);
  needBytes("row_stats", "draws", a.draws, 4 * drawWords(a.T));
  needBytes("row_stats", "out", a.out, 4 * STAT_WORDS * a.T);
  rec.list.add(rowStatsKernel, reduceVariant(rec, 256, "row_stats.lanes"), {
    bind: { laws: a.laws, draws: a.draws, stats: a.out },
    params: { first_row: a.firstRow, vocab_size: a.vocabSize },
    grid: [a.T],
  });
}
