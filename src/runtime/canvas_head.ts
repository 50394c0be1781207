/**
 * From the rows of a denoising pass to what methods see of them: statistics, a token drawn from each, the most probable ones. Methods
 * never ask for the law itself, so the head can leave all of it on its way (`matvec_stats`) and no row of logits is written.
 */
import type { Engine } from "../engine/dispatch_list";
import { type HeadInput, matvecHead } from "../kernels/matvec_head";
import { matvecStats, statsBytes } from "../kernels/matvec_stats";
import { drawWords, MAX_BANNED, rowStats, STAT_WORDS } from "../kernels/row_stats";
import { topTokens } from "../kernels/top_tokens";
import type { Recording, Tuning } from "../kernels/tuning";
import { roomFor } from "./room";

/** Most candidates a pass reports for a position. */
export const MAX_TOP = 16;

/** Bytes that rows of logits may take where they are written: a quarter of what every device can bind. */
export const MOST_LOGITS = 32 * 2 ** 20;

interface CanvasHeadOptions {
  /** Most rows of a pass. */
  readonly rows: number;
  readonly vocabSize: number;
  readonly allocate: (name: string, words: number) => GPUBuffer;
}

/**
 * Whether the head leaves statistics and no logits: always where the logits of a whole canvas would take too much memory, whatever
 * was chosen, and otherwise by "stats.fused". Not chosen, a software adapter writes logits, since that is faster there (bench/RESULTS.md).
 */
const isFusedFor = (engine: Engine, { choices }: Tuning, { rows, vocabSize }: CanvasHeadOptions): boolean =>
  4 * rows * vocabSize > MOST_LOGITS || (choices["stats.fused"] ?? (engine.gpu.isSoftware ? 0 : 1)) === 1;

export class CanvasHead {
  readonly isFused: boolean;
  /** u32 [drawWords(rows)], to be filled before a pass. */
  readonly draws: GPUBuffer;
  /** f32 [count, STAT_WORDS] after a pass. */
  readonly stats: GPUBuffer;
  /** Tokens u32 [count, k], then logits f32 [count, k] after a pass. */
  readonly top: GPUBuffer;
  /** f32 [rows, V]; null where they are not written. */
  private readonly logits: GPUBuffer | null;
  /** What workgroups of the fused head leave; passes follow one another, so all share it. */
  private pieces: GPUBuffer | null = null;

  constructor(
    engine: Engine,
    tuning: Tuning,
    private readonly options: CanvasHeadOptions,
  ) {
    const { rows, vocabSize, allocate } = options;
    this.isFused = isFusedFor(engine, tuning, options);
    this.draws = allocate("draws", drawWords(rows));
    this.stats = allocate("stats", STAT_WORDS * rows);
    this.top = allocate("top", 2 * rows * MAX_TOP);
    this.logits = this.isFused ? null : allocate("logits", rows * vocabSize);
  }

  /** Tokens that have to be listed so that `top` are left without the banned ones. */
  listed(top: number): number {
    return Math.min(MAX_TOP, top === 0 || this.isFused ? top : top + MAX_BANNED);
  }

  /** Records what the first `count` rows say, with their k most probable tokens. */
  record(rec: Recording, head: HeadInput, count: number, k: number): void {
    const { draws, stats, top, logits } = this;
    const { vocabSize } = this.options;
    if (!logits) {
      const pieces = (this.pieces ??= this.roomForAll(rec, head));
      matvecStats(rec, { ...head, T: count, draws, stats, k, top, allocate: () => pieces });
      return;
    }
    matvecHead(rec, { ...head, logits, T: count });
    rowStats(rec, { laws: logits, draws, firstRow: 0, T: count, vocabSize, out: stats });
    if (k > 0) topTokens(rec, { laws: logits, firstRow: 0, T: count, vocabSize, k, out: top });
  }

  /** Room for what any pass leaves, with the longest list: lists of dispatches hold on to it, so it cannot grow. */
  private roomForAll(rec: Recording, head: HeadInput): GPUBuffer {
    const { rows, allocate } = this.options;
    const counts = new Set(Array.from({ length: rows }, (_, i) => roomFor(i + 1, rows)));
    const bytes = [...counts].map((count) => statsBytes(rec, head, count, MAX_TOP));
    return allocate("pieces", Math.max(...bytes) / 4);
  }
}
