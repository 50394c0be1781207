/** Races of two runs: where each stands when so much is spent, what texts have in common, and links that bring all back. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { comparisonFragment, openComparison } from "../../src/ui/compare/actions";
import { cellStatesOf, originsOf } from "../../src/ui/compare/LaneKey";
import { shownCells } from "../../src/ui/views/canvas/cells";
import { commonParts } from "../../src/ui/compare/difference";
import { openRace, readRace, writeRace } from "../../src/ui/compare/race_file";
import { MEASURES, momentAt, rowLayersOf, trackOf } from "../../src/ui/compare/race";
import {
  addLane,
  changeShared,
  newLane,
  opponentOf,
  removeLane,
  setLaneMethod,
  showLanes,
  useCompare,
  withMethod,
} from "../../src/ui/compare/store";
import { fits, methodOf, methods, modelFor } from "../../src/ui/definitions";
import { readFragment } from "../../src/ui/routes";
import { placeIds } from "../../src/ui/places/index";
import { showcaseSettings } from "../../src/ui/showcase";
import { useEngine } from "../../src/ui/stores/engine";
import { Timeline } from "../../src/trace/timeline";
import { sampleCanvas } from "../helpers/sample_canvas";
import { timeline as texts } from "./moments";

const canvas = new Timeline(await sampleCanvas({ method: "fast-dllm", params: { threshold: 0.1 } }));

describe.each([
  ["a text", texts],
  ["a canvas", canvas],
])("the track of %s", (_, timeline) => {
  it.each(MEASURES)("by %s never falls and ends with what the run cost", (by) => {
    const track = trackOf(timeline, by)!;
    expect(track.ends).toHaveLength(timeline.latest.rounds.length);
    track.ends.reduce((before, { cost }) => (expect(cost).toBeGreaterThanOrEqual(before), cost), 0);
    const { metrics } = timeline.latest;
    if (by === "passes") expect(track.total).toBe(metrics.targetForwards);
    if (by === "rows") expect(track.total).toBe(rowLayersOf(timeline.latest));
  });

  it("is at the end of the last step that costs no more than is spent", () => {
    const track = trackOf(timeline, "passes")!;
    expect(momentAt(timeline, track, null)).toBe(timeline.length);
    expect(momentAt(timeline, track, track.total)).toBe(timeline.length);
    expect(momentAt(timeline, track, 0)).toBe(timeline.momentAfterStep(-1));
    for (const { moment, cost } of track.ends.slice(0, -1)) {
      const view = timeline.viewAt(momentAt(timeline, track, cost));
      expect(view.eventCount).toBeGreaterThanOrEqual(moment);
      expect(view.metrics.targetForwards).toBeLessThanOrEqual(cost);
      expect(timeline.viewAt(momentAt(timeline, track, cost - 0.5)).metrics.targetForwards).toBeLessThan(
        cost,
      );
    }
  });
});

test("the key has the lines under the tokens of all runs, and none of a canvas", () => {
  const found = originsOf([{ timeline: texts }, { timeline: canvas }, { timeline: null }]);
  expect(new Set(found)).toEqual(new Set(texts.latest.tokens.toArray().map((t) => t.origin)));
  expect(originsOf([{ timeline: canvas }])).toEqual([]);
});

test("the key has every look that a position of a canvas has at some step, and no other", () => {
  const steps = [-1, ...Array.from({ length: canvas.latest.rounds.length }, (_, step) => step)];
  const ever = new Set(
    steps.flatMap((step) =>
      shownCells(canvas.viewAt(canvas.momentAfterStep(step)), step).map((c) => c.state),
    ),
  );
  expect(ever.delete("prompt")).toBe(true);
  expect(new Set(cellStatesOf([{ timeline: texts }, { timeline: canvas }, { timeline: null }]))).toEqual(
    ever,
  );
  expect(cellStatesOf([{ timeline: texts }])).toEqual([]);
});

test("rows count with the layers of each model", () => {
  const { metrics, start } = texts.latest;
  expect(start).toMatchObject({ model: "story-target", draft: "story-draft" });
  expect(rowLayersOf(texts.latest)).toBe(5 * metrics.targetRows + 2 * metrics.draftRows);
});

describe("what texts have in common", () => {
  const letters = (text: string): string[] => Array.from(text);
  it("is a longest common subsequence", () => {
    const { a, b } = commonParts(letters("abcbdab"), letters("bdcaba"));
    expect(a.filter(Boolean)).toHaveLength(4);
    expect(b.filter(Boolean)).toHaveLength(4);
    expect(commonParts(letters("abc"), letters("abc")).b).toEqual([true, true, true]);
    expect(commonParts(letters("abc"), []).a).toEqual([false, false, false]);
  });
  it("reads the same in both", () => {
    const word = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
    fc.assert(
      fc.property(word, word, (x, y) => {
        const { a, b } = commonParts(x, y);
        expect(x.filter((_, i) => a[i])).toEqual(y.filter((_, i) => b[i]));
      }),
    );
  });
});

describe("the runs that are compared", () => {
  const settings = showcaseSettings(methodOf("low-confidence")!);
  const both = () => showLanes([newLane(settings, canvas.events), newLane(withMethod(settings, "prophet"))]);
  const lanes = () => useCompare.getState().lanes;

  it("are what a link says, with their traces or without", () => {
    both();
    for (const withRuns of [true, false]) {
      const fragment = comparisonFragment(withRuns);
      const read = readFragment(`#${fragment}`, placeIds);
      if (read.kind !== "place") throw new Error("not an address of a place");
      const before = lanes().map((lane) => lane.settings);
      showLanes([], "time");
      openComparison(read.route.item!);
      expect(useCompare.getState().by).toBe("passes");
      expect(lanes().map((lane) => lane.settings)).toEqual(before);
      const shown = lanes()[0]!.timeline?.latest ?? null;
      expect(shown?.eventCount ?? 0).toBe(withRuns ? canvas.length : 0);
      expect(shown?.text ?? "").toBe(withRuns ? canvas.latest.text : "");
      expect(lanes()[1]!.timeline).toBeNull();
      both();
    }
    expect(useEngine.getState().notices).toEqual([]);
  });

  it("are left as they were by a link that cannot be read, which is said", () => {
    both();
    const before = lanes();
    openComparison("fastest/v1.abc");
    expect(lanes()).toBe(before);
    expect(useEngine.getState().notices.at(-1)).toContain("cannot be read");
  });

  it("lose what they were when they change: one by its method, all by the prompt", () => {
    both();
    setLaneMethod(lanes()[1]!.id, "radd");
    expect(lanes().map((lane) => lane.timeline !== null)).toEqual([true, false]);
    changeShared({ prompt: "Another" });
    expect(lanes().every((lane) => lane.timeline === null && lane.settings.prompt === "Another")).toBe(true);
  });

  it("are two to four", () => {
    both();
    for (let i = 0; i < 5; i++) addLane();
    expect(lanes()).toHaveLength(4);
    for (let i = 0; i < 5; i++) removeLane(lanes()[0]!.id);
    expect(lanes()).toHaveLength(2);
  });

  it("have another of their kind to run against", () => {
    for (const method of methods) {
      const other = methodOf(opponentOf(method.id))!;
      expect(other.id).not.toBe(method.id);
      expect(fits(other, modelFor(method)!.id)).toBe(true);
    }
  });
});

describe("a race as a file", () => {
  const rsd = showcaseSettings(methodOf("rsd-s")!);
  it("brings back what was raced, runs and all", () => {
    showLanes([newLane(rsd, texts.events), newLane(withMethod(rsd, "autoregressive"))], "rows");
    const { name, text } = writeRace();
    expect(name).toBe("decoscope-race-rsd-s-vs-autoregressive.json");
    showLanes([]);
    openRace(text);
    const { lanes, by } = useCompare.getState();
    expect(by).toBe("rows");
    expect(lanes.map((lane) => lane.settings.method)).toEqual(["rsd-s", "autoregressive"]);
    expect(lanes[0]!.timeline?.latest.text).toBe(texts.latest.text);
    expect(lanes[1]!.timeline).toBeNull();
  });
  it.each([
    ["half of one", '{"decoscopeRace":1,"race":"compare/pas', /Expected a race saved/],
    ["another file", '{"runs":[]}', /another JSON file/],
    [
      "a later format",
      '{"decoscopeRace":2,"race":"compare/rows/v1/v1"}',
      /format 2; this page reads format 1/,
    ],
    ["one without runs", '{"decoscopeRace":1}', /no runs in it/],
  ])("says what is wrong with %s", (_, text, message) => {
    expect(() => readRace(text)).toThrow(message);
  });
});

test("by the clock a run begins when it is ready, and its first step costs time too", () => {
  const track = trackOf(texts, "time")!;
  const [first] = texts.latest.rounds.toArray();
  expect(track.ends[0]!.cost).toBeCloseTo(first!.endMs - texts.latest.readyMs);
  expect(track.ends[0]!.cost).toBeGreaterThan(0);
});
