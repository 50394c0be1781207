/** What the buttons of a comparison do: fill it, run it, play it, and make its link. */
import { runAside, cancel } from "../engine";
import { addNotice, isBusy, useEngine } from "../stores/engine";
import { useRun } from "../stores/run";
import { runSettings, useSettings } from "../stores/settings";
import { dropUndo } from "../stores/undo";
import { methodOf } from "../definitions";
import { loadRecording } from "../recordings";
import { settingsOfRun } from "../run_settings";
import { decodeRun, encodeRun } from "../share_link";
import { showcaseSettings } from "../showcase";
import { readTrace } from "../trace_file";
import { isMeasure, trackOf } from "./race";
import {
  beginLane,
  growLane,
  LEAST_LANES,
  MOST_LANES,
  newLane,
  offerBack,
  opponentOf,
  showLanes,
  useCompare,
  withMethod,
  type Lane,
} from "./store";

/** Races to begin with: their runs come recorded, on one prompt. The first is there when nobody has said what to compare. */
export const STARTS: readonly { readonly label: string; readonly methods: readonly string[] }[] = [
  { label: "One position a step, or all that is sure", methods: ["low-confidence", "fast-dllm"] },
  { label: "One a step, an early stop, a cache", methods: ["low-confidence", "prophet", "dkv-cache"] },
  { label: "Token by token, or draft trees", methods: ["autoregressive", "rsd-s"] },
  { label: "Until the latent settles, or guesses checked deep", methods: ["recurrent", "self-speculation"] },
];

/** Puts the run on the stage, or the setup, beside the method it is best compared with. */
export function compareFrom(what: "stage" | "setup"): void {
  const { latest, timeline } = useRun.getState();
  const isOver = latest.status.state === "ended";
  const { start } = latest;
  const settings = what === "stage" && start ? settingsOfRun(start) : runSettings(useSettings.getState());
  const keep = what === "stage" && start !== null && isOver;
  showLanes([
    newLane(settings, keep ? timeline.events : null),
    newLane(withMethod(settings, opponentOf(settings.method))),
  ]);
  useCompare.setState({ opened: null, view: methodOf(settings.method)?.views[0] ?? "canvas" });
}

/** Fills an empty comparison with the first of {@link STARTS}. */
export async function fillFirst(): Promise<void> {
  if (useCompare.getState().lanes.length > 0) return;
  const lanes = await recordedLanes(STARTS[0]!.methods);
  if (useCompare.getState().lanes.length === 0) showLanes(lanes);
}

/** Puts one of {@link STARTS} in place of what was compared, and plays it. */
export async function showStart(methods: readonly string[]): Promise<void> {
  showLanes(await recordedLanes(methods));
  useCompare.setState({ view: methodOf(methods[0] ?? "")?.views[0] ?? "canvas" });
  play(0);
}

/** A lane for each method on the prompt of the first one's example, with its recorded run if that has the prompt too. */
async function recordedLanes(methods: readonly string[]): Promise<readonly Lane[]> {
  const wanted = methods.map((id) => methodOf(id)).filter((m) => m !== undefined);
  const [first] = wanted;
  if (!first) return [];
  const settings = showcaseSettings(first);
  return Promise.all(
    wanted.map(async (method) => {
      const events = await loadRecording(method.id).catch(() => null);
      const own = { ...showcaseSettings(method), prompt: settings.prompt };
      const start = events?.[0];
      const isSame = start?.kind === "run_start" && start.prompt === settings.prompt;
      return newLane(own, isSame ? events : null);
    }),
  );
}

/** Runs that have not been run, one after another, so that none disturbs another's clock; all of them if `again`. */
export async function runLanes(again: boolean): Promise<void> {
  if (isBusy(useEngine.getState().phase)) cancel();
  const isDone = (lane: Lane): boolean => lane.timeline?.latest.status.state === "ended";
  if (again) offerBack("New runs take the place of these.", isDone);
  // The runs as an older click found them do not have the ones that are made now.
  else dropUndo();
  for (const { id } of useCompare.getState().lanes) {
    const lane = useCompare.getState().lanes.find((l) => l.id === id);
    if (!lane || (!again && isDone(lane))) continue;
    const timeline = beginLane(id);
    await runAside(lane.settings, timeline, () => growLane(timeline));
    const { status } = timeline.latest;
    const isOver = status.state === "ended" && status.reason !== "cancelled" && status.reason !== "error";
    // What was stopped or failed is said by the engine; the others wait to be asked for.
    if (!isOver || useCompare.getState().running !== id) {
      useCompare.setState({ running: null });
      return;
    }
  }
  useCompare.setState({ running: null });
  if (useCompare.getState().lanes.every(isDone)) play(0);
}

/** How long a race takes to play, in milliseconds. */
const RACE_MS = 7000;
let frame = 0;

/** The most that any run has spent. */
const finish = (): number => {
  const { lanes, by } = useCompare.getState();
  return Math.max(0, ...lanes.map((lane) => (lane.timeline && trackOf(lane.timeline, by)?.total) || 0));
};

/** Plays the race from what is spent at the shown moment, or from `from`. */
export function play(from?: number): void {
  cancelAnimationFrame(frame);
  const end = finish();
  if (end === 0) return;
  const shown = from ?? useCompare.getState().spent ?? 0;
  const start = shown >= end ? 0 : shown;
  useCompare.setState({ isPlaying: true, spent: start });
  let began: number | null = null;
  const tick = (now: number): void => {
    if (!useCompare.getState().isPlaying) return;
    began ??= now;
    const spent = start + ((now - began) / RACE_MS) * end;
    if (spent >= end) {
      useCompare.setState({ isPlaying: false, spent: null });
      return;
    }
    useCompare.setState({ spent });
    frame = requestAnimationFrame(tick);
  };
  frame = requestAnimationFrame(tick);
}

export function pause(): void {
  cancelAnimationFrame(frame);
  useCompare.setState({ isPlaying: false });
}

/** Shows the moment when every run has spent so much; null shows all as far as they are. */
export function spend(spent: number | null): void {
  pause();
  useCompare.setState({ spent });
}

/** The fragment that opens as this comparison: "compare/<measure>/<run>/<run>", each run as in a link of its own. */
export function comparisonFragment(withRuns: boolean): string {
  const { lanes, by } = useCompare.getState();
  const runs = lanes.map(({ settings, timeline }) => encodeRun(settings, withRuns ? timeline : null));
  return `compare/${[by, ...runs].join("/")}`;
}

/**
 * Takes over what a link or a file holds, as {@link comparisonFragment} wrote it; says what was wrong with it. Runs nothing.
 * @returns whether it could be read; if not, everything stays as it was
 */
export function openComparison(item: string, from: "link" | "race file" = "link"): boolean {
  const [by = "", ...runs] = item.split("/");
  if (!isMeasure(by) || runs.length < LEAST_LANES) {
    addNotice(
      `This ${from === "link" ? "link to a race" : from} cannot be read: it should name what the runs are raced by and hold at least ${LEAST_LANES} runs, but begins with \u201c${item.slice(0, 24)}\u201d. ${from === "link" ? "Part of it was probably lost on the way: ask for it again, or choose runs below." : "A part of it was lost: save the race again."}`,
    );
    return false;
  }
  if (runs.length > MOST_LANES)
    addNotice(`This ${from} compares ${runs.length} runs; the first ${MOST_LANES} are shown.`);
  const lanes = runs.slice(0, MOST_LANES).map((run, i) => {
    const { settings, trace, problems } = decodeRun(run);
    const say = (what: string): void => addNotice(`Run ${i + 1} of this ${from}: ${what}.`);
    for (const problem of problems) say(problem);
    if (!trace) return newLane(settings);
    try {
      const { events, warnings } = readTrace(trace);
      for (const warning of warnings) say(warning);
      return newLane(settings, events);
    } catch (thrown) {
      say(`it cannot be shown, ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      return newLane(settings);
    }
  });
  showLanes(lanes, by);
  useCompare.setState({ view: methodOf(lanes[0]!.settings.method)?.views[0] ?? "canvas" });
  return true;
}
