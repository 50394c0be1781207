/**
 * What denoising methods must draw: with one position a step, in an order that does not depend on what was drawn, the
 * joint law itself; with several, products of marginals. Laws come out of the methods' own code by enumeration. The
 * negative controls are mistakes that the same checks must see.
 */
import { describe, expect, test } from "vitest";
import { pcg4d, toUniform } from "../../src/base/rng";
import { evaluationsByStep, expectedEvaluations, raddRates } from "../../src/decoding/canvas/radd_rates";
import { drawOrder } from "../../src/decoding/canvas/reweight";
import { remaskRates } from "../../src/decoding/canvas/remask";
import type { Moment, Row } from "../../src/decoding/canvas/parts";
import {
  type Answer,
  exactMasked,
  type FakeCanvasRun,
  type FakeMaskedModel,
  hashMasked,
  maskedFacts,
  runCanvas,
} from "../helpers/fake_canvas";
import { hashModel } from "../helpers/fake_session_models";
import { GREEDY_SAMPLER, ofKind } from "../helpers/fake_session_run";
import { enumerateRuns } from "../reference/choice";
import { chiSquare, chiSquareLimit, tally } from "./statistics";

const N = 3;
const MASK = 2;
/** Every text of three tokens out of two, with a random weight. */
const answers: readonly Answer[] = Array.from({ length: 8 }, (_, i) => {
  const tokens = [i & 1, (i >> 1) & 1, i >> 2];
  return [tokens, -Math.log(toUniform(pcg4d(i, 3, 1, 4)[0]))] as const;
});
const total = answers.reduce((sum, [, weight]) => sum + weight, 0);
const joint = new Map(answers.map(([tokens, weight]) => [tokens.join(), weight / total]));
const toy: FakeCanvasRun = {
  method: "random-order",
  model: exactMasked(MASK + 1, answers),
  prompt: [0],
  maxNewTokens: N,
};

/** The exact law of a method's texts over everything it may draw at one seed. */
async function lawOf(run: Partial<FakeCanvasRun>): Promise<Map<string, number>> {
  const law = new Map<string, number>();
  await enumerateRuns(
    async (choose) => (await runCanvas({ ...toy, detail: "light", ...run, choose })).canvas.slice(1).join(),
    (text, prob) => tally(law, text, prob),
  );
  return law;
}
const distance = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number =>
  Math.max(
    ...[...new Set([...a.keys(), ...b.keys()])].map((k) => Math.abs((a.get(k) ?? 0) - (b.get(k) ?? 0))),
  );

/** Product over groups of positions of the marginals given what earlier groups hold. */
function productLaw(groups: readonly (readonly number[])[]): Map<string, number> {
  const law = new Map<string, number>();
  for (const [text] of joint) {
    const tokens = text.split(",");
    const mass = (known: readonly number[]): number =>
      [...joint].reduce((sum, [other, p]) => {
        const others = other.split(",");
        return known.every((i) => others[i] === tokens[i]) ? sum + p : sum;
      }, 0);
    let prob = 1;
    const known: number[] = [];
    for (const group of groups) {
      for (const i of group) prob *= mass([...known, i]) / mass(known);
      known.push(...group);
    }
    law.set(text, prob);
  }
  return law;
}

/** The positions of each step, by the events of one run. */
async function groupsOf(run: Partial<FakeCanvasRun>): Promise<number[][]> {
  const { events } = await runCanvas({ ...toy, ...run });
  return ofKind(events, "unmask").map((e) => e.positions.map((p) => p - 1));
}

describe("one position a step draws the joint law", () => {
  test("in every order", async () => {
    const orders = new Set<string>();
    for (let seed = 0; orders.size < 6 && seed < 100; seed++) {
      const order = (await groupsOf({ seed })).join();
      if (orders.has(order)) continue;
      orders.add(order);
      expect(distance(await lawOf({ seed }), joint)).toBeLessThan(1e-12);
    }
    expect(orders.size).toBe(6);
  });

  test.each(["margin", "entropy", "left_to_right"])(
    "ranked by %s: the law decides, not the token drawn",
    async (order) => {
      expect(distance(await lawOf({ method: "low-confidence", params: { order } }), joint)).toBeLessThan(
        1e-12,
      );
    },
  );

  test("by RADD, ReMDM without remasking, and any order drawn with noise", async () => {
    for (const seed of [1, 2, 3]) {
      // So many steps that no two tokens share one.
      for (const method of ["radd", "remdm"]) {
        const run = { method, seed, params: { steps: 1024, ...(method === "remdm" && { eta: 0 }) } };
        expect((await groupsOf(run)).every((group) => group.length === 1)).toBe(true);
        expect(distance(await lawOf(run), joint)).toBeLessThan(1e-12);
      }
      const noisy = { method: "low-confidence", seed, params: { order: "entropy", orderTemperature: 1 } };
      expect(distance(await lawOf(noisy), joint)).toBeLessThan(1e-12);
    }
  });

  test("not ranked by the confidence of what was drawn: surer tokens come more often", async () => {
    expect(distance(await lawOf({ method: "low-confidence" }), joint)).toBeGreaterThan(0.01);
  });
});

describe("several positions a step draw a product of marginals", () => {
  test.each([
    ["all at once", { steps: 1 }],
    ["two, then one", { tokensPerStep: 2 }],
  ])("%s", async (_, params) => {
    for (const seed of [1, 2]) {
      const groups = await groupsOf({ seed, params });
      expect(groups[0]!.length).toBeGreaterThan(1);
      const law = await lawOf({ seed, params });
      expect(distance(law, productLaw(groups))).toBeLessThan(1e-12);
      expect(distance(law, joint)).toBeGreaterThan(1e-3);
    }
  });

  test("proposals drawn before the canvas changed are no longer its law", async () => {
    // A session that answers every later pass as if the canvas were still empty: what a stale cache of answers does.
    const { model } = toy;
    const stale = {
      ...model,
      logits: (_: readonly number[], p: number) => model.logits([0, 2, 2, 2], p, []),
    };
    expect(distance(await lawOf({ model: stale }), joint)).toBeGreaterThan(0.01);
  });
});

test("a text scores its joint probability, whatever the order it was filled in", async () => {
  const runs: Partial<FakeCanvasRun>[] = [
    ...[1, 2, 3, 4].map((seed) => ({ seed })),
    ...["confidence", "margin", "entropy", "left_to_right"].map((order) => ({
      method: "low-confidence",
      params: { order },
    })),
    { method: "fast-dllm", params: { threshold: 1.05 } },
    { method: "radd", params: { steps: 1024 } },
    { method: "dkv-cache", params: { refreshEvery: 1 } },
  ];
  for (const run of runs)
    for (let seed = 0; seed < 4; seed++) {
      const { events, canvas } = await runCanvas({ ...toy, ...run, seed: (run.seed ?? 0) + seed });
      const score = ofKind(events, "unmask").reduce((sum, e) => sum + e.logprobs.reduce((a, b) => a + b), 0);
      expect(Math.exp(score)).toBeCloseTo(joint.get(canvas.slice(1).join())!, 10);
    }
  // Together they score a product, which is another number.
  const { events, canvas } = await runCanvas({ ...toy, params: { steps: 1 } });
  const score = ofKind(events, "unmask")[0]!.logprobs.reduce((a, b) => a + b);
  expect(Math.abs(Math.exp(score) - joint.get(canvas.slice(1).join())!)).toBeGreaterThan(1e-3);
});

test("left to right without temperature is greedy decoding of a causal model", async () => {
  const model = hashModel({ vocabSize: 12, salt: 3 });
  const causal: FakeMaskedModel = {
    ...maskedFacts(12),
    logits: (seen, position) => model.logits(seen.slice(0, position)),
  };
  const { canvas } = await runCanvas({
    method: "low-confidence",
    model: causal,
    sampler: GREEDY_SAMPLER,
    params: { order: "left_to_right" },
    prompt: [3, 1],
    maxNewTokens: 6,
  });
  const text = [3, 1];
  while (text.length < 8) {
    const row = Array.from(model.logits(text)).slice(0, 11);
    text.push(row.indexOf(Math.max(...row)));
  }
  expect(canvas).toEqual(text);
});

describe("order temperature draws positions without replacement", () => {
  const priorities = [0.9, 0.5, 0.3, 0.1];
  const TEMPERATURE = 0.3;
  const weights = priorities.map((p) => Math.exp(p / TEMPERATURE));
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  /** Ordered pairs of different positions by Plackett and Luce. */
  const law = new Map<string, number>();
  weights.forEach((a, i) =>
    weights.forEach((b, j) => {
      if (i !== j) tally(law, `${i},${j}`, (a / sum(weights)) * (b / (sum(weights) - a)));
    }),
  );
  const RUNS = 4000;
  const noisy = (step: number): number[] =>
    priorities.map((priority, position) =>
      drawOrder(TEMPERATURE).apply({ position, priority } as Row, { seed: 5, step, draw: step } as Moment),
    );

  test("the two best after the noise", () => {
    const counts = new Map<string, number>();
    for (let step = 0; step < RUNS; step++) {
      const ranks = noisy(step);
      const order = [0, 1, 2, 3].sort((a, b) => ranks[b]! - ranks[a]!);
      tally(counts, order.slice(0, 2).join());
    }
    expect(chiSquare(counts, law)).toBeLessThan(chiSquareLimit(law));
  });
  test("with replacement it would be another law", () => {
    const counts = new Map<string, number>();
    const best = (step: number): number => {
      const ranks = noisy(step);
      return ranks.indexOf(Math.max(...ranks));
    };
    for (let step = 0; step < RUNS; step++) tally(counts, `${best(2 * step)},${best(2 * step + 1)}`);
    expect(chiSquare(counts, law)).toBeGreaterThan(chiSquareLimit(law));
  });
});

describe("RADD", () => {
  test.each([
    [8, 16, 7.055],
    [32, 16, 12.745],
    [64, 16, 14.255],
    [1024, 64, 62.07],
  ])("%i steps for %i masks need %d passes on average", (steps, positions, expected) => {
    expect(expectedEvaluations(steps, positions)).toBeCloseTo(expected, 2);
    // The last step also takes what is left of time below 1e-5.
    expect(expectedEvaluations(steps, positions)).toBeCloseTo(steps * (1 - (1 - 1 / steps) ** positions), 2);
  });
  test("every step commits the same share of the canvas", () => {
    let left = 1;
    for (const rate of raddRates(50)) {
      expect(left * rate).toBeCloseTo(1 / 50, 4);
      left *= 1 - rate;
    }
    expect(left).toBe(0);
  });

  const base: FakeCanvasRun = { method: "radd", model: hashMasked(6, 5), prompt: [2, 1], maxNewTokens: 10 };
  test("skipping passes changes no token", async () => {
    for (let seed = 0; seed < 6; seed++) {
      const params = { steps: 24 };
      const skipped = await runCanvas({ ...base, seed, params });
      const full = await runCanvas({ ...base, seed, params: { ...params, isCached: false } });
      expect(ofKind(skipped.events, "unmask")).toEqual(ofKind(full.events, "unmask"));
      expect(skipped.counts.passes).toBeLessThan(full.counts.passes);
      expect(skipped.counts.passes).toBe(ofKind(skipped.events, "unmask").length);
      const told = ofKind(skipped.events, "probe").at(-1)!;
      expect(told.values.passes).toBe(skipped.counts.passes);
      expect(told.values.inAll).toBe(expectedEvaluations(24, 10));
      for (const { step, values } of ofKind(skipped.events, "probe"))
        expect(values.expected).toBe(evaluationsByStep(24, 10)[step]);
    }
  });
  test.each([
    [8, 10],
    [24, 10],
  ])("passes of %i steps agree with the formula over many seeds", async (steps, positions) => {
    const RUNS = 2000;
    // Cheap to ask: the passes depend on the transitions alone.
    const model = { ...base.model, logits: () => [0, 0, 0, 0, 0, 0] };
    const passes: number[] = [];
    for (let seed = 0; seed < RUNS; seed++)
      passes.push(
        (await runCanvas({ ...base, model, seed, params: { steps }, detail: "light" })).counts.passes,
      );
    const mean = passes.reduce((a, b) => a + b) / RUNS;
    const spread = Math.sqrt(passes.reduce((a, n) => a + (n - mean) ** 2, 0) / (RUNS - 1) / RUNS);
    expect(Math.abs(mean - expectedEvaluations(steps, positions))).toBeLessThan(3 * spread);
    // The loop that asks at the start and after every change would need more.
    const other = 1 + (steps - 1) * (1 - (1 - 1 / steps) ** positions);
    expect(Math.abs(mean - other)).toBeGreaterThan(3 * spread);
  });
});

describe("ReMDM", () => {
  const base: FakeCanvasRun = { method: "remdm", model: hashMasked(6, 5), prompt: [2, 1], maxNewTokens: 10 };
  test("without remasking it is RADD, token for token", async () => {
    for (const seed of [1, 2, 3]) {
      const own = await runCanvas({ ...base, seed, params: { steps: 24, eta: 0 } });
      const other = await runCanvas({ ...base, seed, method: "radd", params: { steps: 24 } });
      expect(ofKind(own.events, "unmask")).toEqual(ofKind(other.events, "unmask"));
    }
  });
  test.each(["cap", "rescale"] as const)(
    "%s: the share known at every time is that of the process",
    (schedule) => {
      for (const eta of [0.05, 0.5, 1]) {
        const rates = remaskRates({ steps: 40, eta, schedule });
        let known = 0;
        rates.forEach(({ remask, commit }, k) => {
          expect(commit).toBeGreaterThanOrEqual(0);
          expect(commit).toBeLessThanOrEqual(1);
          known = known * (1 - remask) + (1 - known) * commit;
          expect(known).toBeCloseTo((k + 1) / 40, 4);
        });
      }
    },
  );
  test("masks again, and ends full", async () => {
    const { events, canvas } = await runCanvas({ ...base, params: { steps: 40, eta: 0.5 } });
    expect(ofKind(events, "remask").length).toBeGreaterThan(2);
    expect(ofKind(events, "denoise")).toHaveLength(40);
    expect(canvas).not.toContain(5);
  });
});
