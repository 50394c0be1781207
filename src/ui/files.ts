/** Traces in and out: the recorded run of the page, files that are opened, files that are saved. */
import { DecoscopeError } from "../base/errors";
import type { TraceEvent } from "../trace/events";
import { download } from "./download";
import { cancel, report } from "./engine";
import { playTour, showBestMoment } from "./playback";
import { isRunMissed, remember } from "./remember";
import { offerUndo } from "./stores/undo";
import { addNotice, isBusy, useEngine } from "./stores/engine";
import { openTour, useLayout } from "./stores/layout";
import { loadFirstRun } from "./recordings";
import { shownMoment, stepEndedBy, usePlayer } from "./stores/player";
import { beginRun, useRun, type RunSource } from "./stores/run";

/** Reading with suspicion is for traces of others; its code is fetched with the first of them. */
const traceFile = () => import("./trace_file");

/** Larger files are no traces or races of this page; reading one would only stall the tab. */
const LARGEST_BYTES = 64_000_000;

/** @throws DecoscopeError "load" if a file is too large to be read */
export function checkSize({ name, size }: File): void {
  if (size > LARGEST_BYTES)
    throw new DecoscopeError(
      "load",
      `${name} has ${size} bytes; a trace or a race has at most ${LARGEST_BYTES}. Choose a file saved here.`,
    );
}

/** Puts a finished trace on the stage, at a lively moment. Ends a run that is under way or on its way, unless it `waits` for one. */
export function showTrace(source: RunSource, events: readonly TraceEvent[], waits = false): void {
  if (!waits && isBusy(useEngine.getState().phase)) cancel();
  usePlayer.setState({ moment: null, isPlaying: false });
  useLayout.setState({ pinned: null, hovered: null });
  const { timeline } = beginRun(source, events);
  showBestMoment();
  const step = stepEndedBy(timeline, shownMoment());
  useLayout.setState({ opened: { timeline, step } });
}

/** Somebody who is here for the first time sees the run play by itself, unless they asked for little motion. */
function greet(): void {
  const { hasSeenTour, isReplayOnly } = useLayout.getState();
  if (hasSeenTour || isReplayOnly) return;
  openTour();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
    useLayout.setState({ opened: null });
    playTour();
  }
}

/** The run that comes with the page. Unless it was asked for, it gives way to whatever is on the stage already. */
export async function openRecordedRun(isAsked = true): Promise<void> {
  try {
    const events = await loadFirstRun();
    if (!isAsked && useRun.getState().source.kind !== "none") return;
    if (isRunMissed()) offerUndo("The recorded run took the place of yours.", remember());
    // Somebody may have pressed Run before it came.
    showTrace({ kind: "recorded" }, events, !isAsked);
    if (!isAsked) greet();
  } catch (thrown) {
    report(thrown);
  }
}

/** A trace file that was chosen or dropped. Bad ones give a message and leave the stage as it is. */
export async function openTraceFile(file: File): Promise<void> {
  try {
    checkSize(file);
    const { readTrace } = await traceFile();
    const { events, warnings } = readTrace(new Uint8Array(await file.arrayBuffer()));
    for (const warning of warnings) addNotice(`${file.name}: ${warning}.`);
    useEngine.setState({ error: null });
    if (isRunMissed()) offerUndo(`${file.name} took the place of the run before.`, remember());
    showTrace({ kind: "file", name: file.name }, events);
  } catch (thrown) {
    report(thrown);
  }
}

/** Saves the whole run on the stage, whatever moment is shown. */
export async function saveTrace(): Promise<void> {
  const { timeline } = useRun.getState();
  const { start } = timeline.latest;
  const name = start ? `${start.method}-seed-${start.seed}` : "run";
  try {
    const { writeTrace } = await traceFile();
    download(
      `decoscope-${name}.jsonl.gz`,
      new Blob([writeTrace(timeline.events)], { type: "application/gzip" }),
    );
  } catch (thrown) {
    report(thrown);
  }
}
