/** A race of finished or growing runs: what each has cost at each moment, and where each stands when so much is spent. */
import type { RunStartEvent } from "../../trace/events";
import type { Timeline } from "../../trace/timeline";
import type { RunView } from "../../trace/view";
import { modelOf } from "../definitions";

/** What runs are raced by: forward passes of the target, rows times layers of all models, or time. */
export const MEASURES = ["passes", "rows", "time"] as const;
export type Measure = (typeof MEASURES)[number];

export const isMeasure = (text: string): text is Measure => (MEASURES as readonly string[]).includes(text);

/** Layers of the model and of its second model; null for models the page does not know. */
function layersOf({ model, draft }: RunStartEvent, view: RunView): { target: number; draft: number } | null {
  // Where tokens differ in depth, or a model drafts with fewer recurrences of its own, no number of layers holds for all rows.
  if (view.metrics.coreRows > 0 || draft === model) return null;
  const target = view.canvas?.start.layers ?? modelOf(model)?.layers;
  const second = draft === null ? 0 : modelOf(draft)?.layers;
  return target === undefined || second === undefined ? null : { target, draft: second };
}

/** Rows times layers of all models over a run so far; null for models the page does not know. */
export function rowLayersOf(view: RunView): number | null {
  const layers = view.start && layersOf(view.start, view);
  if (!layers) return null;
  return view.metrics.targetRows * layers.target + view.metrics.draftRows * layers.draft;
}

/** The ends of a run's steps. */
export interface Track {
  /** In order; `cost` never falls. */
  readonly ends: readonly { readonly moment: number; readonly cost: number }[];
  readonly total: number;
}

/** What a run has cost at the end of each step; null before it began, or where its cost is not known. */
export function trackOf(timeline: Timeline, by: Measure): Track | null {
  const view = timeline.latest;
  const layers = view.start && layersOf(view.start, view);
  if (!view.start || (by === "rows" && !layers)) return null;
  const rounds = view.rounds.toArray();
  const ends: { moment: number; cost: number }[] = [];
  let cost = 0;
  for (const round of rounds) {
    if (by === "passes") cost += round.cost?.targetForwards ?? 0;
    // From when the run was ready on: what came before is loading and compiling, and the first step is no gift.
    else if (by === "time") cost = Math.max(cost, round.endMs - view.readyMs);
    else
      cost += (round.cost?.targetRows ?? 0) * layers!.target + (round.cost?.draftRows ?? 0) * layers!.draft;
    ends.push({ moment: timeline.momentAfterStep(round.step), cost });
  }
  return { ends, total: cost };
}

/** The moment a run has reached when `spent` is spent: the end of the last step that costs no more. Null spends everything. */
export function momentAt(timeline: Timeline, track: Track | null, spent: number | null): number {
  if (spent === null || track === null || spent >= track.total) return timeline.length;
  // Sums of milliseconds carry rounding.
  const reached = track.ends.findLast(({ cost }) => cost <= spent + 1e-9);
  return reached?.moment ?? timeline.momentAfterStep(-1);
}
