/** The run on the stage: a growing trace and where it came from. A fold of events; nothing else writes it. */
import { create } from "zustand";
import type { TraceEvent } from "../../trace/events";
import { Timeline } from "../../trace/timeline";
import { emptyView } from "../../trace/fold";
import type { RunView } from "../../trace/view";

/** Where a run's events come from. */
export type RunSource =
  | { readonly kind: "none" }
  /** Shipped with the page. */
  | { readonly kind: "recorded" }
  /** The engine, now. */
  | { readonly kind: "live" }
  /** A trace file the user opened. */
  | { readonly kind: "file"; readonly name: string }
  /** A trace inside a link. */
  | { readonly kind: "link" };

export interface RunState {
  readonly source: RunSource;
  /** Grows in place; `length` tells when. */
  readonly timeline: Timeline;
  readonly length: number;
  /** View after the newest event. */
  readonly latest: RunView;
}

const nothing = (): RunState => ({
  source: { kind: "none" },
  timeline: new Timeline(),
  length: 0,
  latest: emptyView(),
});

export const useRun = create<RunState>()(() => nothing());

/** Puts another run on the stage. */
export function beginRun(source: RunSource, events: Iterable<TraceEvent> = []): void {
  const timeline = new Timeline(events);
  useRun.setState({ source, timeline, length: timeline.length, latest: timeline.latest });
}

/** Adds events to the run on the stage. */
export function appendEvents(events: readonly TraceEvent[]): void {
  const { timeline } = useRun.getState();
  timeline.append(events);
  useRun.setState({ length: timeline.length, latest: timeline.latest });
}
