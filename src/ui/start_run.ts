/** Runs what the setup asks for. Branches of the run on the stage go with it, and can be had back. */
import { problemWith, run, runOneStep } from "./engine";
import { plural } from "./format";
import { remember } from "./remember";
import { useRun } from "./stores/run";
import { runSettings, useSettings } from "./stores/settings";
import { dropUndo, offerUndo } from "./stores/undo";

/** Starts a run; stops it after its first step if `isOneStep`. */
export function startRun(isOneStep = false): Promise<void> {
  if (!problemWith(runSettings(useSettings.getState()))) {
    const branches = useRun.getState().known.length - 1;
    if (branches > 0)
      offerUndo(
        `The new run takes the place of the one before and its ${plural(branches, "branch", "branches")}.`,
        remember(),
      );
    // What an older click replaced is no longer what this run takes the place of: taking it back would take the run away.
    else dropUndo();
  }
  return isOneStep ? runOneStep() : run();
}
