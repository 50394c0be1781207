/** Denoising with the head that leaves statistics beside head, statistics and list one after another: the same canvases, and no row of logits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canvasMethods } from "../../src/decoding";
import type { CanvasPass } from "../../src/decoding/canvas/session";
import { Fused } from "../../src/kernels/matvec_draw";
import type { Tuning } from "../../src/kernels/tuning";
import { CanvasHead, MAX_TOP, MOST_LOGITS } from "../../src/runtime/canvas_head";
import { GpuCanvasSession } from "../../src/runtime/canvas_session";
import { judgedTogether } from "../../src/runtime/guider";
import type { EngineHost } from "../../src/worker/host";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { bundled, openHost, runToEnd, type RunOptions, type RunResult } from "./helpers";

let host: EngineHost;
let tuning: Tuning;
beforeAll(async () => {
  host = await openHost();
  ({ tuning } = host);
  await host.load("story-diffusion", bundled("story-diffusion"));
  await host.load("story-target", bundled("story-target"));
});
afterAll(() => host.destroy());

const withChoices = (choices: Readonly<Record<string, number>>): Tuning => ({
  ...tuning,
  choices: { ...tuning.choices, ...choices },
});

/** The same run with the fused head and without. */
async function both(options: RunOptions): Promise<{ fused: RunResult; apart: RunResult }> {
  host.tuning = withChoices({ "stats.fused": 1 });
  const fused = await runToEnd(host, options);
  host.tuning = withChoices({ "stats.fused": 0 });
  const apart = await runToEnd(host, options);
  host.tuning = tuning;
  return { fused, apart };
}

/** What a run showed of its laws and decided: whole numbers, which are to be the same, and others, which are to be near. */
function shown({ events }: RunResult) {
  const scores = events.flatMap((e) => (e.kind === "scores" ? [e] : []));
  const unmask = events.flatMap((e) => (e.kind === "unmask" ? [e] : []));
  return {
    exact: [
      ...scores.map((s) => [s.positions, s.tokens, s.best, s.second, s.top.map((of) => of.map(([t]) => t))]),
      ...unmask.map((u) => [u.positions, u.tokens]),
    ],
    near: [
      ...scores.flatMap((s) => [s.logprobs, s.gaps, s.margins, s.entropies, s.top.flat().map(([, l]) => l)]),
      ...unmask.map((u) => u.logprobs),
    ].flat(),
  };
}

describe.each(canvasMethods.map((m) => m.id))("%s", (method) => {
  it("decides the same, greedy and drawn, seen and unseen, with fewer dispatches", async () => {
    for (const [temperature, detail] of [
      [0, "light"],
      [1, "full"],
    ] as const) {
      const { fused, apart } = await both({
        ...{ model: "story-diffusion", draft: "story-target", method, detail },
        ...{ prompt: "Once upon a time, there was a little", maxNewTokens: 12, sampler: { temperature } },
      });
      expect(fused.end.error).toBeNull();
      expect(fused.end.hash).toBe(apart.end.hash);
      const [found, expected] = [shown(fused), shown(apart)];
      expect(found.exact.length).toBeGreaterThan(1);
      expect(found.exact).toEqual(expected.exact);
      found.near.forEach((v, i) => expect(Math.abs(v - expected.near[i]!)).toBeLessThan(1e-4));
      expect(fused.counts.submits).toBe(apart.counts.submits);
      if (detail === "full") expect(fused.counts.dispatches).toBeLessThan(apart.counts.dispatches);
      else expect(fused.counts.dispatches).toBe(apart.counts.dispatches);
    }
  });
});

describe.each([true, false])("a large vocabulary in parts, tied %s", (tieEmbeddings) => {
  const V = 20_000;
  const T = 40;
  const tokens = Array.from({ length: T }, (_, i) => (i < 7 ? 20 + i : 1));
  const all = tokens.map((_, i) => i);
  const pass: CanvasPass = {
    ...{ tokens, query: all, scored: all.slice(7), temperature: 0.9, step: 3 },
    ...{ promptLength: 7, banned: [1, 5], top: 6 },
  };
  const open = async (choices: Readonly<Record<string, number>>): Promise<GpuCanvasSession> => {
    const id = `wide${tieEmbeddings}`;
    host.tuning = withChoices({ "upload.part_bytes": 400_000 });
    const config = { attention: "bidirectional" };
    const { gpu: model } = await host.load(
      id,
      memorySource(tinyModel({ vocabSize: V, tieEmbeddings, config }), { id }),
    );
    host.tuning = tuning;
    return GpuCanvasSession.open(host.engine, {
      ...{ model, guider: null, seed: 4, length: T, tuning: withChoices(choices), profiler: null },
    });
  };

  it("gives the same numbers, and what a pass leaves is small beside its logits", async () => {
    const measured = async (isFused: boolean) => {
      const session = await open({ "stats.fused": isFused ? 1 : 0 });
      const { scores, cost } = await session.denoise(pass);
      const buffers = host.memory.held().filter(({ label }) => /^canvas\d+\.(logits|pieces)$/.test(label));
      session.dispose();
      const bytes = buffers.reduce((sum, b) => sum + b.bytes, 0);
      return { scores, dispatches: cost.dispatches, bytes, names: buffers.map((b) => b.label.split(".")[1]) };
    };
    const [fused, apart] = [await measured(true), await measured(false)];
    const { logprob, gap, margin, entropy, top, ...exact } = fused.scores;
    expect(exact).toEqual({
      positions: pass.scored,
      proposal: apart.scores.proposal,
      best: apart.scores.best,
      second: apart.scores.second,
    });
    expect(exact.proposal).not.toEqual(exact.best);
    expect(top.map((of) => of.map(([t]) => t))).toEqual(apart.scores.top.map((of) => of.map(([t]) => t)));
    expect(top.every((of) => of.length === pass.top)).toBe(true);
    const near = (name: string, found: readonly number[], expected: readonly number[]): void =>
      found.forEach((v, i) => expect(Math.abs(v - expected[i]!), name).toBeLessThan(1e-4));
    near("logprob", logprob, apart.scores.logprob);
    near("gap", gap, apart.scores.gap);
    near("margin", margin, apart.scores.margin);
    near("entropy", entropy, apart.scores.entropy);
    near(
      "top",
      top.flat().map(([, l]) => l),
      apart.scores.top.flat().map(([, l]) => l),
    );
    expect([fused.names, apart.names]).toEqual([["pieces"], ["logits"]]);
    expect(apart.bytes).toBe(4 * T * V);
    expect(fused.bytes).toBeLessThan(0.03 * apart.bytes);
    // Statistics and list have become one; the head is as many dispatches as the vocabulary has parts.
    expect(fused.dispatches).toBe(apart.dispatches - 1);
  });
});

it("has one buffer for what passes leave, however many rows they have and tokens they list", async () => {
  const { gpu: model } = await host.model("story-diffusion");
  const length = 48;
  const session = await GpuCanvasSession.open(host.engine, {
    ...{ model, guider: null, seed: 4, length, tuning: withChoices({ "stats.fused": 1 }), profiler: null },
  });
  const tokens = Array.from({ length }, (_, i) => (i < 7 ? 20 + i : 1));
  const all = tokens.map((_, i) => i);
  const pieces = () => host.memory.held().filter(({ label }) => /^canvas\d+\.pieces$/.test(label));
  const first = { tokens, query: all, temperature: 1, step: 0, promptLength: 7, banned: [1] };
  await session.denoise({ ...first, scored: [8], top: 0 });
  const [held, ...more] = pieces();
  expect(more).toEqual([]);
  for (const [scored, top] of [
    [all.slice(8), 5],
    [all.slice(8, 10), MAX_TOP],
  ] as const) {
    const { scores } = await session.denoise({ ...first, scored, top });
    expect(scores.top.map((of) => of.length)).toEqual(scored.map(() => top));
    expect(pieces()).toEqual([held]);
  }
  session.dispose();
});

it("says so when a pass has more rows than products take", async () => {
  const config = { attention: "bidirectional", max_position_embeddings: 600 };
  const { gpu: model } = await host.load("long", memorySource(tinyModel({ config }), { id: "long" }));
  const session = await GpuCanvasSession.open(host.engine, {
    ...{ model, guider: null, seed: 4, length: 513, tuning, profiler: null },
  });
  const tokens = Array.from({ length: 513 }, () => 1);
  const all = tokens.map((_, i) => i);
  const pass = { tokens, scored: [12], temperature: 1, step: 0, promptLength: 7, banned: [], top: 0 };
  await expect(session.denoise({ ...pass, query: all })).rejects.toMatchObject({
    code: "limit",
    message: expect.stringMatching(/at most 512 positions .* found 513/) as string,
  });
  session.dispose();
});

it("says so when no logit is a number", async () => {
  const files = tinyModel({ config: { attention: "bidirectional" } });
  const weights = files.get("model.safetensors")!;
  // Every number becomes so large that no product is one.
  weights.fill(0x7f, 8 + Number(new DataView(weights.buffer).getBigUint64(0, true)));
  const { gpu: model } = await host.load("broken", memorySource(files, { id: "broken" }));
  const tokens = Array.from({ length: 12 }, (_, i) => (i < 7 ? 20 + i : 1));
  const all = tokens.map((_, i) => i);
  for (const isFused of [1, 0]) {
    const session = await GpuCanvasSession.open(host.engine, {
      ...{ model, guider: null, seed: 4, length: 12, profiler: null },
      tuning: withChoices({ "stats.fused": isFused }),
    });
    const pass = { tokens, query: all, scored: all.slice(7), temperature: 1, step: 0, promptLength: 7 };
    await expect(session.denoise({ ...pass, banned: [1], top: 2 })).rejects.toThrow(
      /at least one token at position 7, found none that is a finite number/,
    );
    session.dispose();
  }
});

it("a software adapter takes the ways one after another, which is faster there, unless the logits are many", () => {
  expect(host.gpu.isSoftware).toBe(true);
  const words = (rows: number, vocabSize: number, choices: Readonly<Record<string, number>> = {}): number => {
    let most = 0;
    const made: GPUBuffer[] = [];
    const allocate = (name: string, count: number): GPUBuffer => {
      if (name === "logits") most = count;
      const buffer = host.memory.create({ label: "test.small", bytes: 16, use: "scratch" });
      made.push(buffer);
      return buffer;
    };
    new CanvasHead(host.engine, withChoices(choices), { rows, vocabSize, allocate });
    made.forEach((b) => host.memory.free(b));
    return most;
  };
  expect(words(128, 2048)).toBe(128 * 2048);
  expect(words(128, 151_936)).toBe(0);
  expect(words(128, 2048, { "stats.fused": 1 })).toBe(0);
  // What was chosen for drawing from causal models is no choice for a canvas.
  for (const way of Object.values(Fused)) expect(words(128, 2048, { "head.fused": way })).toBe(128 * 2048);
  for (const choices of [{}, { "stats.fused": 0 }, { "head.fused": 0 }, { "head.fused": 2 }])
    for (const rows of [1, 64, 512])
      for (const V of [259, 32_000, 151_936])
        expect(4 * words(rows, V, choices), JSON.stringify(choices)).toBeLessThanOrEqual(MOST_LOGITS);
});

it("a guider writes its logits a few rows at a time, and judges the same", async () => {
  expect(judgedTogether(80, 2048)).toBe(80);
  expect(judgedTogether(1024, 32_000)).toBe(256);
  expect(judgedTogether(1024, 151_936)).toBe(64);
  const [own, target] = await Promise.all([host.model("story-diffusion"), host.model("story-target")]);
  const text = Array.from({ length: 80 }, (_, i) => (i * 131 + 7) % 2048);
  const judged = [];
  // Ranges of tokens begin where bindings can, whatever was chosen.
  expect([1, 50, 64, 65, 80, 1e6].map((chosen) => judgedTogether(100, 2048, chosen))).toEqual([
    64, 64, 64, 100, 100, 100,
  ]);
  for (const choices of [{}, { "judge.rows": 50 }]) {
    const session = await GpuCanvasSession.open(host.engine, {
      ...{ model: own.gpu, guider: target.gpu, seed: 1, length: 80, profiler: null },
      tuning: withChoices(choices),
    });
    judged.push(await session.judge(text, 1));
    session.dispose();
  }
  const [whole, inParts] = judged;
  expect(inParts!.cost.dispatches).toBe(whole!.cost.dispatches + 2);
  expect(inParts!.rank).toEqual(whole!.rank);
  whole!.logprob.forEach((v, i) => expect(inParts!.logprob[i]).toBeCloseTo(v, 4));
  whole!.bestLogprob.forEach((v, i) => expect(inParts!.bestLogprob[i]).toBeCloseTo(v, 4));
  expect(new Set(whole!.rank).size).toBeGreaterThan(40);
});
