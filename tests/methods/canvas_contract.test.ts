/** What every denoising method must do, whatever its parts, on the fake canvas session. */
import { describe, expect, test } from "vitest";
import { DecoscopeError } from "../../src/base/errors";
import { readParams } from "../../src/base/params";
import { canvasMethods } from "../../src/decoding/index";
import { checkTrace } from "../../src/trace/grammar";
import { boundaryParams } from "../helpers/boundary_params";
import {
  type FakeCanvasRun,
  type FakeMaskedModel,
  hashMasked,
  runCanvas,
  startCanvas,
} from "../helpers/fake_canvas";
import { hashModel } from "../helpers/fake_session_models";
import { GREEDY_SAMPLER, ofKind, SAMPLER } from "../helpers/fake_session_run";

const V = 12;
const MASK = V - 1;
const model = hashMasked(V, 7);
const guider = hashModel({ vocabSize: V, salt: 3 });
const prompt = [3, 1, 4];
/** Settings that make the same tokens certain: anything the method does on the side must not change them. */
const INFILL = [3, MASK, MASK, 5, MASK, 2];

test("there are denoising methods", () => {
  expect(canvasMethods.length).toBeGreaterThan(7);
});

describe.each(canvasMethods.map((m) => [m.id, m] as const))("%s", (id, method) => {
  const base: FakeCanvasRun = { method: id, model, guider, prompt, maxNewTokens: 9, seed: 5 };

  test("defaults are legal and all texts are there", () => {
    expect(readParams(method.params, {}).issues).toEqual([]);
    for (const option of Object.values(method.params)) {
      expect(option.label.length).toBeGreaterThan(0);
      expect(option.help.length).toBeGreaterThan(20);
    }
    expect(method.source.url).toMatch(/^https:\/\//);
    expect(method.views.length).toBeGreaterThan(0);
  });

  test.each(boundaryParams(method.params).map((params) => [JSON.stringify(params), params] as const))(
    "is legal and finishes at its bounds: %s",
    async (_, params) => {
      for (const detail of ["light", "full"] as const) {
        const { events, canvas } = await runCanvas({ ...base, params, detail });
        expect(checkTrace(events, { methodPrompt: prompt })).toBeNull();
        expect(canvas).toHaveLength(12);
        expect(canvas).not.toContain(MASK);
        expect(canvas.slice(0, 3)).toEqual(prompt);
      }
    },
  );

  test.each([
    ["greedy", GREEDY_SAMPLER],
    ["sampled", SAMPLER],
  ] as const)("says the same however much it tells, when %s", async (_, sampler) => {
    const full = await runCanvas({ ...base, sampler });
    const light = await runCanvas({ ...base, sampler, detail: "light" });
    const again = await runCanvas({ ...base, sampler });
    expect(light.canvas).toEqual(full.canvas);
    expect(again.events).toEqual(full.events);
    expect(structuredClone(full.events)).toEqual(full.events);
    expect(ofKind(light.events, "scores")).toEqual([]);
    expect(ofKind(full.events, "scores").length).toBeGreaterThan(0);
  });

  test("other seeds give other texts", async () => {
    const texts = await Promise.all(
      [1, 2, 3].map(async (seed) => (await runCanvas({ ...base, seed })).canvas.join()),
    );
    expect(new Set(texts).size).toBe(3);
  });

  test("never changes what was given, wherever it stands", async () => {
    for (const maxNewTokens of [1, 3, 8]) {
      const { events, canvas } = await runCanvas({ ...base, prompt: INFILL, maxNewTokens });
      expect(checkTrace(events, { methodPrompt: INFILL })).toBeNull();
      expect(canvas).toHaveLength(Math.max(INFILL.length, INFILL.length + maxNewTokens - 3));
      INFILL.forEach((token, p) => token === MASK || expect(canvas[p]).toBe(token));
      expect(canvas).not.toContain(MASK);
    }
  });

  test.each([0, 1] as const)(
    "says what was computed and what it cost, logits shifted by %i",
    async (shift) => {
      const { events, counts } = await runCanvas({ ...base, model: hashMasked(V, 7, { logitShift: shift }) });
      const costs = ofKind(events, "cost");
      const passes = ofKind(events, "denoise");
      expect(costs).toHaveLength(passes.length);
      expect(costs.reduce((sum, e) => sum + e.targetForwards, 0)).toBe(counts.passes);
      const told = passes.flatMap((e) => e.computed.map(([start, end]) => end - start));
      expect(told.reduce((a, b) => a + b, 0)).toBe(counts.rows);
      expect(costs.reduce((sum, e) => sum + e.targetRows, 0)).toBe(counts.rows);
      const told2 = passes.filter((e) => !e.reused).length;
      expect(told2).toBe(counts.passes);
    },
  );

  test("fills up what stands behind the end of the text", async () => {
    const ending = hashMasked(V, 7, { endTokens: [0, 4, 6] });
    let filled = 0;
    for (let seed = 0; seed < 8; seed++) {
      const { events, canvas } = await runCanvas({ ...base, model: ending, seed });
      expect(checkTrace(events, { methodPrompt: prompt })).toBeNull();
      const fills = ofKind(events, "unmask").filter((e) => e.reason === "end_fill");
      filled += fills.length;
      for (const e of fills) {
        const end = canvas.findIndex((token, p) => p >= 3 && [0, 4, 6].includes(token));
        for (const p of e.positions) expect(p).toBeGreaterThan(end);
        expect(new Set(e.tokens)).toEqual(new Set([canvas[end]]));
      }
    }
    // All at once leaves nothing to fill up, and where tokens may be masked again an end is no end yet.
    if (id !== "eoser-ass" && id !== "remdm") expect(filled).toBeGreaterThan(0);
  });

  if ("ending" in method.params)
    test("proposes no end where none may be, and puts ends last where they shall be", async () => {
      const ends = [0, 4, 6];
      // Every second position wants to end, and is surer of it than the others are of anything.
      const eager: FakeMaskedModel = {
        ...hashMasked(V, 7, { endTokens: ends }),
        logits: (_, p) =>
          Float64Array.from({ length: V }, (__, x) => (p % 2 === 0 ? (x === 4 ? 9 : 0) : x === 3 ? 5 : 0)),
      };
      const run = { ...base, model: eager, sampler: GREEDY_SAMPLER };
      const banned = await runCanvas({ ...run, params: { ending: "ban" } });
      expect(banned.canvas.slice(3).filter((token) => ends.includes(token))).toEqual([]);
      const allowed = await runCanvas(run);
      expect(allowed.canvas).toContain(4);
      const plan = "tokensPerStep" in method.params ? { tokensPerStep: 1 } : {};
      const { events } = await runCanvas({ ...run, params: { ...plan, ending: "delay" } });
      // Orders drawn beforehand cannot, and say so.
      if (ofKind(events, "warning").length > 0) return;
      const kinds = ofKind(events, "unmask").map((e) => e.tokens.some((token) => ends.includes(token)));
      // No step of text after the first with an end, so all five positions that say text still do.
      expect(kinds.indexOf(true)).toBeGreaterThanOrEqual(kinds.lastIndexOf(false));
      expect(
        ofKind(events, "unmask")
          .flatMap((e) => e.tokens)
          .filter((token) => token === 3),
      ).toHaveLength(5);
    });

  test("asks for a prompt that leaves room", async () => {
    await expect(runCanvas({ ...base, prompt: [] })).rejects.toThrow(DecoscopeError);
    await expect(runCanvas({ ...base, maxContext: 3 })).rejects.toThrow(/at most 2 tokens, found 3/);
    const { canvas } = await runCanvas({ ...base, maxContext: 7, maxNewTokens: 50 });
    expect(canvas).toHaveLength(7);
  });

  test("leaves nothing behind, wherever it is cancelled", async () => {
    const { events } = await runCanvas(base);
    for (let pulls = 0; pulls <= events.length; pulls++) {
      const run = startCanvas(base);
      for (let i = 0; i < pulls; i++) expect((await run.events.next()).value).toEqual(events[i]);
      await run.events.return();
      expect(run.session.counts.inFlight).toBe(0);
      run.session.dispose();
    }
  });

  test("passes on a failure of the device", async () => {
    let asked = 0;
    const broken = {
      ...model,
      logits: (...seen: Parameters<FakeMaskedModel["logits"]>) => {
        if (++asked > 12) throw new DecoscopeError("device_lost", "the device was lost");
        return model.logits(...seen);
      },
    };
    const run = startCanvas({ ...base, model: broken });
    await expect(
      (async () => {
        for (;;) if ((await run.events.next()).done) return;
      })(),
    ).rejects.toThrow("the device was lost");
    expect(run.session.counts.inFlight).toBe(0);
  });
});
