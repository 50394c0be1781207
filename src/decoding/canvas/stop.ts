/** When everything left is committed at once. */
import type { Moment, StopPolicy } from "./parts";

export interface ClearAnswerOptions {
  /** Least gap in the first, second and last third of the run, in logits. */
  readonly bars: readonly [number, number, number];
  readonly aggregate: "mean" | "min";
  /** Whose masked positions count: those of the block, or all of the canvas. */
  readonly sees: "region" | "canvas";
  /** Steps of the whole run; null where that depends on the model: then the share of committed positions is progress. */
  readonly planned: number | null;
}

/** Share of the positions to fill in that are filled. */
export const committedShare = ({ canvas }: Moment): number => canvas.committed / Math.max(1, canvas.free);

/** Progress at which the second and the third bar begin to hold. */
const THIRDS = [0.33, 0.67] as const;

/**
 * Enough once the gap between the two best logits, over the masked positions it sees, reaches a bar that falls with
 * progress: (step + 1) / planned.
 * @see Li et al. 2025, Prophet, section 4 and algorithm 1
 */
export const clearAnswer = ({ bars, aggregate, sees, planned }: ClearAnswerOptions): StopPolicy => ({
  name: "prophet",
  decide(rows, m) {
    const { start, end } = m.region;
    const watched =
      sees === "canvas" ? rows : rows.filter((row) => row.position >= start && row.position < end);
    const progress = planned === null ? committedShare(m) : Math.min(1, (m.step + 1) / planned);
    const third = THIRDS.filter((from) => progress >= from).length;
    const bar = bars[third]!;
    const gaps = watched.map((row) => row.gap);
    const gap =
      aggregate === "min"
        ? Math.min(...gaps)
        : gaps.reduce((sum, g) => sum + g, 0) / Math.max(1, gaps.length);
    return { isEnough: gaps.length > 0 && gap >= bar, values: { gap, bar, progress } };
  },
});
