/** The stores: the run is a fold of its events, the player moves through it, settings stay legal. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { foldEvents } from "../../src/trace/fold";
import { Timeline } from "../../src/trace/timeline";
import { liveliestStep, play, togglePlay } from "../../src/ui/playback";
import { useEngine } from "../../src/ui/stores/engine";
import {
  nextStop,
  shownMoment,
  showMoment,
  showStep,
  stepEndedBy,
  usePlayer,
} from "../../src/ui/stores/player";
import { appendEvents, beginRun, useRun } from "../../src/ui/stores/run";
import {
  adoptSettings,
  defaultSettings,
  paramsOf,
  runSettings,
  setParam,
  useSettings,
} from "../../src/ui/stores/settings";
import { methods } from "../../src/ui/definitions";
import { sampleTrace } from "../helpers/sample_trace";

const events = sampleTrace(6);

beforeEach(() => {
  beginRun({ kind: "none" });
  usePlayer.setState({ moment: null, isPlaying: false, speed: 1 });
  useSettings.setState(defaultSettings(), true);
});

describe("the run store", () => {
  it("is the fold of its events, however they arrive", () => {
    beginRun({ kind: "live" });
    for (let at = 0; at < events.length; at += 7) appendEvents(events.slice(at, at + 7));
    expect(useRun.getState().length).toBe(events.length);
    expect(useRun.getState().latest.text).toBe(foldEvents(events).text);
    expect(useRun.getState().latest.metrics).toEqual(foldEvents(events).metrics);
  });
  it("forgets the run before", () => {
    beginRun({ kind: "recorded" }, events);
    beginRun({ kind: "live" });
    expect(useRun.getState()).toMatchObject({ length: 0, source: { kind: "live" } });
  });
});

describe("the player", () => {
  it("follows the newest moment until another is chosen, and again once it is reached", () => {
    beginRun({ kind: "live" }, events.slice(0, 40));
    expect(shownMoment()).toBe(40);
    appendEvents(events.slice(40, 50));
    expect(shownMoment()).toBe(50);
    showMoment(10);
    appendEvents(events.slice(50, 60));
    expect(shownMoment()).toBe(10);
    showMoment(60);
    appendEvents(events.slice(60, 61));
    expect(shownMoment()).toBe(61);
  });
  it("stops after the draft, after the verdicts and at the end of each step", () => {
    const timeline = new Timeline(events);
    const phases: (string | undefined)[] = [];
    let moment: number | null = timeline.momentAfterStep(-1);
    for (let i = 0; i < 6; i++) {
      moment = nextStop(timeline, moment, false);
      if (moment === null) throw new Error("the run ended early");
      phases.push(timeline.viewAt(moment).rounds.at(-1)?.phase);
    }
    expect(phases).toEqual(["drafted", "verified", "committed", "drafted", "verified", "committed"]);
  });
  it("stops only at the ends of steps when it is fast, and then at the end", () => {
    const timeline = new Timeline(events);
    const steps: number[] = [];
    let moment: number | null = timeline.momentAfterStep(-1);
    while ((moment = nextStop(timeline, moment, true)) !== null) steps.push(stepEndedBy(timeline, moment));
    expect(steps).toEqual([0, 1, 2, 3, 4, 5]);
  });
  it("goes to the end of a step, the prompt and the newest moment", () => {
    beginRun({ kind: "recorded" }, events);
    const { timeline } = useRun.getState();
    showStep(2);
    expect(shownMoment()).toBe(timeline.momentAfterStep(2));
    expect(timeline.viewAt(shownMoment()).tokens.at(-1)?.step).toBe(2);
    showStep(-1);
    expect(timeline.viewAt(shownMoment()).tokens.length).toBe(0);
    showStep(99);
    expect(shownMoment()).toBe(events.length);
  });
  it("begins where there is something to see", () => {
    const view = foldEvents(sampleTrace(24));
    const round = view.rounds.at(liveliestStep(view));
    expect(round?.nodes.some((n) => n.state === "accepted")).toBe(true);
    expect(round?.nodes.some((n) => n.state === "rejected")).toBe(true);
  });
});

describe("settings", () => {
  it("start legal for every method", () => {
    for (const method of methods) {
      useSettings.setState({ method: method.id });
      expect(Object.keys(paramsOf(useSettings.getState()))).toEqual(Object.keys(method.params));
    }
  });
  it("keep each method's values while another is chosen", () => {
    useSettings.setState({ method: "rsd-s" });
    setParam("width", 3);
    useSettings.setState({ method: "autoregressive" });
    expect(runSettings(useSettings.getState())).toMatchObject({ method: "autoregressive", draft: null });
    useSettings.setState({ method: "rsd-s" });
    expect(runSettings(useSettings.getState())).toMatchObject({ params: { width: 3 }, draft: "story-draft" });
  });
  it("taken over from outside are read against the schema, and unknown ids change nothing", () => {
    const run = runSettings(useSettings.getState());
    adoptSettings({
      ...run,
      model: "no/such",
      method: "rsd-c",
      params: { children: "nonsense" },
      prompt: "Hello",
    });
    const s = useSettings.getState();
    expect(s).toMatchObject({ model: run.model, method: "rsd-c", prompt: "Hello" });
    expect(paramsOf(s)).toEqual(paramsOf({ ...s, params: {} }));
  });
});

describe("a press that comes late", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    // Presses of other tests are long ago.
    vi.advanceTimersByTime(10_000);
  });
  afterEach(() => {
    useEngine.setState({ phase: "idle" });
    vi.useRealTimers();
  });
  const isPlaying = (): boolean => usePlayer.getState().isPlaying;

  it("on the Pause of a playback that has just ended does not play it again", () => {
    beginRun({ kind: "recorded" }, events);
    showStep(0);
    play();
    while (isPlaying()) vi.advanceTimersByTime(50);
    expect(shownMoment()).toBe(events.length);
    vi.advanceTimersByTime(300);
    togglePlay();
    expect(isPlaying()).toBe(false);
    expect(shownMoment()).toBe(events.length);
    vi.advanceTimersByTime(1000);
    togglePlay();
    expect(isPlaying()).toBe(true);
    togglePlay();
  });

  it("on the Pause of a live run that has just ended does not play it again", () => {
    beginRun({ kind: "live" }, events);
    useEngine.setState({ phase: "running" });
    useEngine.setState({ phase: "idle" });
    vi.advanceTimersByTime(200);
    togglePlay();
    expect(isPlaying()).toBe(false);
    expect(shownMoment()).toBe(events.length);
  });
});
