/**
 * Time of a plain step as measured by plain runs seen on this page, by model and device: what the cost of a round with
 * a tree is compared with. Never guessed.
 */
import { create } from "zustand";
import type { RunView } from "../../trace/view";
import { median, roundTimes } from "../inspect";
import { useRun } from "./run";

/** Fewer rounds say too little about the time of one. */
const FEWEST_ROUNDS = 8;

export interface Baseline {
  readonly stepMs: number;
  readonly rounds: number;
}

export const useBaselines = create<Readonly<Record<string, Baseline>>>()(() => ({}));

/** Runs that can be compared with one another have the same key. */
export const baselineKey = (view: RunView): string =>
  `${view.start?.model ?? ""} on ${view.start?.adapter ?? ""}`;

/** The time of a plain step, if the run is plain, finished and long enough. */
export function baselineOf(view: RunView): Baseline | null {
  const isPlain = view.metrics.draftForwards === 0 && view.metrics.targetRows === view.metrics.targetForwards;
  if (view.status.state !== "ended" || !isPlain || view.rounds.length < FEWEST_ROUNDS) return null;
  const stepMs = median(roundTimes(view));
  return stepMs === null || stepMs <= 0 ? null : { stepMs, rounds: view.rounds.length };
}

/** Keeps the baseline of every plain run that ends; returns how to stop. */
export function watchBaselines(): () => void {
  return useRun.subscribe(({ latest }, before) => {
    if (latest === before.latest) return;
    const found = baselineOf(latest);
    if (found) useBaselines.setState({ [baselineKey(latest)]: found });
  });
}
