/** Keys and values in fewer bytes: near the logits of f32, the same laws, and as small as they should be. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CacheStorage } from "../../src/kernels/cache";
import { promptLogits } from "../../src/runtime/logits";
import type { EngineHost } from "../../src/worker/host";
import { checkpointOf } from "../helpers/checkpoints";
import { ouroCheckpoint } from "../helpers/looped_checkpoints";
import { memorySource, type ModelFiles } from "../helpers/tiny_model";
import { tinyMor } from "../helpers/tiny_mor";
import { tinyRecurrent } from "../helpers/tiny_recurrent";
import { bundled, openHost, runToEnd } from "./helpers";

let host: EngineHost;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.destroy());

const TOKENS = Array.from({ length: 12 }, (_, i) => (i * 7919 + 13) % 60);

/** Root of the mean squared difference, by that of the logits. */
function relativeError(found: Float32Array, exact: Float32Array): number {
  const size = (of: (i: number) => number): number =>
    Math.sqrt(exact.reduce((sum, _, i) => sum + of(i) ** 2, 0));
  return size((i) => found[i]! - exact[i]!) / size((i) => exact[i]!);
}

const MODELS: Readonly<Record<string, () => ModelFiles>> = {
  "norms of heads": () => checkpointOf("Qwen3").files,
  "a window": () => checkpointOf("Gemma 3, a window shorter than the text").files,
  "looped layers": () => ouroCheckpoint().files,
  "a core that recurs": () => tinyRecurrent(),
  "a mixture of recursions": () => tinyMor(),
};

describe.each(Object.entries(MODELS))("%s", (name, files) => {
  it("has nearly the logits of f32, and not the same", async () => {
    const logits = async (cacheStorage: CacheStorage): Promise<Float32Array> => {
      const id = `${name} ${cacheStorage}`;
      const { gpu } = await host.load(id, memorySource(files(), { id }), undefined, undefined, {
        cacheStorage,
      });
      return promptLogits(host.engine, host.tuning, gpu, TOKENS);
    };
    const exact = await logits("f32");
    // Steps of 1/127 of a head's largest number, averaged over keys and heads; f16 keeps eleven bits.
    for (const [storage, most] of [
      ["f16", 2e-3],
      ["int8", 3e-2],
    ] as const) {
      const error = relativeError(await logits(storage), exact);
      expect(error, storage).toBeLessThan(most);
      expect(error, storage).toBeGreaterThan(0);
    }
  });
});

it("a tree is verified to the text that is written token by token, its slots moved with their scales", async () => {
  const own = await openHost({ cacheStorage: "int8" });
  await own.load("story-target", bundled("story-target"));
  await own.load("story-draft", bundled("story-draft"));
  const run = { model: "story-target", prompt: "Once upon a time", maxNewTokens: 24 };
  let cacheBytes = 0;
  const plain = await runToEnd(own, { ...run, method: "autoregressive" }, undefined, () => {
    const held = own.memory.held().filter(({ label }) => /\.target\.cache\d/.test(label));
    // Nothing is left of it when the run has ended.
    cacheBytes = Math.max(
      cacheBytes,
      held.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  });
  const tree = await runToEnd(own, { ...run, draft: "story-draft", method: "rsd-s" });
  expect(tree.tokens).toEqual(plain.tokens);
  const { gpu } = await own.model("story-target");
  // 5 layers, 2 key heads of 32: 32 words of four numbers and 4 scales a slot; room for whole blocks of 64 slots.
  const slots = cacheBytes / (4 * 5 * 36);
  expect(slots % 64).toBe(0);
  expect(slots).toBeGreaterThanOrEqual(gpu.maxContext);
  own.destroy();
});

it("a run says which of its models are not kept in f32", async () => {
  const own = await openHost();
  const keptOf = async (draft: string | null) => {
    const method = draft === null ? "autoregressive" : "rsd-s";
    const run = { model: "story-target", draft, method, prompt: "Once", maxNewTokens: 2 };
    return (await runToEnd(own, run)).events[0];
  };
  await own.load("story-target", bundled("story-target"));
  await own.load("story-draft", bundled("story-draft"), undefined, undefined, {
    storage: "int4",
    cacheStorage: "int8",
  });
  expect(await keptOf("story-draft")).toMatchObject({
    kind: "run_start",
    kept: [{ model: "story-draft", storage: "int4", cacheStorage: "int8" }],
  });
  expect(await keptOf(null)).not.toHaveProperty("kept");
  own.destroy();
});

it("f16 on a device without it is refused with what to choose", async () => {
  const own = await openHost({ without: ["f16"], cacheStorage: "f16" });
  await expect(own.load("story-draft", bundled("story-draft"))).rejects.toThrow(/Choose f32 or int8/);
  own.destroy();
});
