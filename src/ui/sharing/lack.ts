/** What a link lacks of a run that went on after it was made. */
import { count } from "../format";

/** In words, of a link made after `made` steps of a run that has come to `steps`; null if it has them all. */
export const lackOf = (made: number, steps: number): string | null =>
  steps === made
    ? null
    : `Recorded up to step ${count(made)} of a run that went on; it is at step ${count(steps)} now.`;
