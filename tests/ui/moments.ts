/** Moments of the sample run that tests of drawings look at. */
import { Timeline } from "../../src/trace/timeline";
import type { RunView } from "../../src/trace/view";
import { sampleTrace } from "../helpers/sample_trace";

export const timeline = new Timeline(sampleTrace(12));

/** The moment right after the event of a kind in a step. */
export function after(kind: "draft" | "verify" | "commit", step: number): RunView {
  const index = timeline.events.findIndex((e) => e.kind === kind && e.step === step);
  if (index < 0) throw new Error(`the sample has no ${kind} in step ${step}`);
  return timeline.viewAt(index + 1);
}

/** Steps of the sample by what happened in them. */
export const stepWhere = (extra: "bonus" | "residual"): number => {
  const round = timeline.latest.rounds.toArray().find((r) => r.extra === extra && r.path.length > 1);
  if (!round) throw new Error(`the sample has no ${extra} after an accepted draft`);
  return round.step;
};
