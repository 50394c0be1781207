/**
 * What caches, early commits, growing steps and guiders must do, on a fake whose every logit depends on every row it
 * sees: one stale row changes the text.
 */
import { describe, expect, test } from "vitest";
import type { PassResult } from "../../src/decoding/canvas/session";
import { ascendingCounts, evenCounts, withinFactor } from "../../src/decoding/canvas/commit";
import type { Moment, Row } from "../../src/decoding/canvas/parts";
import { positionsOf } from "../../src/trace/canvas_events";
import {
  type FakeCanvasResult,
  type FakeCanvasRun,
  type FakeMaskedModel,
  hashMasked,
  runCanvas,
} from "../helpers/fake_canvas";
import { type FakeModel, hashModel } from "../helpers/fake_session_models";
import { GREEDY_SAMPLER, ofKind } from "../helpers/fake_session_run";

const V = 12;
const PROMPT = [3, 1, 4, 1, 5];
const G = 12;
const T = PROMPT.length + G;
const base: FakeCanvasRun = {
  method: "low-confidence",
  model: hashMasked(V, 7),
  prompt: PROMPT,
  maxNewTokens: G,
  seed: 5,
};
const unmasked = ({ events }: FakeCanvasResult) => ofKind(events, "unmask");
/** Rows that each pass computed. */
const rowsOf = ({ events }: FakeCanvasResult): number[] =>
  ofKind(events, "denoise").map((e) => positionsOf(e.computed).length);
const models: readonly FakeMaskedModel[] = [
  base.model,
  hashMasked(V, 8, { logitShift: 1 }),
  hashMasked(V, 9, { attention: "prompt_isolated" }),
];

describe.each(models.map((model) => [model.logitShift, model.attention, model] as const))(
  "logits shifted by %i, %s",
  (_, attention, model) => {
    const run = (method: string, params: Record<string, unknown> = {}): Promise<FakeCanvasResult> =>
      runCanvas({ ...base, model, method, params });

    test("a cache that refreshes in every step is no cache", async () => {
      const plain = unmasked(await run("low-confidence"));
      expect(unmasked(await run("dkv-cache", { refreshEvery: 1 }))).toEqual(plain);
      expect(unmasked(await run("combined-denoising", { cache: "delayed", refreshEvery: 1 }))).toEqual(plain);
      const greedy = await run("dkv-cache", { variant: "greedy", refreshEvery: 1 });
      expect(unmasked(greedy)).toEqual(unmasked(await run("random-order")));
    });

    test.each([
      { refreshEvery: 0 },
      { refreshEvery: 4 },
      { refreshEvery: 4, prompt: "live" },
      { variant: "no_delay", refreshEvery: 0 },
    ])("one that does not is told apart: %j", async (params) => {
      expect(unmasked(await run("dkv-cache", params))).not.toEqual(unmasked(await run("low-confidence")));
    });

    test("a prompt computed once is exact where it sees only itself, and nowhere else", async () => {
      const plain = unmasked(await run("low-confidence"));
      for (const params of [{ variant: "prefill" }, { prompt: "once", refreshEvery: 1 }]) {
        const found = unmasked(await run("dkv-cache", params));
        if (attention === "prompt_isolated") expect(found).toEqual(plain);
        else expect(found).not.toEqual(plain);
      }
    });

    test("one block in one step is the same with every cache", async () => {
      const one = unmasked(await run("low-confidence", { steps: 1 }));
      for (const cache of ["none", "prefix", "dual", "delayed"])
        expect(unmasked(await run("combined-denoising", { steps: 1, cache }))).toEqual(one);
    });
  },
);

describe("rows that go through the layers", () => {
  test("dKV Decode: masked ones and those committed in the step before", async () => {
    for (const tokensPerStep of [1, 3]) {
      const run = { ...base, method: "dkv-cache", params: { refreshEvery: 5, tokensPerStep } };
      const result = await runCanvas(run);
      let masked = G;
      let before = 0;
      const expected = unmasked(result).map((e, step) => {
        const rows = step < 2 || step % 5 === 0 ? T : masked + before;
        masked -= e.positions.length;
        before = e.positions.length;
        return rows;
      });
      expect(rowsOf(result)).toEqual(expected);
      expect(result.counts.rows).toBe(expected.reduce((a, b) => a + b));
    }
  });

  test("dKV Decode computes a token exactly once after its commit, without refreshes", async () => {
    const { events } = await runCanvas({ ...base, method: "dkv-cache", params: { refreshEvery: 0 } });
    const computed = ofKind(events, "denoise").map((e) => new Set(positionsOf(e.computed)));
    const late = ofKind(events, "unmask").flatMap(({ positions, step }) =>
      // The first two passes compute everything; the last commit has no pass after it.
      step < 2 || step === computed.length - 1
        ? []
        : positions.map((p) => computed.slice(step + 1).filter((rows) => rows.has(p)).length),
    );
    expect(new Set(late)).toEqual(new Set([1]));
    const rash = await runCanvas({
      ...base,
      method: "dkv-cache",
      params: { refreshEvery: 0, variant: "no_delay" },
    });
    expect(rash.counts.rows).toBeLessThan(2 * T + (G * (G - 1)) / 2);
  });

  test.each(["decode", "greedy"])(
    "%s never computes the prompt again when it is computed once",
    async (variant) => {
      const { events } = await runCanvas({
        ...base,
        method: "dkv-cache",
        params: { variant, prompt: "once" },
      });
      const passes = ofKind(events, "denoise").map((e) => positionsOf(e.computed));
      expect(passes[0]).toHaveLength(T);
      for (const rows of passes.slice(1)) expect(Math.min(...rows)).toBeGreaterThanOrEqual(PROMPT.length);
    },
  );

  test("dKV Greedy: those at work, those of the step before, and the window, however long the canvas", async () => {
    for (const centre of ["previous", "next"]) {
      const params = { variant: "greedy", refreshEvery: 0, window: 3, centre };
      for (const maxNewTokens of [G, 40]) {
        const result = await runCanvas({ ...base, method: "dkv-cache", params, maxNewTokens });
        const rows = rowsOf(result).slice(2);
        expect(rows.length).toBe(maxNewTokens - 2);
        // While there are neighbours left: one now, one before, three around.
        expect(new Set(rows.slice(0, -4))).toEqual(new Set([5]));
        expect(Math.max(...rows)).toBe(5);
      }
    }
  });

  test("Fast-dLLM: a full pass as a block begins, then from its start on, or the block alone", async () => {
    for (const [cache, rowsIn] of [
      ["prefix", (block: number) => G - 4 * block],
      ["dual", () => 4],
    ] as const) {
      const params = { cache, blockLength: 4, threshold: 1.05 };
      const rows = rowsOf(await runCanvas({ ...base, method: "fast-dllm", params }));
      const expected = [0, 1, 2].flatMap((block) => [T, rowsIn(block), rowsIn(block), rowsIn(block)]);
      expect(rows).toEqual(expected);
    }
  });

  test("FreeCache: everything once, then what is not frozen", async () => {
    // A guider that accepts nothing: one token a step, left to right.
    const guider = neverGuider;
    for (const staleTail of [true, false]) {
      const params = { rule: "deterministic", blockLength: 4, staleTail };
      const rows = rowsOf(await runCanvas({ ...base, method: "guided-diffusion", guider, params }));
      const live = Array.from({ length: G }, (_, step) => G - 4 * Math.floor(step / 4));
      // As a block begins, the last token of the one before is computed once more unless it is frozen at once.
      const expected = live.map((rows, step) =>
        step === 0 ? T : rows + (!staleTail && step % 4 === 0 ? 1 : 0),
      );
      expect(rows).toEqual(expected);
    }
  });
});

describe("Prophet", () => {
  const plan = { tokensPerStep: 2 };
  const bars = (bar: number) => ({ firstBar: bar, secondBar: bar, thirdBar: bar });
  const prophet = (params: Record<string, unknown>): Promise<FakeCanvasResult> =>
    runCanvas({ ...base, method: "prophet", params: { ...plan, ...params } });

  test("behind bars out of reach it decodes as without", async () => {
    for (const params of [
      {},
      { blockLength: 4 },
      { aggregate: "min" },
      { watched: "region", blockLength: 4 },
    ]) {
      const own = await prophet({ ...bars(40), ...params });
      const { blockLength } = params as { blockLength?: number };
      const other = await runCanvas({ ...base, params: { ...plan, ...(blockLength && { blockLength }) } });
      expect(unmasked(own)).toEqual(unmasked(other));
    }
  });

  test("without bars it decodes in one step", async () => {
    const own = await prophet(bars(0));
    const one = await runCanvas({ ...base, params: { steps: 1 } });
    expect(own.canvas).toEqual(one.canvas);
    expect(own.counts.passes).toBe(1);
    expect(unmasked(own).map((e) => e.reason)).toEqual(["all_in"]);
    // Watching the block alone commits the whole canvas all the same, in the same pass.
    const region = await prophet({ ...bars(0), watched: "region", blockLength: 4 });
    expect(region.counts.passes).toBe(1);
    expect(region.canvas).toEqual(one.canvas);
  });

  test("the higher a bar, the later it ends", async () => {
    for (const key of ["firstBar", "secondBar", "thirdBar"])
      for (const seed of [1, 2, 3]) {
        let last = 0;
        for (const value of [0, 0.5, 1, 1.5, 2, 3, 40]) {
          const params = { ...plan, ...bars(1.2), [key]: value };
          const { events } = await runCanvas({ ...base, method: "prophet", seed, params });
          const end = ofKind(events, "denoise").length;
          expect(end).toBeGreaterThanOrEqual(last);
          last = end;
        }
      }
  });

  test("says what it compared, and ends exactly where the gap reaches the bar", async () => {
    for (const aggregate of ["mean", "min"]) {
      const { events } = await prophet({ ...bars(1.2), aggregate });
      const scores = ofKind(events, "scores");
      const probes = ofKind(events, "probe");
      probes.forEach(({ values, step }, i) => {
        const { gaps } = scores[i]!;
        const gap = aggregate === "min" ? Math.min(...gaps) : gaps.reduce((a, b) => a + b) / gaps.length;
        expect(values.gap).toBeCloseTo(gap, 12);
        expect(values.progress).toBeCloseTo((step + 1) / (G / 2), 12);
        const isLast = i === probes.length - 1;
        const reason = ofKind(events, "unmask").find((e) => e.step === step)!.reason;
        expect(reason === "all_in").toBe(values.gap! >= values.bar!);
        if (reason === "all_in") expect(isLast).toBe(true);
      });
    }
  });

  test("commits nothing it has not looked at on this canvas: one full pass more where a cache left rows out", async () => {
    const own = await prophet({ ...bars(0), thirdBar: 0, firstBar: 40, cache: "dual", blockLength: 4 });
    const denoised = ofKind(own.events, "denoise");
    const last = unmasked(own).at(-1)!;
    expect(last.reason).toBe("all_in");
    expect(denoised.at(-1)!).toMatchObject({ step: last.step, refreshed: true });
    // The step before saw the bar met and its block alone, and committed nothing.
    expect(denoised.at(-2)!.refreshed).toBe(false);
    expect(unmasked(own).some((e) => e.step === last.step - 1)).toBe(false);
    expect(own.counts.passes).toBe(denoised.length);
  });
});

describe("how many a step commits", () => {
  test("even counts: the first ones one more", () => {
    expect(evenCounts(10, 4)).toEqual([3, 3, 2, 2]);
    expect(evenCounts(3, 8)).toEqual([1, 1, 1]);
    for (let n = 1; n < 40; n++)
      for (let s = 1; s < 40; s++) expect(evenCounts(n, s).reduce((a, b) => a + b)).toBe(n);
  });
  test("growing counts fill every canvas in as many steps as its length has bits", () => {
    expect(ascendingCounts(128)).toEqual([1, 2, 4, 8, 16, 32, 65]);
    for (let n = 1; n <= 300; n++) {
      const counts = ascendingCounts(n);
      expect(counts.reduce((a, b) => a + b)).toBe(n);
      expect(counts).toHaveLength(Math.max(1, Math.floor(Math.log2(n))));
    }
  });
  test("factor: by hand", () => {
    const commit = (confidences: readonly number[], factor: number): number =>
      withinFactor(factor).select(
        confidences.map((priority) => ({ priority }) as Row),
        {} as Moment,
      ).length;
    expect(commit([0.99, 0.98, 0.6], 1)).toBe(2);
    expect(commit([0.4, 0.3], 1)).toBe(1);
    expect(commit([0.99, 0.98, 0.97, 0.96], 1)).toBe(4);
    // The published loop would commit the first that fails, too.
    expect(commit([0.99, 0.6], 1)).toBe(1);
  });
  test("a threshold above 1 is one a step", async () => {
    const own = await runCanvas({ ...base, method: "fast-dllm", params: { threshold: 1.05 } });
    const other = await runCanvas(base);
    expect(unmasked(own).map(({ positions, tokens }) => [positions, tokens])).toEqual(
      unmasked(other).map(({ positions, tokens }) => [positions, tokens]),
    );
  });
  test("as the process: a step may commit nothing, and all are committed in the end", async () => {
    const { events, canvas } = await runCanvas({ ...base, params: { counts: "process", steps: 12 } });
    const passes = ofKind(events, "denoise").length;
    expect(passes).toBe(12);
    const counts = ofKind(events, "unmask");
    expect(counts.length).toBeLessThan(passes);
    // floor(12 (1 - t_1 / t_0)) = floor(12 * 0.08325) = 0, and so on down to what is left.
    expect(counts[0]!.step).toBeGreaterThan(0);
    expect(canvas).not.toContain(V - 1);
  });
});

describe("EOSER and ASS", () => {
  test("a factor of 1 holds nothing back", async () => {
    const model = hashMasked(V, 7, { endTokens: [0, 4, 6] });
    const even = { counts: "even", leastGamma: 1 };
    expect(unmasked(await runCanvas({ ...base, model, method: "eoser-ass", params: even }))).toEqual(
      unmasked(await runCanvas({ ...base, model })),
    );
  });
  test("a model that wants to end on the right fills the left half first", async () => {
    const end = 0;
    const model: FakeMaskedModel = {
      ...hashMasked(V, 1, { endTokens: [end] }),
      logits: (_, p) =>
        Float64Array.from({ length: V }, (__, x) =>
          p >= PROMPT.length + G / 2 ? (x === end ? 6 : 0) : x === 3 ? 3 : 0,
        ),
    };
    const firstHalf = async (leastGamma: number): Promise<boolean> => {
      const params = { counts: "even", leastGamma };
      const result = await runCanvas({
        ...base,
        model,
        method: "eoser-ass",
        sampler: GREEDY_SAMPLER,
        params,
      });
      return unmasked(result)
        .slice(0, G / 2)
        .every((e) => e.positions.every((p) => p < PROMPT.length + G / 2));
    };
    expect(await firstHalf(0.4)).toBe(true);
    expect(await firstHalf(1)).toBe(false);
  });
  test("ASS takes floor(log2) passes", async () => {
    for (const n of [4, 7, 12, 31]) {
      const { counts } = await runCanvas({ ...base, method: "eoser-ass", maxNewTokens: n });
      expect(counts.passes).toBe(Math.floor(Math.log2(n)));
    }
  });
});

/** A guider that never finds the draft's token its own choice. */
const neverGuider: FakeModel = {
  ...hashModel({ vocabSize: V, salt: 3 }),
  logits: () => Float64Array.from({ length: V }, (_, x) => (x === V - 1 ? 9 : 0)),
};

describe("guided diffusion", () => {
  const guided = (guider: FakeModel, params: Record<string, unknown> = {}): Promise<FakeCanvasResult> =>
    runCanvas({ ...base, method: "guided-diffusion", guider, sampler: GREEDY_SAMPLER, params });

  test("a guider that accepts everything: one pass, as all at once", async () => {
    const all = await runCanvas({ ...base, params: { steps: 1 }, sampler: GREEDY_SAMPLER });
    const agreeing: FakeModel = {
      ...neverGuider,
      logits: (context) =>
        Float64Array.from({ length: V }, (_, x) => (x === all.canvas[context.length] ? 9 : 0)),
    };
    for (const chunk of [32, 5, 1]) {
      const result = await guided(agreeing, { rule: "deterministic", chunk, blockLength: 4 });
      expect(result.counts.passes).toBe(1);
      expect(result.canvas).toEqual(all.canvas);
      const [judged] = ofKind(result.events, "judge");
      expect(judged).toMatchObject({ accepted: G });
      const cost = ofKind(result.events, "cost")[0]!;
      expect(cost.draftForwards).toBe(Math.ceil(G / chunk));
      expect(cost.draftRows).toBe(G);
    }
  });

  test("one that accepts nothing: the masked model's own greedy text, left to right", async () => {
    // FreeCache computes the prompt once: exact where it sees only itself.
    const more = { model: models[2]!, sampler: GREEDY_SAMPLER, guider: neverGuider };
    const free = { rule: "deterministic", blockLength: 0 };
    const result = await runCanvas({ ...base, ...more, method: "guided-diffusion", params: free });
    const own = await runCanvas({ ...base, ...more, params: { order: "left_to_right" } });
    expect(result.canvas).toEqual(own.canvas);
    expect(result.counts.passes).toBe(G);
  });

  test("whatever it accepts was drafted in the same step, first to last without gaps", async () => {
    for (const rule of ["deterministic", "topk", "topk_relative", "threshold"]) {
      const guider = hashModel({ vocabSize: V, salt: 3 });
      const { events } = await guided(guider, { rule });
      for (const e of ofKind(events, "unmask").filter(({ reason }) => reason === "guided")) {
        const judged = ofKind(events, "judge").find(({ step }) => step === e.step)!;
        const scores = ofKind(events, "scores").find(({ step }) => step === e.step)!;
        expect(e.positions).toEqual(judged.positions.slice(0, Math.max(1, judged.accepted)));
        e.positions.forEach((p, i) => expect(scores.tokens[scores.positions.indexOf(p)]).toBe(e.tokens[i]));
      }
    }
  });
});

describe("switches", () => {
  const combined = (params: Record<string, unknown>, more: Partial<FakeCanvasRun> = {}) =>
    runCanvas({ ...base, method: "combined-denoising", params, ...more });
  const endings = hashMasked(V, 7, { endTokens: [0, 4, 6] });

  test("all off: low-confidence decoding, event for event", async () => {
    for (const params of [{}, { tokensPerStep: 3 }, { steps: 5 }, { blockLength: 4, order: "margin" }])
      expect((await combined(params)).events).toEqual((await runCanvas({ ...base, params })).events);
  });
  test.each([
    ["threshold", { rule: "threshold", threshold: 0.3 }, "fast-dllm", { threshold: 0.3 }],
    ["factor", { rule: "factor", factor: 3 }, "fast-dllm", { rule: "factor", factor: 3 }],
    [
      "entropy bound",
      { rule: "entropy", entropyBound: 4 },
      "fast-dllm",
      { rule: "entropy", entropyBound: 4 },
    ],
    [
      "dual cache",
      { cache: "dual", blockLength: 4, rule: "threshold" },
      "fast-dllm",
      { cache: "dual", blockLength: 4 },
    ],
    ["delayed cache", { cache: "delayed", refreshEvery: 4 }, "dkv-cache", { refreshEvery: 4 }],
    ["early commit", { early: "mean", firstBar: 2, secondBar: 1 }, "prophet", { firstBar: 2, secondBar: 1 }],
    ["ends held back", { leastGamma: 0.4 }, "eoser-ass", { counts: "even", leastGamma: 0.4 }],
    ["growing steps", { rule: "ascending", leastGamma: 0.01 }, "eoser-ass", {}],
    ["Dream's counts", { rule: "process" }, "low-confidence", { counts: "process" }],
  ])("one on: %s", async (_, params, method, own) => {
    const more = { model: endings, prompt: PROMPT, maxNewTokens: G };
    const found = await combined(params, more);
    const expected = await runCanvas({ ...base, ...more, method, params: own });
    expect(found.events).toEqual(expected.events);
  });
});

test("a row without any finite logit is an error that says where", async () => {
  const { decodeScores } = await import("../../src/runtime/scores");
  const { Stat, STAT_WORDS } = await import("../../src/kernels/row_stats");
  for (const value of [NaN, -1e30]) {
    const f = new Float32Array(STAT_WORDS);
    f[Stat.LOG_SUM_EXP] = value;
    const read = (): PassResult["scores"] =>
      decodeScores(f.buffer, { positions: [7], rows: 1, k: 0, top: 0, banned: [] });
    expect(read).toThrow(/at least one token at position 7/);
  }
});
