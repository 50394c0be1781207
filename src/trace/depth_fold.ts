/** Events of recurrent depth to views; part of fold.ts. */
import type { AnyDepthEvent } from "./depth_events";
import { type DepthRound, EMPTY_DEPTH_ROUND } from "./depth_view";
import { inRound } from "./round";
import type { RunView } from "./view";

function added(round: DepthRound, e: AnyDepthEvent): DepthRound {
  switch (e.kind) {
    case "recur":
      return { ...round, recurs: [...round.recurs, e] };
    case "depth":
      return { ...round, depths: [...round.depths, e] };
    case "wave":
      return { ...round, wave: e };
  }
}

/** The view after one event of recurrent depth. */
export function foldDepth(view: RunView, e: AnyDepthEvent): RunView {
  const next = inRound(view, e, (round) => ({
    ...round,
    recursion: added(round.recursion ?? EMPTY_DEPTH_ROUND, e),
  }));
  return e.kind === "depth" ? { ...next, depths: next.depths.set(e.position, e) } : next;
}
