/** What masked positions are ranked by before some are committed; larger goes first. */
import { Purpose, uniformAt } from "../../base/rng";
import type { Moment, Rank } from "./parts";

/** One number in (0, 1) for each position, the same in every step: its place in a random order. */
export const placeOf = (position: number, { seed }: Pick<Moment, "seed">): number =>
  uniformAt({ seed, step: 0, purpose: Purpose.RANK, node: position, sibling: 0, index: 0 });

/** @see Chang et al. 2022, MaskGIT; Nie et al. 2025, LLaDA ("low-confidence remasking") */
export const byConfidence: Rank = (row) => row.confidence;
/** Difference of the two largest probabilities. @see Kim et al. 2025, Train for the Worst, Plan for the Best */
export const byMargin: Rank = (row) => row.margin;
/** @see Ye et al. 2025, Dream 7B */
export const byEntropy: Rank = (row) => -row.entropy;
export const leftToRight: Rank = (row) => -row.position;
export const atRandom: Rank = (row, moment) => -placeOf(row.position, moment);

export const RANKS = {
  confidence: byConfidence,
  margin: byMargin,
  entropy: byEntropy,
  left_to_right: leftToRight,
} as const;
