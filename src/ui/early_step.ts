/** Which step of a run with a canvas stopped it early. */
import type { RunView } from "../trace/view";

/** The step that committed all that was left before the last planned one; null in runs that went on to their planned end. */
export function earlyStep(view: RunView): number | null {
  const planned = view.canvas?.start.planned ?? null;
  if (planned === null) return null;
  const early = view.rounds.toArray().find((r) => r.canvas?.unmasked.some((e) => e.reason === "all_in"));
  return early && early.step + 1 < planned ? early.step : null;
}
