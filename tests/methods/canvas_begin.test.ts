/** Canvases that begin with given tokens: infilling, and branches that go on from a step of another run. */
import { describe, expect, test } from "vitest";
import { canvasMethods } from "../../src/decoding/index";
import { Canvas } from "../../src/decoding/canvas/canvas";
import { Timeline } from "../../src/trace/timeline";
import type { MethodEvent } from "../../src/trace/events";
import { checkTrace } from "../../src/trace/grammar";
import { type FakeCanvasRun, foldTokens, hashMasked, runCanvas } from "../helpers/fake_canvas";
import { hashModel } from "../helpers/fake_session_models";
import { SAMPLER } from "../helpers/fake_session_run";

const V = 12;
const MASK = V - 1;
const prompt = [3, 1, 4];
const base = {
  model: hashMasked(V, 7),
  guider: hashModel({ vocabSize: V, salt: 3 }),
  prompt,
  maxNewTokens: 10,
  seed: 5,
  sampler: SAMPLER,
};
const BEGIN = [null, 5, 2, null, null, 6];

describe.each(canvasMethods.map((m) => m.id))("%s", (method) => {
  test("fills in what is open and leaves what is given", async () => {
    const run: FakeCanvasRun = { ...base, method, begin: BEGIN };
    const { events, canvas } = await runCanvas(run);
    expect(checkTrace(events, { methodPrompt: [...prompt, ...BEGIN] as number[] })).toBeNull();
    expect(canvas).toHaveLength(13);
    expect(canvas.slice(0, 3)).toEqual(prompt);
    BEGIN.forEach((token, i) => token === null || expect(canvas[3 + i]).toBe(token));
    expect(canvas).not.toContain(MASK);
  });

  test("goes on without room behind what is given", async () => {
    const { canvas } = await runCanvas({ ...base, method, begin: BEGIN, maxNewTokens: 2 });
    expect(canvas).toHaveLength(9);
    expect(canvas).not.toContain(MASK);
  });
});

/** What stood behind the prompt after a step. */
const after = (events: readonly MethodEvent[], step: number): (number | null)[] =>
  foldTokens(events.filter((e) => e.step <= step))
    .slice(prompt.length)
    .map((token) => (token === MASK ? null : token));

describe("a branch that changes nothing", () => {
  // Those whose steps look at nothing but the canvas: no plan over the whole run, no stored rows.
  test.each([
    ["low-confidence", {}],
    ["low-confidence", { order: "entropy", tokensPerStep: 2 }],
    ["low-confidence", { order: "left_to_right", blockLength: 4 }],
    ["random-order", {}],
    ["fast-dllm", { cache: "none" }],
  ])("writes what its parent wrote: %s %o", async (method, params) => {
    const parent = await runCanvas({ ...base, method, params });
    const steps = parent.events.at(-1)!.step;
    expect(steps).toBeGreaterThan(1);
    for (let step = 0; step < steps; step++) {
      const begin = after(parent.events, step);
      const branch = await runCanvas({ ...base, method, params, begin, firstStep: step + 1 });
      expect(branch.canvas, `from step ${step}`).toEqual(parent.canvas);
    }
  });

  test("draws other tokens with the random numbers of other steps", async () => {
    const method = "low-confidence";
    const parent = await runCanvas({ ...base, method });
    const begin = after(parent.events, 1);
    const branch = await runCanvas({ ...base, method, begin, firstStep: 90 });
    expect(branch.canvas).not.toEqual(parent.canvas);
  });
});

describe("the canvas", () => {
  test("keeps its prompt's length though positions behind it are given", () => {
    expect(Canvas.open(prompt, 6, MASK, 64, [5, null]).promptLength).toBe(3);
    expect(Canvas.open([3, MASK, 4], 6, MASK, 64).promptLength).toBe(1);
  });
  test("needs something to fill in, and room", () => {
    expect(() => Canvas.open(prompt, 2, MASK, 64, [5, 6])).toThrow(/at least one position to fill in/);
    expect(() => Canvas.open(prompt, 9, MASK, 4, [5, 6])).toThrow(/found 5; shorten it/);
    expect(Canvas.open(prompt, 3, MASK, 64, [5, 6]).masked()).toEqual([5]);
  });
  test("ends at a given end as at a committed one, unless text is given behind it", () => {
    expect(Canvas.open(prompt, 6, MASK, 64, [5, 9, null]).endOfText([9])).toBe(4);
    expect(Canvas.open(prompt, 6, MASK, 64, [5, 9, null, 5]).endOfText([9])).toBeNull();
    expect(Canvas.open(prompt, 6, MASK, 64, [null, 9]).endOfText([9])).toBeNull();
  });
});

test("a canvas that begins with given tokens is a timeline like others", async () => {
  const { events } = await runCanvas({ ...base, method: "radd", begin: BEGIN });
  const timeline = new Timeline(events.map((e) => ({ ...e, ms: 0 })));
  expect(timeline.latest.canvas?.cells.filter((c) => c.status === "fixed")).toHaveLength(6);
});
