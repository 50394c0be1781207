/** The moment of the run that is shown, and whether it moves by itself. A moment is a number of events. */
import { create } from "zustand";
import type { TraceEvent } from "../../trace/events";
import type { Timeline } from "../../trace/timeline";
import { useRun } from "./run";

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;
export type Speed = (typeof SPEEDS)[number];

export interface PlayerState {
  /** Null follows the newest event. */
  readonly moment: number | null;
  /** A recorded run is being played back. */
  readonly isPlaying: boolean;
  readonly speed: Speed;
}

export const usePlayer = create<PlayerState>()(() => ({ moment: null, isPlaying: false, speed: 1 }));

/** The moment shown, as a number of events. */
export const shownMoment = (): number => {
  const { moment } = usePlayer.getState();
  const { length } = useRun.getState();
  return moment === null ? length : Math.min(moment, length);
};

/** Shows a moment; the newest one is followed from then on. */
export function showMoment(moment: number): void {
  const { length } = useRun.getState();
  usePlayer.setState({ moment: moment >= length ? null : Math.max(0, moment) });
}

/** Shows the end of a step; -1 is the prompt alone. */
export function showStep(step: number): void {
  const { timeline } = useRun.getState();
  showMoment(step >= timeline.stepCount - 1 ? timeline.length : timeline.momentAfterStep(step));
}

/** Number of rounds a timeline has, whatever else its events say. */
export const roundCount = (timeline: Timeline): number => timeline.latest.rounds.length;

/** The last step whose end is at or before a moment; -1 before the end of the first. */
export function stepEndedBy(timeline: Timeline, moment: number): number {
  let low = -1;
  let high = roundCount(timeline) - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (timeline.momentAfterStep(middle) <= moment) low = middle;
    else high = middle - 1;
  }
  return low;
}

const PAUSES: ReadonlySet<TraceEvent["kind"]> = new Set(["draft", "verify"]);

/**
 * The next moment that playing stops at: after a tree was drafted, after it was judged, and at the end of a step;
 * only the ends of steps if `isCoarse`. Null at the end.
 */
export function nextStop(timeline: Timeline, moment: number, isCoarse: boolean): number | null {
  if (moment >= timeline.length) return null;
  const end = timeline.momentAfterStep(stepEndedBy(timeline, moment) + 1);
  if (!isCoarse) {
    for (let m = moment; m < end; m++) {
      const event = timeline.events[m];
      if (!event || !PAUSES.has(event.kind)) continue;
      // Lists of candidates belong to the tree just drawn; they come along with it.
      let after = m + 1;
      while (timeline.events[after]?.kind === "candidates") after++;
      return after;
    }
  }
  return end > moment ? end : timeline.length;
}
