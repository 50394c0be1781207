/** A growing trace with the view of any moment: what a scrubber, a live run and a recorded one all read. */
import type { TraceEvent } from "./events";
import { applyEvent, emptyView } from "./fold";
import type { RunView } from "./view";

/** Events between kept views; at most so many are folded again when a moment between is asked for. */
const SPACING = 32;

/** Kinds that do not belong to a round's own work. */
const OUTSIDE_ROUNDS: ReadonlySet<string> = new Set([
  "run_start",
  "pieces",
  "prefill",
  "canvas",
  "warning",
  "kernel_time",
  "run_end",
]);

/**
 * Holds events and gives views. Appending is O(1) amortised. A moment is a number of events: moment 0 is before the
 * first event, moment `length` after the last one. Views of ends of steps are kept, so asking twice gives the same object.
 */
export class Timeline {
  private readonly list: TraceEvent[] = [];
  /** Views by moment: every SPACING events and at the ends of steps. */
  private readonly kept = new Map<number, RunView>([[0, emptyView()]]);
  /** Entry k: moment after the last event of step k so far. */
  private readonly ends: number[] = [];
  private firstRound: number | null = null;
  private newest: RunView = emptyView();
  private recent: RunView = emptyView();

  constructor(events: Iterable<TraceEvent> = []) {
    this.append(events);
  }

  append(events: Iterable<TraceEvent>): void {
    for (const e of events) {
      const before = this.list.length;
      const stepChanges = before > 0 && this.list[before - 1]!.step !== e.step;
      if (before % SPACING === 0 || stepChanges) this.kept.set(before, this.newest);
      if (this.firstRound === null && !OUTSIDE_ROUNDS.has(e.kind)) {
        this.firstRound = before;
        this.kept.set(before, this.newest);
      }
      this.list.push(e);
      this.newest = applyEvent(this.newest, e);
      this.ends[e.step] = this.list.length;
    }
  }

  /** Number of events. */
  get length(): number {
    return this.list.length;
  }

  /** Number of steps that have events. */
  get stepCount(): number {
    return this.ends.length;
  }

  get events(): readonly TraceEvent[] {
    return this.list;
  }

  /** The view after everything so far. */
  get latest(): RunView {
    return this.newest;
  }

  /** The view at a moment; moments outside are brought to the nearest end. */
  viewAt(moment: number): RunView {
    const to = Math.min(Math.max(0, Math.trunc(moment)), this.list.length);
    if (to === this.list.length) return this.newest;
    if (this.recent.eventCount === to) return this.recent;
    let from = to;
    while (!this.kept.has(from)) from--;
    let view = this.kept.get(from)!;
    for (; from < to; from++) view = applyEvent(view, this.list[from]!);
    this.recent = view;
    return view;
  }

  /**
   * The moment after the last event of a step so far. Step -1 is the moment before the first round, when the prompt
   * has been read; steps outside are brought to the nearest end.
   */
  momentAfterStep(step: number): number {
    if (step < 0) return this.firstRound ?? this.list.length;
    for (let s = Math.min(step, this.ends.length - 1); s >= 0; s--) {
      const end = this.ends[s];
      if (end !== undefined) return end;
    }
    return 0;
  }

  /** The view after a step; see {@link momentAfterStep}. */
  viewAfterStep(step: number): RunView {
    return this.viewAt(this.momentAfterStep(step));
  }
}
