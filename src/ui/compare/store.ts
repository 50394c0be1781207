/** The runs that are compared, and where their race stands. Changed only by the functions of this file. */
import { create } from "zustand";
import type { TraceEvent } from "../../trace/events";
import { Timeline } from "../../trace/timeline";
import type { RunSettings } from "../../worker/api";
import { draftOf, fits, methodOf, modelFor, methods } from "../definitions";
import { changeParam, readParams, type ParamValue } from "../../base/params";
import { cancel } from "../engine";
import { offerUndo } from "../stores/undo";
import type { Measure } from "./race";

export interface Lane {
  readonly id: number;
  readonly settings: RunSettings;
  /** What came of them; null before they are run. Grows in place; `length` tells when. */
  readonly timeline: Timeline | null;
  readonly length: number;
}

export const LEAST_LANES = 2;
export const MOST_LANES = 4;

export interface CompareState {
  readonly lanes: readonly Lane[];
  readonly by: Measure;
  /** What every run has spent at the shown moment, in units of `by`; null shows all as far as they are. */
  readonly spent: number | null;
  readonly isPlaying: boolean;
  /** The lane that is being run. */
  readonly running: number | null;
  /** Id of the drawing of each lane, and what it shows where there is a choice. */
  readonly view: string;
  /** The address these runs came from: coming back to it leaves them as they are. */
  readonly opened: string | null;
}

export const useCompare = create<CompareState>()(() => ({
  lanes: [],
  by: "passes",
  spent: null,
  isPlaying: false,
  running: null,
  view: "canvas",
  opened: null,
}));

let lastId = 0;
export const newLane = (settings: RunSettings, events: readonly TraceEvent[] | null = null): Lane => {
  const timeline = events && new Timeline(events);
  return { id: ++lastId, settings, timeline, length: timeline?.length ?? 0 };
};

const still = { spent: null, isPlaying: false } as const;
const set = (lanes: readonly Lane[]): void => useCompare.setState({ lanes, ...still });
const unrun = (settings: RunSettings): Pick<Lane, "settings" | "timeline" | "length"> => ({
  settings,
  timeline: null,
  length: 0,
});

/** Puts other runs in place of those that were compared. */
export function showLanes(lanes: readonly Lane[], by?: Measure): void {
  offerBack("Another race took the place of this one.", () => true);
  useCompare.setState({ lanes, ...still, ...(by ? { by } : {}) });
}

/** Offers to put back what a change takes away, if any run is lost by it; a run that is being made in its place is then no longer wanted. */
export function offerBack(did: string, isLost: (lane: Lane) => boolean): void {
  const { lanes, by, view } = useCompare.getState();
  if (lanes.some((lane) => lane.timeline !== null && isLost(lane)))
    offerUndo(did, () => {
      if (useCompare.getState().running !== null) cancel();
      useCompare.setState({ lanes, by, view, running: null, ...still });
    });
}

export function changeLane(id: number, change: (settings: RunSettings) => RunSettings): void {
  offerBack("A run with other settings takes the place of this one.", (lane) => lane.id === id);
  set(
    useCompare
      .getState()
      .lanes.map((lane) => (lane.id === id ? { ...lane, ...unrun(change(lane.settings)) } : lane)),
  );
}

/** Changes what all runs share: then none of them is what it was. */
export function changeShared(
  change: Partial<Pick<RunSettings, "prompt" | "seed" | "maxNewTokens" | "sampler">>,
): void {
  const begin = change.prompt === undefined ? {} : { begin: null };
  offerBack("What all runs share was changed: they are to be run again.", () => true);
  set(
    useCompare
      .getState()
      .lanes.map((lane) => ({ ...lane, ...unrun({ ...lane.settings, ...change, ...begin }) })),
  );
}

/** The same settings by another method, with its defaults, on a model that it can run on. */
export function withMethod(settings: RunSettings, id: string): RunSettings {
  const method = methodOf(id);
  if (!method) return settings;
  const model = fits(method, settings.model)
    ? settings.model
    : (modelFor(method, settings.model)?.id ?? settings.model);
  return {
    ...settings,
    method: id,
    model,
    draft: method.requires.includes("+") ? (draftOf(model)?.id ?? null) : null,
    params: readParams(method.params, {}).values,
    begin: model === settings.model ? settings.begin : null,
  };
}

export const setLaneMethod = (id: number, method: string): void =>
  changeLane(id, (settings) => withMethod(settings, method));
export const setLaneParam = (id: number, key: string, value: ParamValue): void =>
  changeLane(id, (settings) => ({
    ...settings,
    params: changeParam(methodOf(settings.method)?.params ?? {}, settings.params, key, value),
  }));

/** What a method is best put beside: plain decoding, or one position a step, of the same kind. */
export function opponentOf(method: string): string {
  const asked = methodOf(method);
  const [plain, other] = asked?.requires.startsWith("masked")
    ? ["low-confidence", "fast-dllm"]
    : // A mixture of recursions runs at full depth when it is decoded plainly.
      asked?.needs && asked.requires !== "routed"
      ? ["recurrent", "depth-wavefront"]
      : ["autoregressive", "rsd-s"];
  const opponent = method === plain ? other : plain;
  return methodOf(opponent) ? opponent : (methods[0]?.id ?? method);
}

export function addLane(): void {
  const { lanes } = useCompare.getState();
  const first = lanes[0];
  if (!first || lanes.length >= MOST_LANES) return;
  const used = new Set(lanes.map((lane) => lane.settings.method));
  const kind = methodOf(first.settings.method)?.requires.split("+")[0] ?? "causal";
  const next = methods.find((m) => m.requires === kind && !used.has(m.id))?.id ?? first.settings.method;
  set([...lanes, newLane(withMethod(first.settings, next))]);
}

export function removeLane(id: number): void {
  const { lanes } = useCompare.getState();
  if (lanes.length <= LEAST_LANES) return;
  offerBack("The run was removed.", (lane) => lane.id === id);
  set(lanes.filter((lane) => lane.id !== id));
}

/** Runs that were made on this page; others came with it, in a link or in a file. */
const madeHere = new WeakSet<Timeline>();
export const isMadeHere = (timeline: Timeline): boolean => madeHere.has(timeline);

/** Empties a lane for a run that is about to be made; gives the timeline its events go to. */
export function beginLane(id: number): Timeline {
  const timeline = new Timeline();
  madeHere.add(timeline);
  useCompare.setState((s) => ({
    ...still,
    running: id,
    lanes: s.lanes.map((lane) => (lane.id === id ? { ...lane, timeline, length: 0 } : lane)),
  }));
  return timeline;
}

/** Takes note of events that were added to a lane's timeline. */
export const growLane = (timeline: Timeline): void =>
  useCompare.setState((s) => ({
    lanes: s.lanes.map((lane) => (lane.timeline === timeline ? { ...lane, length: timeline.length } : lane)),
  }));
