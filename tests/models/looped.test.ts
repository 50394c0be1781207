/**
 * Models whose layers run again and again, on random checkpoints in the hub's layout: logits against float64 forwards that
 * read config.json and tensors by themselves, and the same text however the prompt is fed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isDepthModel } from "../../src/runtime/depth_model";
import { recurrentOf } from "../../src/runtime/gpu_recurrent";
import { promptLogits } from "../../src/runtime/logits";
import { checkTrace } from "../../src/trace/grammar";
import type { EngineHost } from "../../src/worker/host";
import { huginnCheckpoint, ouroCheckpoint } from "../helpers/looped_checkpoints";
import { memorySource } from "../helpers/tiny_model";
import { huginnLogits } from "../reference/huginn";
import { argmax } from "../reference/llama";
import { type OuroPosition, ouroPositions } from "../reference/ouro";
import { openHost, runToEnd } from "../runtime/helpers";
import { fedGreedily } from "./fed_greedily";
import { worstError } from "./worst_error";

let host: EngineHost;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.destroy());

const tokens = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7919 + 13) % 250);

describe("Huginn", () => {
  const checkpoint = huginnCheckpoint(3);
  const load = () => host.load("huginn", memorySource(checkpoint.files, { id: "huginn" }));

  it("has the logits of the float64 reference to 1e-4 relative, at few and at all recurrences", async () => {
    const { gpu } = await load();
    const found = await promptLogits(host.engine, host.tuning, gpu, tokens(3));
    expect(worstError(found, huginnLogits(checkpoint, tokens(3)))).toBeLessThan(1e-4);
    const two = recurrentOf(gpu)!.atDepth(2);
    const early = await promptLogits(host.engine, host.tuning, two, tokens(3));
    expect(worstError(early, huginnLogits(checkpoint, tokens(3), 2))).toBeLessThan(1e-4);
    expect(worstError(early, huginnLogits(checkpoint, tokens(3)))).toBeGreaterThan(1e-2);
  });

  it("writes the same text, the prompt fed at once, in chunks, token by token, and by a session", async () => {
    const few = huginnCheckpoint(1, { mean_recurrence: 3 });
    const { gpu } = await host.load("huginn of 3", memorySource(few.files, { id: "huginn of 3" }));
    const prompt = tokens(4);
    const expected: number[] = [];
    while (expected.length < 4) expected.push(argmax(huginnLogits(few, [...prompt, ...expected]).at(-1)!));
    for (const chunk of [4, 3, 1])
      expect(await fedGreedily(host, gpu, prompt, chunk, 4), `chunks of ${chunk}`).toEqual(expected);
    // Noise is keyed by the run's seed: the reference's is 0.
    const run = { model: "huginn of 3", promptIds: prompt, maxNewTokens: 4, seed: 0 };
    expect((await runToEnd(host, { ...run, method: "autoregressive" })).tokens).toEqual(expected);
  });

  it("is looked up and multiplied in parts where its vocabulary is larger than the device binds at once", async () => {
    const few = huginnCheckpoint(1, { mean_recurrence: 2 });
    const own = await openHost();
    own.tuning = { ...own.tuning, choices: { ...own.tuning.choices, "upload.part_bytes": 24_000 } };
    await own.load("parts", memorySource(few.files, { id: "parts" }));
    // 100 of 283 rows fit.
    expect(own.memory.leaks().filter((label) => /\.embed\.\d$/.test(label))).toHaveLength(3);
    // Tokens of every part.
    const promptIds = [280, 56, 115, 174];
    const expected: number[] = [];
    while (expected.length < 2) expected.push(argmax(huginnLogits(few, [...promptIds, ...expected]).at(-1)!));
    const run = { model: "parts", promptIds, maxNewTokens: 2, seed: 0 };
    const params = { criterion: "none", cache: "per-recurrence" };
    expect((await runToEnd(own, { ...run, method: "recurrent", params })).tokens).toEqual(expected);
    expect((await runToEnd(own, { ...run, method: "autoregressive" })).tokens).toEqual(expected);
    own.destroy();
  });
});

describe("Ouro", () => {
  const last = (positions: readonly OuroPosition[]): Float64Array[] => positions.map((p) => p.logits.at(-1)!);

  it.each([
    ["keys and values of every head", {}],
    ["shared by heads, other loops", { num_key_value_heads: 2, total_ut_steps: 3, rope_theta: 1e4 }],
  ])("%s: the logits of the float64 reference to 1e-4 relative", async (name, config) => {
    const checkpoint = ouroCheckpoint(3, config);
    const { gpu } = await host.load(name, memorySource(checkpoint.files, { id: name }));
    const found = await promptLogits(host.engine, host.tuning, gpu, tokens(3));
    expect(worstError(found, last(ouroPositions(checkpoint, tokens(3))))).toBeLessThan(1e-4);
    const state = isDepthModel(gpu) && gpu.atDepth?.(1);
    if (!state) throw new Error("no depths");
    const early = await promptLogits(host.engine, host.tuning, state, tokens(3));
    expect(worstError(early, last(ouroPositions(checkpoint, tokens(3), 1, 1)))).toBeLessThan(1e-4);
  });

  it("writes the same text however it is fed, by a session, loop by loop, and drafted by itself", async () => {
    const checkpoint = ouroCheckpoint();
    const { gpu } = await host.load("ouro", memorySource(checkpoint.files, { id: "ouro" }));
    const promptIds = tokens(4);
    const expected: number[] = [];
    while (expected.length < 4)
      expected.push(argmax(last(ouroPositions(checkpoint, [...promptIds, ...expected])).at(-1)!));
    for (const chunk of [4, 3, 1])
      expect(await fedGreedily(host, gpu, promptIds, chunk, 4), `chunks of ${chunk}`).toEqual(expected);
    const run = { model: "ouro", promptIds, maxNewTokens: 4 };
    expect((await runToEnd(host, { ...run, method: "autoregressive" })).tokens).toEqual(expected);
    const params = { criterion: "none", cache: "per-recurrence" };
    expect((await runToEnd(host, { ...run, method: "recurrent", params })).tokens).toEqual(expected);
    const drafted = await runToEnd(host, { ...run, method: "self-speculation", params: { draftLength: 2 } });
    expect(drafted.tokens).toEqual(expected);
  });

  it("stops each token where its exit gate says so, and later ones see what it left", async () => {
    const checkpoint = ouroCheckpoint();
    await host.load("ouro", memorySource(checkpoint.files, { id: "ouro" }));
    const promptIds = tokens(6);
    const threshold = 0.75;
    const text = [...promptIds];
    while (text.length < 9) text.push(argmax(last(ouroPositions(checkpoint, text, threshold)).at(-1)!));
    const expected = ouroPositions(checkpoint, text.slice(0, -1), threshold);
    const params = { criterion: "exit-gate", threshold };
    const { tokens: written, events } = await runToEnd(host, {
      ...{ model: "ouro", method: "recurrent", params, promptIds, maxNewTokens: 3 },
    });
    expect(written).toEqual(text.slice(6));
    const depths = events.flatMap((e) => (e.kind === "depth" ? [e] : []));
    expect(depths.map((e) => e.depth)).toEqual(expected.map((p) => p.depth));
    // Not all alike, and not all for one reason.
    expect(new Set(depths.map((e) => e.depth)).size).toBeGreaterThan(1);
    for (const e of depths) if (e.depth < 4) expect(e.reason).toBe("gate");
    for (const e of events) {
      if (e.kind !== "recur") continue;
      e.positions.forEach((p, i) => expect(e.exit![i]).toBeCloseTo(expected[p]!.gates[e.recurrence - 1]!, 4));
    }
    expect(checkTrace(events)).toBeNull();
  });

  it("is refused what its loops cannot do", async () => {
    const checkpoint = ouroCheckpoint();
    await host.load("ouro", memorySource(checkpoint.files, { id: "ouro" }));
    const run = { model: "ouro", method: "depth-wavefront", promptIds: tokens(4), maxNewTokens: 2 };
    expect((await runToEnd(host, run)).end.error?.message).toMatch(/whose core reads the embedding again/);
  });
});
