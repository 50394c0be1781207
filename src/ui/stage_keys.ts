/** Keys that move through the run on the stage. */
import { goTo, stepBack, stepForward, togglePlay } from "./playback";
import { pin, useLayout } from "./stores/layout";
import { useRun } from "./stores/run";

export type KeyActions = Readonly<Record<string, () => void>>;

export const STAGE_KEYS: KeyActions = {
  " ": togglePlay,
  ArrowRight: stepForward,
  ArrowLeft: stepBack,
  Home: () => goTo(-1),
  End: () => goTo(useRun.getState().latest.rounds.length - 1),
  Escape: () => pin(null),
};

const TYPING =
  "input, textarea, select, [contenteditable], [role=menu], [role=dialog], [role=separator], [role=tab]";
/** What Space and Enter already mean something to. */
const PRESSED_BY_SPACE = "button, summary, a, [role=button]";

function onKey(e: KeyboardEvent, actions: KeyActions): void {
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || useLayout.getState().dialog) return;
  const target = e.target instanceof Element ? e.target : null;
  if (target?.closest(TYPING)) return;
  if (e.key === " " && target?.closest(PRESSED_BY_SPACE)) return;
  const action = actions[e.key];
  if (!action) return;
  e.preventDefault();
  action();
}

/** Listens to keys of the whole page; returns how to stop. */
export function listenFor(actions: KeyActions): () => void {
  const listener = (e: KeyboardEvent) => onKey(e, actions);
  window.addEventListener("keydown", listener);
  return () => window.removeEventListener("keydown", listener);
}
