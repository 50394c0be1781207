/** The offer to force the chosen token and go on from there: a branch of the run. */
import type { KeyboardEvent } from "react";
import { branchAt } from "../branch";
import { runBranch } from "../engine";
import { quoted } from "../format";
import { useMoment, useSelection } from "../moment";
import type { RunView } from "../../trace/view";
import { useLayout, type Selection } from "../stores/layout";
import { BranchIcon } from "./icons";

/** Marks the button, so that Enter on a mark of the drawing can lead to it. */
export const FORCE_ACTION = "data-force-action";

/** Forces what is selected, if that can be done. Returns whether a branch was asked for. */
export function force(view: RunView, selection: Selection | null): boolean {
  const branch = useLayout.getState().isReplayOnly ? null : branchAt(view, selection);
  if (!branch || "problem" in branch) return false;
  void runBranch(branch);
  return true;
}

/** Back to the mark that the button was reached from. */
function onKey(e: KeyboardEvent<HTMLElement>): void {
  if (e.key !== "Escape") return;
  const mark = document.querySelector<SVGElement>('.tree-mark[aria-pressed="true"]');
  if (!mark) return;
  mark.focus();
  e.stopPropagation();
}

export function ForceToken() {
  const { view, step } = useMoment();
  const selection = useSelection(step);
  const branch = branchAt(view, selection);
  if (!branch) return null;
  if ("problem" in branch) return <p className="help">Cannot be forced. {branch.problem}</p>;
  return (
    <div className="force" onKeyDown={onKey}>
      <button
        type="button"
        className="force-button"
        data-testid="force-token"
        {...{ [FORCE_ACTION]: "" }}
        onClick={() => void runBranch(branch)}
      >
        <BranchIcon />
        <span>
          Force <q>{quoted(branch.forced).slice(1, -1)}</q> and go on from here
        </span>
      </button>
      <p className="help">
        A branch: the text up to here, then this token, then the same method. This run is kept.
      </p>
    </div>
  );
}
