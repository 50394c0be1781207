/** Keys of the whole page. */
import { undoBranch } from "./engine";
import { goTo, stepBack, stepForward, togglePlay } from "./playback";
import { startRun } from "./start_run";
import { openDialog, pin, useLayout } from "./stores/layout";
import { isBusy, useEngine } from "./stores/engine";
import { useRun } from "./stores/run";

const ACTIONS: Readonly<Record<string, () => void>> = {
  " ": togglePlay,
  ArrowRight: stepForward,
  ArrowLeft: stepBack,
  Home: () => goTo(-1),
  End: () => goTo(useRun.getState().latest.rounds.length - 1),
  r: () => {
    const { phase } = useEngine.getState();
    if (!isBusy(phase) || phase === "running" || phase === "paused") void startRun();
  },
  u: undoBranch,
  "?": () => openDialog("help"),
  Escape: () => pin(null),
};

const TYPING =
  "input, textarea, select, [contenteditable], [role=menu], [role=dialog], [role=separator], [role=tab]";
/** What Space and Enter already mean something to. */
const PRESSED_BY_SPACE = "button, summary, a, [role=button]";

function onKey(e: KeyboardEvent): void {
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || useLayout.getState().dialog) return;
  const target = e.target instanceof Element ? e.target : null;
  if (target?.closest(TYPING)) return;
  if (e.key === " " && target?.closest(PRESSED_BY_SPACE)) return;
  const action = ACTIONS[e.key];
  if (!action) return;
  e.preventDefault();
  action();
}

/** Listens to the page's keys; returns how to stop. */
export function listenToKeys(): () => void {
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
