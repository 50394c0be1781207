/** Keys of the whole page. */
import { undoBranch } from "./engine";
import { listenFor, STAGE_KEYS, type KeyActions } from "./stage_keys";
import { startRun } from "./start_run";
import { openDialog } from "./stores/layout";
import { isBusy, useEngine } from "./stores/engine";

const ACTIONS: KeyActions = {
  ...STAGE_KEYS,
  r: () => {
    const { phase } = useEngine.getState();
    if (!isBusy(phase) || phase === "running" || phase === "paused") void startRun();
  },
  u: undoBranch,
  "?": () => openDialog("help"),
};

/** Listens to the page's keys; returns how to stop. */
export const listenToKeys = (): (() => void) => listenFor(ACTIONS);
