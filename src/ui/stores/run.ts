/**
 * The run on the stage, and the runs it belongs to: the one that began it all and the branches that left one another.
 * A run is a growing trace and where it came from. A fold of events; nothing else writes it.
 */
import { create } from "zustand";
import type { TraceEvent } from "../../trace/events";
import { Timeline } from "../../trace/timeline";
import { dropUndo } from "./undo";
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

/** Where a branch left another run. */
export interface Leaving {
  /** Number of the run it left. */
  readonly run: number;
  /** The step it left: rounds before it are common to both. */
  readonly step: number;
  /** Texts of the tokens that were forced there. */
  readonly forced: string;
}

export interface KnownRun {
  readonly id: number;
  readonly source: RunSource;
  readonly timeline: Timeline;
  /** Null for the run that is no branch. */
  readonly leaves: Leaving | null;
}

export interface RunState {
  readonly source: RunSource;
  /** Grows in place; `length` tells when. */
  readonly timeline: Timeline;
  readonly length: number;
  /** View after the newest event. */
  readonly latest: RunView;
  /** The run that is no branch, then the branches in the order they were made. */
  readonly known: readonly KnownRun[];
  /** Number of the run on the stage. */
  readonly current: number;
}

/** Runs kept at most; each holds its whole trace. */
const MOST_RUNS = 16;

let lastId = 0;

const nothing = (): RunState => {
  const run: KnownRun = { id: 0, source: { kind: "none" }, timeline: new Timeline(), leaves: null };
  return {
    source: run.source,
    timeline: run.timeline,
    length: 0,
    latest: emptyView(),
    known: [run],
    current: 0,
  };
};

export const useRun = create<RunState>()(() => nothing());

const onStage = ({ id, source, timeline }: KnownRun): Omit<RunState, "known"> => ({
  source,
  timeline,
  length: timeline.length,
  latest: timeline.latest,
  current: id,
});

/** Whether a run is `id` or left it, directly or not. */
function descendsFrom(known: readonly KnownRun[], run: KnownRun, id: number): boolean {
  if (run.id === id) return true;
  const parent = known.find((k) => k.id === run.leaves?.run);
  return parent !== undefined && descendsFrom(known, parent, id);
}

/** Without the oldest branch that nothing has left, if there are too many. */
function trimmed(known: readonly KnownRun[]): readonly KnownRun[] {
  if (known.length <= MOST_RUNS) return known;
  const newest = known.at(-1)!;
  const drop = known.find((k) => k.leaves !== null && !descendsFrom(known, newest, k.id));
  return drop ? known.filter((k) => k !== drop && !descendsFrom(known, k, drop.id)) : known;
}

/** Puts another run on the stage; a branch joins the runs that are known, any other takes their place. */
export function beginRun(
  source: RunSource,
  events: Iterable<TraceEvent> = [],
  leaves: Leaving | null = null,
): KnownRun {
  const { known } = useRun.getState();
  const isBranch = leaves !== null && known.some((k) => k.id === leaves.run);
  const run: KnownRun = {
    id: ++lastId,
    source,
    timeline: new Timeline(events),
    leaves: isBranch ? leaves : null,
  };
  // Runs as they were before this branch do not have it.
  if (isBranch) dropUndo();
  useRun.setState({ ...onStage(run), known: isBranch ? trimmed([...known, run]) : [run] });
  return run;
}

/** Puts a known run back on the stage. */
export function showRun(id: number): void {
  const run = useRun.getState().known.find((k) => k.id === id);
  if (run) useRun.setState(onStage(run));
}

/** Forgets a branch and what left it; what it left is on the stage if one of them was. */
export function forgetBranch(id: number): void {
  const { known, current } = useRun.getState();
  const branch = known.find((k) => k.id === id);
  if (!branch?.leaves) return;
  const gone = new Set(known.filter((k) => descendsFrom(known, k, id)).map((k) => k.id));
  if (gone.has(current)) showRun(branch.leaves.run);
  useRun.setState({ known: known.filter((k) => !gone.has(k.id)) });
}

/**
 * Drawing a run that goes on gets at most one part in so many of the page's time: what is left over is for scrolling and pointing. More
 * moments a second than a quick machine draws so nobody reads.
 */
const SHARE = 4;
/** But so often, in milliseconds, it is drawn on the slowest machine. */
const FARTHEST_MS = 150;
let frame: number | null = null;
let drawnAt = -Infinity;
/** What the last drawing took, layout and paint included. */
let tookMs = 0;

/** Tells the page how far the run on the stage has come. */
function publish(): void {
  if (frame !== null) cancelAnimationFrame(frame);
  frame = null;
  const { timeline } = useRun.getState();
  const began = (drawnAt = performance.now());
  useRun.setState({ length: timeline.length, latest: timeline.latest });
  // In a frame, this comes after it was painted.
  setTimeout(() => (tookMs = performance.now() - began));
}

/** At the next frame that is far enough from the last drawing. */
function publishSoon(): void {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    if (performance.now() - drawnAt < Math.min(SHARE * tookMs, FARTHEST_MS)) publishSoon();
    else publish();
  });
}

/** Whether somebody sees frames go by; in the background none are drawn. */
const isDrawn = (): boolean => typeof document !== "undefined" && document.visibilityState === "visible";

/**
 * Adds events to a run, the one on the stage if no other is named. What is on the stage is drawn when a frame comes and {@link SHARE} lets it,
 * however many batches arrive in between; its end at once.
 */
export function appendEvents(events: readonly TraceEvent[], to: Timeline = useRun.getState().timeline): void {
  to.append(events);
  if (to !== useRun.getState().timeline) return;
  if (isDrawn() && to.latest.status.state !== "ended") publishSoon();
  else publish();
}
