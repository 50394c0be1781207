/**
 * What the buttons do with the engine: start it when first needed, load, run, pause, step, cancel, restart. The only
 * writer of the engine store and, together with opening a recorded trace, of the run store.
 */
import { toErrorRecord, type ErrorRecord } from "../base/errors";
import type { KeptModel, TraceEvent } from "../trace/events";
import type { DeviceInfo, LoadProgress, RunSettings, WorkerMessage } from "../worker/api";
import type * as ClientModule from "../worker/client";
import { keepCosts, useCosts } from "./stores/costs";
import { addNotice, isBusy, useEngine, type EnginePhase } from "./stores/engine";
import { useLayout } from "./stores/layout";
import { showStep, usePlayer } from "./stores/player";
import type { Branch } from "./branch";
import { hubAddress } from "./hub_address";
import { appendEvents, beginRun, forgetBranch, showRun, useRun, type Leaving } from "./stores/run";
import { Timeline } from "../trace/timeline";
import { runSettings, useSettings } from "./stores/settings";

let client: ClientModule.EngineClient | null = null;
/** The run whose events are on the stage; null while none was started or a start is under way. */
let activeRun: number | null = null;
let isStarting = false;
/** A run that is made beside the stage. */
interface Aside {
  readonly timeline: Timeline;
  /** Events were added. */
  onGrowth(): void;
  /** Nothing more comes: the run is over, or was never made. */
  onEnd(): void;
}
/** What the run on its way or under way was asked for with, the run it leaves if it is a branch, and where it goes instead of the stage. */
let asked: {
  readonly settings: RunSettings;
  readonly leaves: Leaving | null;
  readonly aside: Aside | null;
} | null = null;
/** Where the active run's events go, on the stage or not. */
let activeTimeline: Timeline | null = null;
/** Who shows how models come that no run asked for. */
let watcher: ((progress: LoadProgress) => void) | null = null;
export const watchProgress = (watch: typeof watcher): void => {
  watcher = watch;
};

/** Grows with every run asked for, so that an answer to an older question is known as such. */
let attempt = 0;
/** What the run on its way is expected to end with, from a link: the hash of its tokens, of models kept like that. */
let expected: { readonly hash: string; readonly kept: readonly KeptModel[] } | null = null;

/** Replays are checked against this hash when the next run ends; `kept` are the models that were not in f32 where it was made. */
export const expectHash = (hash: string | null, kept: readonly KeptModel[]): void => {
  expected = hash === null ? null : { hash, kept };
};

const setPhase = (phase: EnginePhase): void => useEngine.setState({ phase });

const PHASE_OF_STAGE: Readonly<Record<LoadProgress["stage"], EnginePhase>> = {
  download: "loading",
  upload: "loading",
  compile: "compiling",
  ready: "compiling",
};

function adoptRun(run: number): void {
  activeRun = run;
  isStarting = false;
  if (asked?.aside) {
    activeTimeline = asked.aside.timeline;
    return;
  }
  activeTimeline = new Timeline();
  // What was on the stage stays until there is something to see of the new run: its kernels may have to be compiled first.
  if (useRun.getState().source.kind === "none") putOnStage();
  else useEngine.setState({ isAwaited: true });
}

/** Shows the active run, as far as it is. */
function putOnStage(): void {
  activeTimeline = beginRun({ kind: "live" }, activeTimeline?.events, asked?.leaves ?? null).timeline;
  useEngine.setState({ isAwaited: false });
  usePlayer.setState({ moment: null, isPlaying: false });
  useLayout.setState({ pinned: null, hovered: null });
}

function onEnd(timeline: Timeline): void {
  const { status, start } = timeline.latest;
  // A run that ended before its first round leaves the stage as it was.
  useEngine.setState({ phase: "idle", isAwaited: false, build: null });
  if (status.state !== "ended") return;
  if (status.error) useEngine.setState({ error: status.error });
  if (asked?.aside?.timeline === timeline) asked.aside.onEnd();
  if (asked?.leaves || asked?.aside) return;
  if (expected !== null && status.reason !== "cancelled" && status.reason !== "error") {
    const { hash, kept } = expected;
    const facts = [hash === status.hash, kept, start?.kept ?? []] as const;
    void import("./replay_notice").then((m) => addNotice(m.replayNotice(...facts)), report);
    expected = null;
  }
}

function onMessage(message: WorkerMessage): void {
  switch (message.type) {
    case "progress":
      watcher?.(message.progress);
      if (isStarting)
        useEngine.setState({ progress: message.progress, phase: PHASE_OF_STAGE[message.progress.stage] });
      return;
    case "build":
      // A method's own kernels are built after its run began.
      if (isStarting || isBusy(useEngine.getState().phase)) {
        const { done, total, label } = message;
        useEngine.setState({ build: done < total ? { done, total, label } : null });
      }
      return;
    case "events":
      // The first events may arrive before the answer to start().
      if (isStarting && message.run !== activeRun) adoptRun(message.run);
      if (message.run !== activeRun) return;
      if (!activeTimeline) return;
      appendEvents(message.events, activeTimeline);
      if (useEngine.getState().isAwaited && activeTimeline.latest.rounds.length > 0) putOnStage();
      arrive(message.events);
      asked?.aside?.onGrowth();
      if (message.events.some((e) => e.kind === "run_end")) onEnd(activeTimeline);
      return;
    case "chat":
      // The client has handed these to their conversation.
      return;
    case "notice":
      addNotice(message.text);
      return;
    case "device_lost":
      loseDevice(message.error);
  }
}

/** Rounds that came are awaited no longer; after the end none is. */
function arrive(events: readonly TraceEvent[]): void {
  const { roundsAwaited } = useEngine.getState();
  if (roundsAwaited === 0) return;
  const came = events.some((e) => e.kind === "run_end")
    ? roundsAwaited
    : events.filter((e) => e.kind === "cost").length;
  useEngine.setState({ roundsAwaited: Math.max(0, roundsAwaited - came) });
}

function loseDevice(error: ErrorRecord): void {
  client?.dispose();
  client = null;
  activeRun = null;
  isStarting = false;
  attempt++;
  const gone = { isAwaited: false, roundsAwaited: 0, progress: null, build: null, device: null };
  useEngine.setState({ phase: "idle", ...gone, isLost: true, error });
  asked?.aside?.onEnd();
}

/** The engine's worker, started if it was not: for what needs no device. */
export async function openClient(): Promise<ClientModule.EngineClient> {
  return client ?? clientFrom(await import("../worker/client"));
}

/** The engine's worker if it was started. */
export const presentClient = (): ClientModule.EngineClient | null => client;

/** Somebody else may have asked while the module was fetched: two workers would both number their runs from 1. */
function clientFrom({ connectEngine }: typeof ClientModule): ClientModule.EngineClient {
  if (client) return client;
  client = connectEngine(new URL("./", document.baseURI).href, onMessage, hubAddress());
  activeRun = null;
  return client;
}

/**
 * Gets the engine and the models of the setup column ready, quietly: somebody is about to press Run. What goes wrong here goes
 * wrong again when they do, and is said then.
 */
export async function prepare(): Promise<void> {
  const { hasWebGpu, phase } = useEngine.getState();
  if (!hasWebGpu || isBusy(phase)) return;
  const { model, draft } = runSettings(useSettings.getState());
  try {
    const engine = await openClient();
    await engine.openDevice();
    await engine.load(model);
    if (draft !== null) await engine.load(draft);
  } catch {
    // Said by run(), which meets it again.
  }
}

const EMPTY_PROMPT: ErrorRecord = {
  code: "method",
  message: "The prompt is empty. Write at least one character for the model to go on from.",
};

/** What keeps these settings from being run, if anything does. */
export function problemWith(settings: RunSettings): ErrorRecord | null {
  if (settings.prompt.length === 0) return EMPTY_PROMPT;
  if (useEngine.getState().hasWebGpu) return null;
  return {
    code: "unsupported",
    message:
      "This browser has no WebGPU, which running a model needs. Recorded runs play without it; to run your own, open the page in a current Chrome, Edge, Safari or Firefox with a GPU.",
  };
}

/** Runs the settings of the setup column; ends the run before, if one is under way. */
export const run = (isPaused = false): Promise<void> =>
  start({ settings: runSettings(useSettings.getState()), leaves: null, aside: null }, isPaused);

/**
 * Makes a run whose events go into `timeline` and not to the stage; ends what the engine is doing. Resolves when nothing more
 * comes: `timeline` then says how the run ended, and has no end if it could not be made, which the engine's error explains.
 */
export function runAside(settings: RunSettings, timeline: Timeline, onGrowth: () => void): Promise<void> {
  return new Promise((resolve) => {
    const aside: Aside = { timeline, onGrowth, onEnd: resolve };
    void start({ settings, leaves: null, aside }, false).then(() => {
      if (activeTimeline !== timeline) resolve();
    });
  });
}

/**
 * Times forward passes of these models on this device, loading what is not loaded; does nothing while a run is under way. What was
 * found, or why nothing was, stands in the costs store.
 * @param most rows of the largest pass
 */
export async function measureCosts(models: readonly string[], most: number): Promise<void> {
  if (useCosts.getState().isMeasuring || isBusy(useEngine.getState().phase)) return;
  useCosts.setState({ isMeasuring: true, problem: null });
  try {
    const { engine, device } = await engineFor(models);
    for (const model of models) keepCosts(model, device, await engine.measure(model, most), Date.now());
  } catch (thrown) {
    useCosts.setState({ problem: toErrorRecord(thrown).message });
  } finally {
    useCosts.setState({ isMeasuring: false });
  }
}

/**
 * The engine with these models loaded, for work that is no run and that the stage does not show.
 * @throws DecoscopeError if the device does not open or a model does not load
 */
export async function engineFor(
  models: readonly string[],
): Promise<{ readonly engine: ClientModule.EngineClient; readonly device: DeviceInfo }> {
  const engine = await openClient();
  const device = await engine.openDevice();
  useEngine.setState({ device });
  device.avoided.forEach(addNotice);
  for (const model of models) await engine.load(model);
  return { engine, device };
}

/** Runs a branch of the run on the stage, which is kept; ends what the engine is doing. */
export function runBranch({ settings, step, forced }: Branch): Promise<void> {
  const { current } = useRun.getState();
  return start({ settings, leaves: { run: current, step, forced }, aside: null }, false);
}

async function start(wanted: NonNullable<typeof asked>, isPaused: boolean): Promise<void> {
  const { settings } = wanted;
  const problem = problemWith(settings);
  if (problem) {
    useEngine.setState({ error: problem });
    return;
  }
  if (isBusy(useEngine.getState().phase)) cancel();
  const mine = ++attempt;
  // Whoever waits for the run before is told; what it still sends is nobody's.
  asked?.aside?.onEnd();
  asked = wanted;
  isStarting = true;
  const none = { isAwaited: false, roundsAwaited: 0, error: null, progress: null, build: null };
  useEngine.setState({ phase: "opening", ...none, isLost: false });
  try {
    const engine = await openClient();
    const device = await engine.openDevice();
    if (mine !== attempt) return;
    useEngine.setState({ device, phase: "loading" });
    device.avoided.forEach(addNotice);
    await engine.load(settings.model);
    if (settings.draft !== null && mine === attempt) await engine.load(settings.draft);
    if (mine !== attempt) return;
    useEngine.setState({ phase: "compiling", progress: null });
    const number = await engine.start(settings, isPaused);
    if (mine !== attempt) {
      engine.cancel(number);
      return;
    }
    if (activeRun !== number) adoptRun(number);
    // A short run may be over before the answer to start() arrives.
    if (activeTimeline?.latest.status.state !== "ended") setPhase(isPaused ? "paused" : "running");
  } catch (thrown) {
    if (mine !== attempt) return;
    isStarting = false;
    const error = toErrorRecord(thrown);
    useEngine.setState((s) => ({
      phase: "idle",
      progress: null,
      error: error.code === "cancelled" ? null : s.isLost ? s.error : error,
      isLost: s.isLost || error.code === "device_lost",
    }));
  }
}

/** Starts a run and stops it after its first round. */
export async function runOneStep(): Promise<void> {
  await run(true);
  if (useEngine.getState().phase === "paused") step();
}

const withRun = (act: (engine: ClientModule.EngineClient, run: number) => void): void => {
  if (client && activeRun !== null) act(client, activeRun);
};

export function pause(): void {
  // Whoever looks through the run before does not mean the one that comes.
  if (useEngine.getState().isAwaited) return;
  withRun((engine, number) => engine.pause(number));
  if (useEngine.getState().phase === "running") setPhase("paused");
}

export function resume(): void {
  if (useEngine.getState().isAwaited) return;
  withRun((engine, number) => engine.resume(number));
  useEngine.setState({ roundsAwaited: 0 });
  if (useEngine.getState().phase === "paused") setPhase("running");
}

/** Runs the engine one round and pauses. */
export function step(): void {
  withRun((engine, number) => engine.step(number));
  useEngine.setState((s) => ({ roundsAwaited: s.roundsAwaited + 1 }));
  if (useEngine.getState().phase === "running") setPhase("paused");
}

/** Ends what the engine is doing: the run, or what was on the way to one. */
export function cancel(): void {
  const { phase } = useEngine.getState();
  if (phase === "running" || phase === "paused") {
    withRun((engine, number) => engine.cancel(number));
    // Rounds that are on their way have no stage to come to any more.
    useEngine.setState({ isAwaited: false });
    return;
  }
  if (!isBusy(phase)) return;
  attempt++;
  isStarting = false;
  if (phase === "loading" && client) {
    if (asked) client.cancelLoad(asked.settings.model);
    if (asked?.settings.draft) client.cancelLoad(asked.settings.draft);
    useEngine.setState({ phase: "idle", progress: null });
    return;
  }
  // Opening a device and compiling cannot be called back; the worker goes with what it holds.
  client?.dispose();
  client = null;
  useEngine.setState({ phase: "idle", progress: null, device: null });
}

/** After a lost device: a fresh engine and the same run again. */
export async function restart(): Promise<void> {
  client?.dispose();
  client = null;
  useEngine.setState({ isLost: false, error: null });
  await (asked && !asked.aside ? start(asked, false) : run());
}

/** Puts a known run back on the stage, at the end of a step; a run under way ends first. */
export function returnTo(id: number, step: number | null): void {
  if (isBusy(useEngine.getState().phase)) cancel();
  usePlayer.setState({ moment: null, isPlaying: false });
  useLayout.setState({ pinned: null, hovered: null });
  showRun(id);
  if (step !== null) showStep(step);
}

/** Back to the run that the branch on the stage left, at the step it left. */
export function undoBranch(): void {
  const { known, current } = useRun.getState();
  const leaves = known.find((k) => k.id === current)?.leaves;
  if (leaves) returnTo(leaves.run, leaves.step);
}

/** Forgets a branch and what left it. */
export function forget(id: number): void {
  const { known, current } = useRun.getState();
  if (id === current) {
    const leaves = known.find((k) => k.id === id)?.leaves;
    if (leaves) returnTo(leaves.run, leaves.step);
  }
  forgetBranch(id);
}

/** An error that is no one's fault but the file's or the link's. */
export const report = (thrown: unknown): void => useEngine.setState({ error: toErrorRecord(thrown, "load") });
