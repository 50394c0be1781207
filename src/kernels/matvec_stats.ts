/**
 * The head and what denoising asks of its rows in one pass over the vocabulary: statistics, a token drawn from each row and its
 * best tokens, as `row_stats` and `top_tokens` find them, while no row of logits is written. Each workgroup leaves what it
 * saw of its tokens, and `merge_stats` puts that together.
 */
import { defineKernel } from "../engine/kernel";
import mergeSource from "../../shaders/merge_stats.wgsl?raw";
import source from "../../shaders/matvec_stats.wgsl?raw";
import { MATVEC_OVERRIDES, MOST_ROWS, mostGroups, planMatvec } from "./matvec";
import { pieceWords } from "./matvec_draw";
import type { HeadInput } from "./matvec_head";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import { drawWords, STAT_WORDS } from "./row_stats";
import { topRoom } from "./top_tokens";
import type { Recording } from "./tuning";
import { expectParts, partsOf } from "./weights";

export const matvecStatsKernel = defineKernel({
  name: "matvec_stats",
  source,
  reads: ["x", "gain", "weight", "scales", "draws"],
  writes: ["pieces"],
  params: {
    row_count: "u32",
    x_row: "u32",
    eps: "f32",
    first_token: "u32",
    token_count: "u32",
    first_piece: "u32",
    piece_count: "u32",
    list_length: "u32",
  },
  overrides: MATVEC_OVERRIDES,
});

export const mergeStatsKernel = defineKernel({
  name: "merge_stats",
  source: mergeSource,
  reads: ["pieces"],
  writes: ["stats", "found"],
  params: { piece_count: "u32", k: "u32", list_length: "u32" },
  overrides: REDUCE_OVERRIDES,
});

/** Most tokens of a row that can be listed. */
export const MAX_STATS_TOP = 16;

/**
 * Workgroups that share a vocabulary, at most ("stats.groups"): with those of the other tiles of rows they must be enough for
 * the device, and what they leave must stay small beside the logits that are not written.
 */
const mostPieces = (rec: Recording, vocabSize: number, rowTiles: number): number =>
  rec.tuning.choices["stats.groups"] ??
  (rec.list.engine.gpu.isSoftware
    ? Math.max(2, Math.ceil(16 / rowTiles))
    : Math.max(8, Math.ceil(Math.min(1024, Math.max(64, vocabSize / 128)) / rowTiles)));

export interface MatvecStatsArgs extends HeadInput {
  /** Rows, 1 to MOST_ROWS: the first of x. */
  readonly T: number;
  /** u32 [drawWords(T)], as `drawsOf` makes them. */
  readonly draws: GPUBuffer;
  /** f32 [T, STAT_WORDS], see `Stat`. */
  readonly stats: GPUBuffer;
  /** Most probable tokens to list of each row, 0 to MAX_STATS_TOP; banned ones are not among them. */
  readonly k: number;
  /** Tokens u32 [T, k], then logits f32 [T, k]; rows with fewer tokens are filled up with NONE, MASKED. */
  readonly top: GPUBuffer;
  /** Makes room for what workgroups leave, in bytes. */
  readonly allocate: (bytes: number) => GPUBuffer;
}

/** Tokens of lists; the two best are always known. */
const listed = (k: number): number => Math.max(2, k);

/** How the parts of a vocabulary are multiplied with T rows, where the pieces of each begin, and pieces of a row in all. */
function planStats(rec: Recording, { weight, x, vocabSize }: HeadInput, T: number) {
  const { choices } = rec.tuning;
  const matrices = partsOf(weight);
  let count = 0;
  const plans = matrices.map(({ first, part }) => {
    const planned = (groups: number) => {
      const few = { ...rec, tuning: { ...rec.tuning, choices: { ...choices, "matvec.groups": groups } } };
      return planMatvec(few, part, T, "gain_gathered", { buffer: x });
    };
    const asked = choices["matvec.groups"] ?? mostGroups(rec);
    const rowTiles = planned(asked).where.grid[1];
    const most = Math.max(1, Math.floor(mostPieces(rec, vocabSize, rowTiles) / matrices.length));
    const plan = planned(Math.min(most, asked));
    const at = { first, part, plan, firstPiece: count };
    count += plan.where.grid[0];
    return at;
  });
  return { plans, count };
}

/** Bytes that workgroups leave of T rows with k listed tokens. More rows may leave fewer, since then fewer workgroups share the vocabulary. */
export const statsBytes = (rec: Recording, head: HeadInput, T: number, k: number): number =>
  4 * T * planStats(rec, head, T).count * pieceWords(listed(k));

/** One dispatch a part of the vocabulary, and one more. @returns bytes that the first of them write */
export function matvecStats(rec: Recording, a: MatvecStatsArgs): number {
  const { x, gain, T, dim, vocabSize, eps, draws, stats, k, top } = a;
  expectParts("matvec_stats", a.weight, vocabSize, dim);
  if (!Number.isInteger(T) || T < 1 || T > MOST_ROWS)
    throw new Error(`matvec_stats: expected 1 to ${MOST_ROWS} rows, found ${T}`);
  if (!Number.isInteger(k) || k < 0 || k > MAX_STATS_TOP)
    throw new Error(`matvec_stats: k is ${k}, expected 0 to ${MAX_STATS_TOP}`);
  needBytes("matvec_stats", "x", x, 4 * T * dim);
  needBytes("matvec_stats", "gain", gain, 4 * dim);
  needBytes("matvec_stats", "draws", draws, 4 * drawWords(T));
  needBytes("merge_stats", "stats", stats, 4 * STAT_WORDS * T);
  needBytes("merge_stats", "top", top, 8 * k * T);

  const consts = { TOP: topRoom(listed(k)) };
  const { plans, count } = planStats(rec, a, T);
  const bytes = statsBytes(rec, a, T, k);
  const pieces = a.allocate(bytes);
  needBytes("matvec_stats", "pieces", pieces, bytes);
  for (const { first, part, plan, firstPiece } of plans) {
    const variant = { ...plan.variant, consts: { ...plan.variant.consts, ...consts } };
    rec.list.add(matvecStatsKernel, variant, {
      bind: { x, gain, weight: part.data, scales: part.scales ?? part.data, draws, pieces },
      params: {
        row_count: T,
        x_row: 0,
        eps,
        first_token: first,
        token_count: part.rows,
        first_piece: firstPiece,
        piece_count: count,
        list_length: consts.TOP,
      },
      ...plan.where,
    });
  }
  rec.list.add(
    mergeStatsKernel,
    { ...reduceVariant(rec, 64, "merge_stats.lanes"), consts },
    {
      bind: { pieces, stats, found: top },
      params: { piece_count: count, k, list_length: consts.TOP },
      grid: [T],
    },
  );
  return bytes;
}
