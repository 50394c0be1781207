/**
 * The head and a draw from its law in one pass over the vocabulary: no row of logits is written. Each workgroup leaves what it
 * saw of its tokens, and `draw_commit` puts that together, commits the token and lists the best.
 */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import commitSource from "../../shaders/draw_commit.wgsl?raw";
import source from "../../shaders/matvec_draw.wgsl?raw";
import { CTL_WORDS, outcomeWords } from "./layouts";
import { MATVEC_OVERRIDES, mostGroups, planMatvec } from "./matvec";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import { topRoom } from "./top_tokens";
import type { Recording } from "./tuning";
import { expectParts, type WeightParts } from "./weights";

export const matvecDrawKernel = defineKernel({
  name: "matvec_draw",
  source,
  reads: ["x", "gain", "weight", "scales", "ctl"],
  writes: ["pieces"],
  params: {
    row_count: "u32",
    x_row: "u32",
    eps: "f32",
    first_token: "u32",
    token_count: "u32",
    first_piece: "u32",
    temperature: "f32",
  },
  overrides: MATVEC_OVERRIDES,
});

export const drawCommitKernel = defineKernel({
  name: "draw_commit",
  source: commitSource,
  reads: ["pieces"],
  writes: ["ctl", "seq", "outcome", "found"],
  params: { piece_count: "u32", k: "u32", is_greedy: "u32", vocab_size: "u32" },
  overrides: REDUCE_OVERRIDES,
});

/** Most tokens that a draw can list. */
export const MAX_DRAWN_TOP = 16;
const PIECE_HEAD = 8;
/** Words of what a workgroup leaves of a row, with k listed tokens: the shaders' PIECE_HEAD and the list. */
export const pieceWords = (k: number): number => PIECE_HEAD + 2 * topRoom(k);

/** Words of what a draw leaves beside the outcome: tokens [k], logprobs [k], and {@link DrawStat}. */
export const foundWords = (k: number): number => 2 * k + 4;
/** Behind the list: of the softmax at the temperature, or of the plain one at 0. */
export const DrawStat = { MAX: 0, LOG_SUM_EXP: 1, ENTROPY: 2, ARGMAX: 3 } as const;

/**
 * Workgroups that share a vocabulary, at most ("head.groups"): what they leave must stay small beside the logits that are not
 * written, and a device has no more than some hundred of them at work; a software adapter has a few, and pays for each end.
 */
const mostPieces = (rec: Recording, vocabSize: number): number =>
  rec.tuning.choices["head.groups"] ??
  (rec.list.engine.gpu.isSoftware ? 16 : Math.min(1024, Math.max(64, Math.ceil(vocabSize / 128))));

/**
 * How a law is drawn from ("head.fused"): its head and all that follows one after another; in the head's pass, with the list of
 * candidates; or in the head's pass unless candidates are listed. Fewest writes are not fastest everywhere: the device is
 * measured. Not measured, a software adapter lists apart, as bench/RESULTS.md has it, and a GPU does not.
 */
export const Fused = { NEVER: 0, WITH_LIST: 1, WITHOUT_LIST: 2 } as const;
export const fusedOf = ({ list, tuning }: Recording): number =>
  tuning.choices["head.fused"] ?? (list.engine.gpu.isSoftware ? Fused.WITHOUT_LIST : Fused.WITH_LIST);

/** Choices worth measuring on a device, in this order. */
export const drawCandidates = (): Readonly<Record<string, readonly number[]>> => ({
  "head.fused": Object.values(Fused),
  "head.groups": [64, 256, 1024],
});

export interface MatvecDrawArgs {
  /** f32 [*, dim] */
  readonly x: GPUBuffer | BufferRange;
  /** Row of x; 0 unless given. */
  readonly row?: number;
  /** f32 [dim], of the final norm. */
  readonly gain: GPUBuffer | BufferRange;
  /** [vocabSize, dim], whole or in parts by rows. */
  readonly weight: WeightParts;
  readonly dim: number;
  readonly vocabSize: number;
  readonly eps: number;
  /** 0 takes the most probable token. */
  readonly temperature: number;
  /** Most probable tokens to list, 0 to MAX_DRAWN_TOP. */
  readonly k: number;
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** u32 [outcomeWords(1)] */
  readonly outcome: GPUBuffer;
  /** u32 [foundWords(k)] */
  readonly found: GPUBuffer;
  /** Makes room for what workgroups leave, in bytes. */
  readonly allocate: (bytes: number) => GPUBuffer;
}

/** One dispatch a part of the vocabulary, and one more. @returns bytes that the first of them write */
export function matvecDraw(rec: Recording, a: MatvecDrawArgs): number {
  const { x, row = 0, gain, dim, vocabSize, eps, temperature, k, ctl, seq, outcome, found } = a;
  const matrices = expectParts("matvec_draw", a.weight, vocabSize, dim);
  if (!Number.isInteger(k) || k < 0 || k > MAX_DRAWN_TOP)
    throw new Error(`matvec_draw: k is ${k}, expected 0 to ${MAX_DRAWN_TOP}`);
  if (!(temperature >= 0)) throw new Error(`matvec_draw: expected temperature >= 0, found ${temperature}`);
  needBytes("matvec_draw", "x", x, 4 * (row + 1) * dim);
  needBytes("matvec_draw", "gain", gain, 4 * dim);
  needBytes("draw_commit", "ctl", ctl, 4 * CTL_WORDS);
  needBytes("draw_commit", "outcome", outcome, 4 * outcomeWords(1));
  needBytes("draw_commit", "found", found, 4 * foundWords(k));

  const most = Math.max(1, Math.floor(mostPieces(rec, vocabSize) / matrices.length));
  const { choices } = rec.tuning;
  const groups = Math.min(most, choices["matvec.groups"] ?? mostGroups(rec));
  const few = { ...rec, tuning: { ...rec.tuning, choices: { ...choices, "matvec.groups": groups } } };
  const consts = { TOP: topRoom(k) };
  let count = 0;
  const plans = matrices.map(({ first, part }) => {
    const plan = planMatvec(few, part, 1, "gain", { buffer: x, firstRow: row });
    const at = { first, part, plan, firstPiece: count };
    count += plan.where.grid[0];
    return at;
  });
  const bytes = 4 * count * pieceWords(k);
  const pieces = a.allocate(bytes);
  for (const { first, part, plan, firstPiece } of plans) {
    const variant = { ...plan.variant, consts: { ...plan.variant.consts, ...consts } };
    rec.list.add(matvecDrawKernel, variant, {
      bind: { x, gain, weight: part.data, scales: part.scales ?? part.data, ctl, pieces },
      params: {
        row_count: 1,
        x_row: row,
        eps,
        first_token: first,
        token_count: part.rows,
        first_piece: firstPiece,
        temperature,
      },
      ...plan.where,
    });
  }
  rec.list.add(
    drawCommitKernel,
    { ...reduceVariant(rec, 64, "draw_commit.lanes"), consts },
    {
      bind: { pieces, ctl, seq, outcome, found },
      params: { piece_count: count, k, is_greedy: temperature === 0 ? 1 : 0, vocab_size: vocabSize },
      grid: [1],
    },
  );
  return bytes;
}
