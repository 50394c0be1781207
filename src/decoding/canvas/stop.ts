/** When everything left is committed at once. */
import type { StopPolicy } from "./parts";

export interface ClearAnswerOptions {
  /** Least gap in the first, second and last third of the run, in logits. */
  readonly bars: readonly [number, number, number];
  readonly aggregate: "mean" | "min";
  readonly sees: StopPolicy["sees"];
  /** Steps of the whole run. */
  readonly planned: number;
}

/** Progress at which the second and the third bar begin to hold. */
const THIRDS = [0.33, 0.67] as const;

/**
 * Enough once the gap between the two best logits, over the masked positions it sees, reaches a bar that falls with
 * progress (step + 1) / planned.
 * @see Li et al. 2025, Prophet, section 4 and algorithm 1
 */
export const clearAnswer = ({ bars, aggregate, sees, planned }: ClearAnswerOptions): StopPolicy => ({
  name: "prophet",
  sees,
  decide(rows, { step }) {
    const progress = Math.min(1, (step + 1) / planned);
    const third = THIRDS.filter((from) => progress >= from).length;
    const bar = bars[third]!;
    const gaps = rows.map((row) => row.gap);
    const gap =
      aggregate === "min"
        ? Math.min(...gaps)
        : gaps.reduce((sum, g) => sum + g, 0) / Math.max(1, gaps.length);
    return { isEnough: rows.length > 0 && gap >= bar, values: { gap, bar, progress } };
  },
});
