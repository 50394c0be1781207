/** What the page draws of recurrences. Part of {@link RunView}; plain data, never changed. */
import type { DepthEvent, RecurEvent, WaveEvent } from "./depth_events";

/** What ran in one step. */
export interface DepthRound {
  /** In the order they ran: recurrence 1 first. Several of one recurrence are of different positions. */
  readonly recurs: readonly RecurEvent[];
  /** Positions that were done with in the step. */
  readonly depths: readonly DepthEvent[];
  readonly wave: WaveEvent | null;
}

export const EMPTY_DEPTH_ROUND: DepthRound = { recurs: [], depths: [], wave: null };
