/** The parts of denoising methods one by one, by numbers worked out by hand. */
import { describe, expect, test } from "vitest";
import { delayedCache, greedyCache, uncached } from "../../src/decoding/canvas/cache";
import { Canvas } from "../../src/decoding/canvas/canvas";
import {
  bestOfProcess,
  inShares,
  sharesOf,
  transitions,
  withinEntropy,
  withinFactor,
} from "../../src/decoding/canvas/commit";
import { denoise } from "../../src/decoding/canvas/denoise";
import { guidedBy, type GuideRule } from "../../src/decoding/canvas/guide";
import {
  rowsOf,
  type CommitPolicy,
  type Moment,
  type Parts,
  type Region,
  type Row,
} from "../../src/decoding/canvas/parts";
import { byConfidence, byEntropy } from "../../src/decoding/canvas/rank";
import { remaskAtRandom, remaskRates } from "../../src/decoding/canvas/remask";
import { ascendingProgress, evenProgress, rejectEarlyEnds } from "../../src/decoding/canvas/reweight";
import { blocks } from "../../src/decoding/canvas/schedule";
import type { CanvasSession } from "../../src/decoding/canvas/session";
import { clearAnswer } from "../../src/decoding/canvas/stop";
import type { MethodEvent } from "../../src/trace/events";
import { checkTrace } from "../../src/trace/grammar";
import { FakeCanvasSession, hashMasked, maskedFacts, runCanvas } from "../helpers/fake_canvas";
import { GREEDY_SAMPLER, ofKind } from "../helpers/fake_session_run";

const MASK = 11;
const END = 4;
const model = maskedFacts(12, [END]);
/** A prompt of two tokens and `masks` masked positions behind it. */
const canvasOf = (masks: number): Canvas => Canvas.open([1, 2], masks, MASK, 64);
const regionOf = (more: Partial<Region> = {}): Region => ({
  ...{ start: 2, end: 10, block: 0, step: 0, size: 8, planned: 8 },
  ...more,
});
const momentOf = ({ region, ...more }: Partial<Omit<Moment, "region">> & { region?: Partial<Region> } = {}) =>
  ({ canvas: canvasOf(8), model, seed: 1, step: 0, draw: 0, ...more, region: regionOf(region) }) as Moment;
/** Of one position where an end token is all but certain. */
const SURE = {
  ...{
    positions: [3],
    proposal: [END],
    logprob: [0],
    best: [END],
    second: [3],
    gap: [20],
    margin: [1],
    top: [],
  },
};
const rowOf = (position: number, more: Partial<Row> = {}): Row => ({
  ...{ position, token: 3, logprob: 0, confidence: 1, margin: 1, gap: 0, entropy: 0, priority: 0 },
  ...more,
});
const positions = (rows: readonly Row[]): number[] => rows.map((row) => row.position);

describe("entropy bound", () => {
  const chosen = (entropies: readonly number[], bound: number): number =>
    withinEntropy(bound).select(
      entropies.map((entropy, i) => rowOf(2 + i, { entropy, priority: -entropy })),
      momentOf(),
    ).length;
  test("the sum without the largest stays within it", () => {
    // Without the largest: 0, 0.1, 0.3, 0.6.
    const entropies = [0.1, 0.2, 0.3, 0.9];
    expect(chosen(entropies, 0.05)).toBe(1);
    expect(chosen(entropies, 0.15)).toBe(2);
    expect(chosen(entropies, 0.35)).toBe(3);
    expect(chosen(entropies, 0.61)).toBe(4);
    expect(chosen([0.7], 0)).toBe(1);
  });
  test("what holds end tokens back counts as doubt", () => {
    const rows = [
      rowOf(2, { entropy: 0.3, priority: -0.3 }),
      rowOf(3, { priority: -2.5 }),
      rowOf(4, { priority: -3 }),
    ];
    expect(positions(withinEntropy(0.5).select(rows, momentOf()))).toEqual([2, 3]);
    expect(positions(withinEntropy(0.2).select(rows, momentOf()))).toEqual([2]);
    expect(positions(withinEntropy(2.9).select(rows, momentOf()))).toEqual([2, 3, 4]);
  });
});

describe("Dream's counts", () => {
  test("floor(n (1 - t' / t)) of n, all in the last step", () => {
    // Four steps from 1 to 0.001: t = 1, 0.75025, 0.5005, 0.25075, and shares of what is left 0.24975, 0.3329, 0.4990, 1.
    const commit = bestOfProcess(() => 4);
    const count = (step: number, left: number): number =>
      commit.select(
        Array.from({ length: left }, (_, i) => rowOf(i)),
        momentOf({ region: { size: 40, step } }),
      ).length;
    expect(count(0, 40)).toBe(9);
    expect(count(1, 31)).toBe(10);
    expect(count(2, 21)).toBe(10);
    expect(count(3, 11)).toBe(11);
    expect(count(0, 4)).toBe(0);
  });
});

describe("steps of several blocks", () => {
  test.each([
    [7, [4, 4, 4], [3, 2, 2]],
    [5, [4, 4, 2], [2, 2, 1]],
    [10, [4, 4, 4], [4, 3, 3]],
    [3, [1, 10], [1, 2]],
    [99, [4, 0, 3], [4, 0, 3]],
    // A block takes one step at least.
    [1, [4, 4], [1, 1]],
  ])("%i steps over %j", (steps, sizes, shares) => {
    expect(sharesOf(steps, sizes)).toEqual(shares);
  });
  test("add up to what was asked, wherever that can be", () => {
    for (let steps = 1; steps < 30; steps++)
      for (const sizes of [[5, 5, 5], [7, 1, 3, 9], [8, 8, 1], [3]]) {
        const total = sizes.reduce((a, b) => a + b);
        const sum = sharesOf(steps, sizes).reduce((a, b) => a + b);
        expect(sum).toBe(Math.max(sizes.length, Math.min(steps, total)));
      }
    expect(inShares(7, [4, 4, 4])(2, 0)).toBe(2);
  });
  test("a run makes as many passes as its steps", async () => {
    for (const steps of [3, 5, 7, 8, 11]) {
      const { counts } = await runCanvas({
        ...{ method: "low-confidence", model: hashMasked(12, 7), prompt: [3, 1], maxNewTokens: 12 },
        params: { steps, blockLength: 4 },
      });
      expect(counts.passes).toBe(steps);
    }
  });
});

describe("end tokens held back", () => {
  const end = (priority: number): Row => rowOf(3, { token: END, priority });
  test("gamma rises from the least to 1 over a plan of even steps, and the factor with it", () => {
    const held = rejectEarlyEnds({ least: 0.4, progress: evenProgress });
    [0.4, 0.6, 0.8, 1].forEach((gamma, step) => {
      const m = momentOf({ region: { step, planned: 4 } });
      expect(held.probe(m).gamma).toBeCloseTo(gamma, 12);
      expect(held.apply(end(0.5), m)).toBeCloseTo(0.5 * gamma, 12);
      expect(held.apply(rowOf(3, { priority: 0.5 }), m)).toBe(0.5);
    });
  });
  test("growing steps: as much as is committed by the end of the step", () => {
    [1 / 8, 3 / 8, 7 / 8].forEach((progress, step) =>
      expect(ascendingProgress(momentOf({ region: { step, planned: 3 } }))).toBe(progress),
    );
  });
  test("ranks by entropy lose (1 - gamma) ln V", () => {
    const held = rejectEarlyEnds({ least: 0.25, progress: () => 0 });
    expect(held.apply(end(-0.5), momentOf())).toBeCloseTo(-0.5 - 0.75 * Math.log(12), 12);
    // The surest of all, too: its entropy is 0, or a hair less by rounding.
    for (const entropy of [0, -1e-7]) {
      const [row] = rowsOf({ ...SURE, entropy: [entropy] });
      const priority = byEntropy(row!, momentOf());
      expect(held.apply({ ...row!, priority }, momentOf())).toBeCloseTo(-0.75 * Math.log(12), 12);
    }
  });
  test("the entropy bound hears of it", async () => {
    // Every position is sure, those on the right of an end: without a factor all go at once.
    const sure = {
      ...hashMasked(12, 1, { endTokens: [END] }),
      logits: (_: readonly number[], p: number) =>
        Float64Array.from({ length: 12 }, (__, x) => (x === (p < 6 ? 3 : END) ? 20 : 0)),
    };
    const first = async (params: object): Promise<number[]> => {
      const { events } = await runCanvas({
        ...{
          method: "combined-denoising",
          model: sure,
          sampler: GREEDY_SAMPLER,
          prompt: [1, 2],
          maxNewTokens: 8,
        },
        params: { rule: "entropy", ...params },
      });
      return [...ofKind(events, "unmask")[0]!.positions];
    };
    expect(await first({})).toHaveLength(8);
    expect(await first({ leastGamma: 0.1 })).toEqual([2, 3, 4, 5, 6]);
    expect((await first({ ending: "delay" })).slice(0, 4)).toEqual([2, 3, 4, 5]);
  });
});

describe("Prophet's gap and bar", () => {
  const stop = (sees: "region" | "canvas", planned: number | null = 6) =>
    clearAnswer({ bars: [7, 5, 2], aggregate: "mean", sees, planned });
  const rows = [rowOf(2, { gap: 1 }), rowOf(3, { gap: 3 }), rowOf(8, { gap: 8 })];
  test("watches the canvas, or the block alone", () => {
    const m = momentOf({ region: { start: 2, end: 6 } });
    expect(stop("canvas").decide(rows, m).values.gap).toBe(4);
    expect(stop("region").decide(rows, m).values.gap).toBe(2);
  });
  test("the bar falls at a third and two thirds, taken as 0.33 and 0.67", () => {
    const bars = [0, 1, 2, 3, 4, 5].map((step) => stop("canvas").decide(rows, momentOf({ step })).values.bar);
    expect(bars).toEqual([7, 5, 5, 5, 2, 2]);
    // Without a plan the share of filled positions is progress: none of eight, then three.
    const m = momentOf();
    expect(stop("canvas", null).decide(rows, m).values).toMatchObject({ progress: 0, bar: 7 });
    for (const p of [2, 3, 4]) m.canvas.commit(p, 3, 0);
    expect(stop("canvas", null).decide(rows, m).values).toMatchObject({ progress: 0.375, bar: 5 });
  });
});

describe("what a guider lets pass", () => {
  const kept = async (rule: GuideRule, rank: number, p: number, best: number): Promise<boolean> => {
    const session = {
      judge: () =>
        Promise.resolve({
          logprob: [-0.1, Math.log(p)],
          bestLogprob: [-0.1, Math.log(best)],
          rank: [0, rank],
          cost: { rows: 2, dispatches: 1 },
        }),
    } as unknown as CanvasSession;
    const { rows } = await guidedBy(session, rule, 32)([rowOf(2), rowOf(3)], momentOf());
    return rows.length === 2;
  };
  test.each<[GuideRule, number, number, number, boolean]>([
    ["deterministic", 0, 0.05, 0.05, true],
    ["deterministic", 1, 0.4, 0.41, false],
    ["topk", 4, 0.01, 0.5, true],
    ["topk", 5, 0.01, 0.5, false],
    ["topk_relative", 1, 0.26, 0.5, true],
    ["topk_relative", 1, 0.24, 0.5, false],
    ["topk_relative", 2, 0.26, 0.3, false],
    ["threshold", 7, 0.11, 0.3, true],
    ["threshold", 1, 0.09, 0.3, false],
  ])("%s: rank %i with %d beside %d", async (rule, rank, p, best, isKept) => {
    expect(await kept(rule, rank, p, best)).toBe(isKept);
  });
});

describe("rows that a cache computes", () => {
  /** Twelve positions: all masked but 4 and 9, of which 9 was committed in step 4. */
  const late = (more: Partial<Moment> = {}): Moment => {
    const canvas = canvasOf(10);
    canvas.commit(4, 3, 2);
    canvas.commit(9, 3, 4);
    return { ...momentOf({ canvas, step: 5, draw: 5, region: { end: 12, size: 10, step: 5 } }), ...more };
  };
  const options = { refreshEvery: 0, prompt: "stored" } as const;
  test("Greedy: the nearest masked neighbours of those just decoded, or of those decoded next", () => {
    const greedy = (centre: "previous" | "next", window: number) =>
      greedyCache({ ...options, centre, window }).query(late(), [3]);
    expect(greedy("previous", 2)).toEqual([3, 8, 9, 10]);
    expect(greedy("previous", 3)).toEqual([3, 7, 8, 9, 10]);
    expect(greedy("next", 2)).toEqual([2, 3, 5, 9]);
  });
  test("logits that are shifted: row i again when token i + 1 becomes known, as when token i does", () => {
    const cache = delayedCache({ ...options, delay: true });
    const canvas = canvasOf(10);
    for (const p of [7, 8]) canvas.commit(p, 3, 2);
    canvas.commit(9, 3, 4);
    const rows = (logitShift: 0 | 1) =>
      cache.query(late({ canvas, model: { ...model, logitShift } }), null).filter((p) => !canvas.isMasked(p));
    expect(rows(0)).toEqual([9]);
    expect(rows(1)).toEqual([8, 9]);
  });
});

describe("random transitions and remasking", () => {
  test("draw the numbers of the run's own step, which a branch moves", () => {
    const commit = transitions([0.5, 0.5, 0.5, 1]) as Required<CommitPolicy>;
    const at = (step: number, draw: number) => [...commit.ahead(momentOf({ step, draw }))].join();
    expect(new Set([0, 1, 2, 3, 4].map((draw) => at(1, draw))).size).toBeGreaterThan(2);
    expect(at(0, 2)).toBe(at(1, 2));
  });
  test("rates of four steps by hand, rescaled and capped", () => {
    // Times 1, 3/4, 1/2, 1/4: at most s / (1 - t) = 1, 1, 1/3 after the first; the chances beside 0.5 and 0.2.
    const rescaled = remaskRates({ steps: 4, eta: 0.5, schedule: "rescale" });
    const capped = remaskRates({ steps: 4, eta: 0.4, schedule: "cap" });
    [0, 0.5, 0.25, 0].forEach((chance, k) => expect(rescaled[k]!.remask).toBeCloseTo(chance, 4));
    [0, 0.4, 0.4, 0].forEach((chance, k) => expect(capped[k]!.remask).toBeCloseTo(chance, 4));
  });
  test("as often as the rate says, and never what was committed in the same step", () => {
    const policy = remaskAtRandom([{ remask: 0.3, commit: 1 }]);
    const fresh = new Set([2, 3, 4, 5]);
    let found = 0;
    const RUNS = 1000;
    for (let draw = 0; draw < RUNS; draw++) {
      const canvas = canvasOf(8);
      for (let p = 2; p < 9; p++) canvas.commit(p, 3, fresh.has(p) ? 0 : -1);
      const again = policy.select(momentOf({ canvas, draw }), fresh);
      for (const p of again) expect([6, 7, 8]).toContain(p);
      found += again.length;
    }
    // Three positions may go: a mean of 900, and a deviation of 25.
    expect(Math.abs(found - 3 * RUNS * 0.3)).toBeLessThan(4 * Math.sqrt(3 * RUNS * 0.3 * 0.7));
  });
});

/** Law of a joint over `n` positions of three tokens as a list of texts with their probabilities. */
function modeAndArgmax(weights: readonly number[], n: number) {
  const total = weights.reduce((a, b) => a + b);
  const digits = (i: number): number[] => Array.from({ length: n }, (_, p) => Math.floor(i / 3 ** p) % 3);
  const marginals = Array.from({ length: n }, () => [0, 0, 0]);
  weights.forEach((w, i) => digits(i).forEach((x, p) => (marginals[p]![x]! += w / total)));
  const argmax = marginals.map((law) => law.indexOf(Math.max(...law)));
  const mode = digits(weights.indexOf(Math.max(...weights)));
  return { argmax, mode, confidences: marginals.map((law) => Math.max(...law)) };
}

describe("the factor's theorem", () => {
  /** The same pseudo-random numbers in every run. */
  function numbers(): () => number {
    let state = 7;
    return () => (state = (state * 48271) % 2147483647) / 2147483647;
  }
  const trials = (factor: number): { all: number; wrong: number } => {
    const next = numbers();
    let all = 0;
    let wrong = 0;
    for (let trial = 0; trial < 6000; trial++) {
      const n = 2 + (trial % 2);
      const weights = Array.from({ length: 3 ** n }, () => next() ** 4);
      // One text outweighs the others more or less, so that joints near the bound come up.
      weights[Math.floor(next() * weights.length)]! += next() * 2 * weights.length;
      const { argmax, mode, confidences } = modeAndArgmax(weights, n);
      const rows = confidences
        .map((priority, p) => rowOf(p, { priority }))
        .sort((a, b) => b.priority - a.priority);
      if (withinFactor(factor).select(rows, momentOf()).length < n) continue;
      all++;
      if (argmax.join() !== mode.join()) wrong++;
    }
    return { all, wrong };
  };
  test("random joints: at 1, all the best tokens together are the most probable text", () => {
    const { all, wrong } = trials(1);
    expect(all).toBeGreaterThan(500);
    expect(wrong).toBe(0);
  });
  test("above, they need not be", () => {
    expect(trials(3).wrong).toBeGreaterThan(0);
  });
});

describe("a rule that commits nothing", () => {
  test("is ended with a warning after as many steps as there were masks", async () => {
    const fake = hashMasked(12, 7);
    const idle: Parts = {
      schedule: blocks(0, () => null),
      cache: uncached,
      rank: byConfidence,
      reweight: [],
      stop: null,
      commit: { reason: "ranked", planned: () => null, select: () => [] },
      verify: null,
      ending: "allow",
      reuse: false,
    };
    const session = new FakeCanvasSession({ model: fake });
    const events: MethodEvent[] = [];
    const context = { session, sampler: GREEDY_SAMPLER, promptTokens: [3, 1], maxNewTokens: 5 };
    for await (const e of denoise({ ...context, detail: "light" }, () => idle)) events.push(e);
    expect(checkTrace(events, { methodPrompt: [3, 1] })).toBeNull();
    expect(ofKind(events, "warning").map((e) => e.step)).toEqual([5]);
    expect(ofKind(events, "warning")[0]!.message).toMatch(/after 5 steps, found 5 still masked/);
    expect(ofKind(events, "unmask").map((e) => [e.step, e.reason, e.positions.length])).toEqual([
      [5, "all_in", 5],
    ]);
  });
  test("no method needs that", async () => {
    for (const method of ["low-confidence", "fast-dllm", "radd", "remdm", "prophet", "eoser-ass"]) {
      const run = { method, model: hashMasked(12, 7), prompt: [3, 1], maxNewTokens: 9 };
      expect(ofKind((await runCanvas(run)).events, "warning")).toEqual([]);
    }
  });
});

describe("settings that do nothing are named", () => {
  const warned = async (method: string, params: Record<string, unknown>): Promise<readonly string[]> => {
    const run = { method, params, model: hashMasked(12, 7), prompt: [3, 1], maxNewTokens: 6 };
    return ofKind((await runCanvas(run)).events, "warning").map((e) => e.message);
  };
  test("ends put last in an order that was drawn beforehand", async () => {
    const last = [expect.stringMatching(/could not be put last/) as string];
    expect(await warned("random-order", { ending: "delay" })).toEqual(last);
    expect(await warned("dkv-cache", { variant: "greedy", ending: "delay" })).toEqual(last);
    expect(await warned("dkv-cache", { ending: "delay" })).toEqual([]);
    expect(await warned("random-order", {})).toEqual([]);
  });
  test("an order beside a rule that takes whatever is sure", async () => {
    const order = [expect.stringMatching(/order and its temperature had no effect/) as string];
    expect(await warned("combined-denoising", { rule: "entropy", order: "margin" })).toEqual(order);
    expect(await warned("combined-denoising", { rule: "threshold", orderTemperature: 1 })).toEqual(order);
    expect(await warned("combined-denoising", { order: "margin", orderTemperature: 1 })).toEqual([]);
    expect(await warned("combined-denoising", { rule: "threshold" })).toEqual([]);
  });
});

test("dKV refreshes as the paper does unless told: every 8 steps, every 2 with Greedy", async () => {
  const run = { method: "dkv-cache", model: hashMasked(12, 7), prompt: [3, 1], maxNewTokens: 20 };
  for (const [variant, refreshEvery] of [
    ["decode", 8],
    ["greedy", 2],
  ] as const) {
    const own = await runCanvas({ ...run, params: { variant } });
    const told = await runCanvas({ ...run, params: { variant, refreshEvery } });
    expect(own.events).toEqual(told.events);
    const full = ofKind(own.events, "denoise").filter((e) => e.refreshed && e.step > 1);
    expect(full[0]!.step).toBe(refreshEvery);
  }
});
