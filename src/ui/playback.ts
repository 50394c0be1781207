/** What the transport's buttons and keys do, for recorded and live runs alike. */
import * as engine from "./engine";
import { earlyStep } from "./early_step";
import { useEngine } from "./stores/engine";
import {
  nextStop,
  shownMoment,
  showMoment,
  showStep,
  stepEndedBy,
  usePlayer,
  type Speed,
} from "./stores/player";
import { useRun } from "./stores/run";
import type { RoundView, RunView } from "../trace/view";

/** Milliseconds between two stops at speed 1. */
const STOP_MS = 620;
/** From this speed on only the ends of steps are shown. */
const COARSE: Speed = 4;

/** How much longer the page's own first playback stays at each stop: long enough to read a sentence. */
const TOUR_SLOWDOWN = 4;

/** Whether what plays is that first playback. */
let isTour = false;
let timer: ReturnType<typeof setTimeout> | null = null;

/** For so long after a run stopped moving by itself, a press on the button is one on the Pause that stood there. In milliseconds. */
const LATE_MS = 600;
let stoppedAt = -Infinity;
const stoppedByItself = (): void => {
  stoppedAt = performance.now();
};
useEngine.subscribe(({ phase }, before) => {
  if (before.phase === "running" && phase === "idle") stoppedByItself();
});

function stopTimer(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  isTour = false;
  usePlayer.setState({ isPlaying: false });
}

const isAtEnd = (): boolean => shownMoment() >= useRun.getState().length;
/** Whether the run on the stage goes on or can; while another is awaited, the one on the stage is the run before. */
const isLive = (): boolean => {
  const { phase, isAwaited } = useEngine.getState();
  const isGoing = (phase === "running" || phase === "paused") && !isAwaited;
  return isGoing && useRun.getState().source.kind === "live";
};

function tick(): void {
  // A run that took the stage has stopped it.
  if (!usePlayer.getState().isPlaying) {
    stopTimer();
    return;
  }
  const { speed } = usePlayer.getState();
  const next = nextStop(useRun.getState().timeline, shownMoment(), speed >= COARSE);
  if (next !== null) showMoment(next);
  if (next === null || isAtEnd()) {
    stopTimer();
    stoppedByItself();
    // Playback of a run that still goes on has caught up with it.
    if (isLive()) engine.resume();
    return;
  }
  const pace = isTour ? TOUR_SLOWDOWN : 1;
  timer = setTimeout(tick, (pace * (speed >= COARSE ? 2 * STOP_MS : STOP_MS)) / speed);
}

/** Plays on from the shown moment; at the end of a finished run, from its beginning. */
export function play(): void {
  if (useRun.getState().length === 0) return;
  if (isAtEnd()) {
    if (isLive()) {
      engine.resume();
      return;
    }
    showStep(-1);
  }
  if (timer !== null) clearTimeout(timer);
  usePlayer.setState({ isPlaying: true });
  timer = setTimeout(tick, 120);
}

/** Plays the run on the stage once from its beginning, slowly, for somebody who sees it for the first time. */
export function playTour(): void {
  showStep(-1);
  play();
  isTour = true;
}

/** Stops playing; a running engine is paused. */
export function pause(): void {
  stopTimer();
  if (useEngine.getState().phase === "running") engine.pause();
}

/** Whether the play button would pause. */
export const useIsMoving = (): boolean => {
  const isPlaying = usePlayer((s) => s.isPlaying);
  const isRunning = useEngine((s) => s.phase === "running");
  return isPlaying || isRunning;
};

/** What the button does: pauses what moves, plays what stands; a press meant for the Pause of a run that has just ended does nothing. */
export function togglePlay(): void {
  if (usePlayer.getState().isPlaying || useEngine.getState().phase === "running") pause();
  else if (!isAtEnd() || isLive() || performance.now() - stoppedAt > LATE_MS) play();
}

/** To the end of the next step; at the end of a live run, runs the engine one step. */
export function stepForward(): void {
  const wasPlaying = usePlayer.getState().isPlaying;
  stopTimer();
  const { timeline } = useRun.getState();
  if (isAtEnd()) {
    if (isLive() && !wasPlaying) engine.step();
    return;
  }
  showStep(stepEndedBy(timeline, shownMoment()) + 1);
}

/** To the end of the step before; a running engine is paused. */
export function stepBack(): void {
  pause();
  const { timeline } = useRun.getState();
  const at = shownMoment();
  const ended = stepEndedBy(timeline, at);
  // From within a step, back to the end of the one before it.
  const isWithin = ended >= 0 && timeline.momentAfterStep(ended) < at && !isAtEnd();
  showStep(Math.max(-1, isWithin ? ended : ended - 1));
}

export function goTo(step: number): void {
  stopTimer();
  showStep(step);
}

/**
 * The round to begin with: one in the middle of the run that shows as much as possible, drafts accepted and drafts
 * rejected; a canvas where it stops early, or else half filled. The last one if no round has a tree.
 */
export function liveliestStep(view: RunView): number {
  const last = view.rounds.length - 1;
  if (view.canvas) {
    const early = earlyStep(view);
    if (early !== null) return early;
    const half = view.canvas.cells.filter((cell) => cell.status !== "fixed").length / 2;
    const isHalfway = (r: RoundView): boolean =>
      (r.canvas?.cells.filter((cell) => cell.status === "masked").length ?? 0) <= half;
    return view.rounds.toArray().find(isHalfway)?.step ?? last;
  }
  let best = { step: last, score: 0 };
  for (const round of view.rounds) {
    const accepted = round.nodes.filter((n) => n.state === "accepted").length;
    const rejected = round.nodes.filter((n) => n.state === "rejected").length;
    const isKind = round.extra === "residual" ? 1 : 0;
    const offCentre = Math.abs(round.step / Math.max(1, last) - 0.4);
    const score = accepted === 0 ? 0 : accepted + Math.min(rejected, 3) + isKind - 3 * offCentre;
    if (score > best.score) best = { step: round.step, score };
  }
  return best.step;
}

/** Shows {@link liveliestStep}. */
export function showBestMoment(): void {
  showStep(liveliestStep(useRun.getState().latest));
}
