/** Hooks that give components the moment on the stage. */
import { useMemo } from "react";
import { type MethodInfo, methodOf } from "./definitions";
import { stepEndedBy, usePlayer } from "./stores/player";
import { useLayout, type Selection } from "./stores/layout";
import { useRun } from "./stores/run";
import type { RunView } from "../trace/view";
import type { RunKind } from "./views/view";

export interface Moment {
  readonly view: RunView;
  /** The round that the moment is in, finished or not; -1 before the first. */
  readonly step: number;
  /** The last finished round; -1 before the first. What the timeline's thumb shows. */
  readonly ended: number;
  /** Rounds of the whole run so far. */
  readonly total: number;
  /** Whether this is the newest moment. */
  readonly isNewest: boolean;
}

/** The shown moment; changes with the player and, while the newest is followed, with the run. */
export function useMoment(): Moment {
  const timeline = useRun((s) => s.timeline);
  const length = useRun((s) => s.length);
  const moment = usePlayer((s) => s.moment);
  return useMemo(() => {
    const at = moment === null ? length : Math.min(moment, length);
    const view = timeline.viewAt(at);
    return {
      view,
      step: view.rounds.length - 1,
      ended: stepEndedBy(timeline, at),
      total: timeline.latest.rounds.length,
      isNewest: at >= length,
    };
  }, [timeline, length, moment]);
}

/** What the inspector is to explain at a moment in a step: what is under the pointer, else what is pinned in that step. */
export function useSelection(step: number): Selection | null {
  const hovered = useLayout((s) => s.hovered);
  const pinned = useLayout((s) => s.pinned);
  return useMemo(() => {
    if (hovered) return hovered;
    // A position is the same place in every step.
    if (pinned?.kind === "position") return { ...pinned, step };
    return pinned?.step === step ? pinned : null;
  }, [hovered, pinned, step]);
}

/** What runs of a method do. */
export function kindOfMethod(method: MethodInfo | undefined): RunKind {
  if (method?.requires.startsWith("masked")) return "canvas";
  if (!method?.needs) return "text";
  return method.views.includes("wave") ? "wave" : "depth";
}
/** What a run does; known from its first event on. */
export function kindOf({ canvas, rounds, start }: RunView): RunKind {
  if (canvas !== null) return "canvas";
  if (rounds.at(1)?.recursion?.wave) return "wave";
  const kind = kindOfMethod(methodOf(start?.method ?? ""));
  // A trace of a method that this page does not know.
  return kind === "text" && rounds.at(0)?.recursion ? "depth" : kind;
}
export const useRunKind = (): RunKind => useRun(({ latest }) => kindOf(latest));
export const useIsCanvasRun = (): boolean => useRunKind() === "canvas";
