/** What is measured of a model on a device: times are whatever they are, counts and bytes must be those of the work. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { BENCH_PARTS, measurePart } from "../../src/worker/bench";
import type { DeviceFigures } from "../../src/worker/api";
import type { EngineHost } from "../../src/worker/host";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { bundled, openHost, runToEnd } from "./helpers";

let host: EngineHost;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.destroy());

it("gives every part, leaves nothing behind, and counts what a run counts", async () => {
  const model = await host.load("tiny", memorySource(tinyModel()));
  const before = host.memory.report().liveBytes;
  const found: Partial<DeviceFigures>[] = [];
  for (const part of BENCH_PARTS) found.push(await measurePart(host, model, part));
  expect(host.memory.report().liveBytes).toBe(before);
  const figures = Object.assign({}, ...found) as DeviceFigures;
  const { copy, prefill, decode, variants } = figures;
  expect(found.flatMap((f) => f.passes ?? []).map((p) => p.rows)).toEqual([1, 2, 4, 8, 16, 32]);
  for (const ms of [copy.ms, prefill.ms, decode.ms, ...found.flatMap((f) => f.passes ?? []).map((p) => p.ms)])
    expect(ms).toBeGreaterThan(0);
  expect(copy.bytesPerSecond).toBeCloseTo((2000 * copy.bytes) / copy.ms, -3);
  // All of a context of 64 but the token that is asked about.
  expect(prefill.rows).toBe(63);
  expect(variants).toMatchObject({ storage: "f32", cache: "f32" });

  const { tokens, counts } = await runToEnd(host, {
    ...{ model: "tiny", method: "autoregressive", prompt: "Once upon a time", maxNewTokens: 48, seed: 0 },
  });
  expect(decode.tokens).toBe(tokens.length);
  expect(decode.readbacksPerToken * tokens.length).toBeCloseTo(counts.readbacks, 6);
  expect(decode.dispatchesPerToken * tokens.length).toBeLessThanOrEqual(counts.dispatches);
  // Five a layer, embedding, head, laws and draw.
  expect(decode.dispatchesPerToken).toBeGreaterThanOrEqual(5 * model.gpu.layerCount + 3);
});

it("counts an embedding that is no head as looked up", async () => {
  const bytes: number[] = [];
  for (const tieEmbeddings of [true, false]) {
    const id = `tied ${tieEmbeddings}`;
    const model = await host.load(id, memorySource(tinyModel({ tieEmbeddings }), { id }));
    bytes.push((await measurePart(host, model, "decode")).decode!.bytesPerToken!);
    if (!tieEmbeddings) expect(model.gpu.weightBytes).toBeGreaterThan(bytes[1]!);
  }
  expect(bytes[1]).toBe(bytes[0]);
});

it("refuses a model that fills masks", async () => {
  const model = await host.load("story-diffusion", bundled("story-diffusion"));
  await expect(measurePart(host, model, "copy")).rejects.toThrow(
    /appends to a text, and story-diffusion fills masks/,
  );
});
