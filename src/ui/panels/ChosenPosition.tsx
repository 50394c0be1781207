/** The position of a canvas that is chosen, with what can be changed in it. */
import { useMemo } from "react";
import type { RunView } from "../../trace/view";
import { canvasBranch, type Change } from "../canvas_branch";
import { runBranch } from "../engine";
import { inspectPosition, type InspectedPosition } from "../inspect_position";
import { addNotice } from "../stores/engine";
import { useLayout, type Selection } from "../stores/layout";
import { useRun } from "../stores/run";
import { Position } from "./Position";

/** Starts a branch that changes a position, or says why there can be none. */
function branchFrom(view: RunView, { step, position }: InspectedPosition, change: Change): void {
  const branch = canvasBranch(view, step, position, change);
  if (!branch) return;
  if ("problem" in branch) addNotice(branch.problem);
  else void runBranch(branch);
}

export function ChosenPosition({
  selection: { step, position: at },
}: {
  readonly selection: Selection & { readonly kind: "position" };
}) {
  // A place on the map may be later than the shown step.
  const latest = useRun((s) => s.latest);
  const isReplayOnly = useLayout((s) => s.isReplayOnly);
  const position = useMemo(() => inspectPosition(latest, step, at), [latest, step, at]);
  if (!position) return null;
  return (
    <Position
      inspected={position}
      steps={Math.max(latest.canvas?.start.planned ?? 0, latest.rounds.length)}
      onChange={position.isPrompt || isReplayOnly ? null : (change) => branchFrom(latest, position, change)}
    />
  );
}
