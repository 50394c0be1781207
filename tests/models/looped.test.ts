/**
 * Models whose layers run again and again, on random checkpoints in the hub's layout: logits against float64 forwards that
 * read config.json and tensors by themselves, and the same text however the prompt is fed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recurrentOf } from "../../src/runtime/gpu_recurrent";
import { promptLogits } from "../../src/runtime/logits";
import type { EngineHost } from "../../src/worker/host";
import { huginnCheckpoint } from "../helpers/looped_checkpoints";
import { memorySource } from "../helpers/tiny_model";
import { huginnLogits } from "../reference/huginn";
import { argmax } from "../reference/llama";
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
