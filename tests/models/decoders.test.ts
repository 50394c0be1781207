/**
 * Every decoder on random checkpoints in the hub's layout: logits against a float64 forward that reads config.json and
 * tensors by itself, and the same text however the prompt is fed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DispatchList } from "../../src/engine/dispatch_list";
import { promptLogits } from "../../src/runtime/logits";
import type { EngineHost } from "../../src/worker/host";
import { checkpointOf, FAMILIES, SIZES } from "../helpers/checkpoints";
import { jsonBytes, memorySource } from "../helpers/tiny_model";
import { decoderLogits } from "../reference/decoder";
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
const load = (family: string, shards = 1) => {
  const checkpoint = checkpointOf(family, shards);
  return { checkpoint, model: host.load(family, memorySource(checkpoint.files, { id: family })) };
};

const families = Object.keys(FAMILIES);
/** Pipelines of many rows take software adapters long to compile; what these have, the others have in other shapes. */
const MANY_ROWS = /Llama 3|Qwen3$|Gemma 3, a window shorter|taught|Fast/;
const isCausal = (family: string): boolean => !/LLaDA|Dream|taught|Fast/.test(family);

describe.each(families)("%s", (family) => {
  it("has the logits of the float64 reference to 1e-4 relative", async () => {
    const { checkpoint, model } = load(family, 3);
    const { gpu } = await model;
    for (const count of MANY_ROWS.test(family) ? [3, 37] : [3]) {
      const found = await promptLogits(host.engine, host.tuning, gpu, tokens(count));
      expect(worstError(found, decoderLogits(checkpoint, tokens(count))), `${count} rows`).toBeLessThan(1e-4);
    }
  });
});

describe.each(families.filter(isCausal))("%s, greedily", (family) => {
  it("writes the same text, the prompt fed at once, in chunks, token by token, and by a session", async () => {
    const { checkpoint, model } = load(family);
    const { gpu } = await model;
    const prompt = tokens(37);
    const expected: number[] = [];
    while (expected.length < 5)
      expected.push(argmax(decoderLogits(checkpoint, [...prompt, ...expected]).at(-1)!));
    for (const chunk of [37, 3, 1])
      expect(await fedGreedily(host, gpu, prompt, chunk, 5), `chunks of ${chunk}`).toEqual(expected);
    const run = { model: family, method: "autoregressive", promptIds: prompt, maxNewTokens: 5 };
    expect((await runToEnd(host, run)).tokens).toEqual(expected);
  });
});

describe("a vocabulary larger than the device binds at once", () => {
  it("is looked up and multiplied in parts, by forward passes and by a session", async () => {
    const own = await openHost();
    own.tuning = { ...own.tuning, choices: { ...own.tuning.choices, "upload.part_bytes": 16_000 } };
    const family = "Llama, every bias, linear scaling, untied";
    const checkpoint = checkpointOf(family);
    const { gpu } = await own.load(family, memorySource(checkpoint.files, { id: family }));
    expect(gpu.weightBytes).toBe(own.memory.report().liveBytes);
    // 100 of 283 rows fit.
    expect(own.memory.leaks().filter((label) => /\.(embed|head)\.\d$/.test(label))).toHaveLength(6);
    // Tokens of every part.
    const ids = Array.from({ length: 37 }, (_, i) => (i * 59 + 280) % SIZES.vocab);
    const found = await promptLogits(own.engine, own.tuning, gpu, ids);
    expect(worstError(found, decoderLogits(checkpoint, ids))).toBeLessThan(1e-4);
    const run = { model: family, method: "autoregressive", promptIds: tokens(37), maxNewTokens: 3 };
    await load(family).model;
    const plain = await runToEnd(host, run);
    expect((await runToEnd(own, run)).tokens).toEqual(plain.tokens);
    own.destroy();
  });
});

describe("a draft tree under windows shorter than its paths", () => {
  it("writes what plain decoding writes", async () => {
    const { config, files } = checkpointOf("Gemma 3, a window shorter than the text");
    files.set("config.json", jsonBytes({ ...config, sliding_window: 2 }));
    const model = "windows of two";
    await host.load(model, memorySource(files, { id: model }));
    const run = { model, promptIds: tokens(9), maxNewTokens: 24 };
    const plain = await runToEnd(host, { ...run, method: "autoregressive" });
    const tree = await runToEnd(host, { ...run, method: "token-recycling", params: { nodes: 24 } });
    expect(tree.tokens).toEqual(plain.tokens);
    // Nodes three deep were accepted: their ancestors reach further back than the window.
    const lengths = tree.events.flatMap((e) => (e.kind === "verify" ? [e.path.length] : []));
    expect(Math.max(...lengths)).toBeGreaterThan(3);
  });
});

describe("a decoding step", () => {
  it.each([
    ["Llama 3, frequencies by bands", 5],
    ["Llama, every bias, linear scaling, untied", 5],
    ["SmolLM3", 5],
    ["Qwen2.5", 5],
    ["Qwen3", 6],
    ["Gemma 3, a window shorter than the text", 8],
  ])("%s takes %i dispatches a layer", async (family, most) => {
    const { gpu } = await load(family).model;
    const { memory } = host.engine;
    const state = gpu.createState("count", 64, 1);
    const buffer = memory.create({ label: "count.rows", bytes: 1024, use: "scratch" });
    const list = new DispatchList(host.engine, "count");
    state.recordLayers({ list, tuning: host.tuning }, { rows: buffer, bits: buffer, count: 1 });
    expect(list.length).toBe(1 + most * gpu.layerCount);
    list.dispose();
    state.dispose();
    memory.free(buffer);
  });
});
