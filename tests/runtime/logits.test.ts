/** Logits of whole models on the GPU against the float64 forward, for every bundled model and for odd shapes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KnownConfig } from "../../src/models/architectures";
import { loadModel } from "../../src/models/load";
import type { CheckpointTensors } from "../../src/models/model";
import type { ModelSource } from "../../src/models/source";
import { catalog, findModel } from "../../src/models/catalog";
import { promptLogits } from "../../src/runtime/logits";
import { VOCABULARY } from "../../src/tasks/vocabulary";
import type { EngineHost } from "../../src/worker/host";
import { llamaConfig } from "../helpers/llama_config";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { type TinyRecurrentOptions, tinyRecurrent } from "../helpers/tiny_recurrent";
import { LlamaReference } from "../reference/llama";
import { forwardMor } from "../reference/mor";
import { forwardText } from "../reference/recurrent";
import { bundled, openHost } from "./helpers";

/** Largest difference between two rows, relative to the largest logit of the row. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return difference / size;
}

/** Logits of every row; models of recurrent depth run as often as in training. */
function referenceLogits(
  config: KnownConfig,
  tensors: CheckpointTensors,
  tokens: readonly number[],
): Float64Array[] {
  if (config.architecture === "recurrent-depth")
    return forwardText(config, tensors, tokens, config.recurrence.trainedRecurrence);
  if (config.architecture === "mixture-of-recursions") {
    const depth = config.recurrence.trainedRecurrence;
    return [...forwardMor(config, tensors, tokens, { kind: "depth", depth }).logits];
  }
  const rows = tokens.map((token, position) => ({
    token,
    position,
    ...(config.masked && { sees: () => true }),
  }));
  return [...new LlamaReference(llamaConfig(config), tensors).forward(rows).logits];
}

async function worstError(host: EngineHost, source: ModelSource, tokens: readonly number[]): Promise<number> {
  const hosted = await host.load(source.id, source);
  const { config, tensors } = await loadModel(source);
  const expected = referenceLogits(config, tensors, tokens);
  const found = await promptLogits(host.engine, host.tuning, hosted.gpu, tokens);
  const V = config.vocabSize;
  return Math.max(...expected.map((row, t) => relativeError(found.subarray(t * V, (t + 1) * V), row)));
}

const tokens = (count: number, vocabSize: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 7919 + 13) % vocabSize);

/** Ids below this have a meaning in the model. */
const vocabularyOf = (id: string): number => (findModel(id)!.tasks.length > 0 ? VOCABULARY.length : 2048);

describe("f32 storage agrees with float64 to 1e-4 relative", () => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost();
  });
  afterAll(() => host.destroy());

  it.each(catalog.map((m) => m.id))("%s", async (id) => {
    // 40 rows: two tiles of the few-row kernels and a remainder, or the many-row kernels.
    expect(await worstError(host, bundled(id), tokens(40, vocabularyOf(id)))).toBeLessThan(1e-4);
  });

  it.each([
    ["one row", {}, 1],
    ["wide heads", { dim: 64, nHeads: 2, nKvHeads: 1, headDim: 64, hiddenDim: 96 }, 17],
    [
      "query width unlike the model width",
      { dim: 32, nHeads: 4, nKvHeads: 4, headDim: 16, hiddenDim: 40 },
      9,
    ],
    ["untied head", { tieEmbeddings: false }, 5],
    ["both sides, few rows", { config: { attention: "bidirectional", mask_token_id: 1 } }, 7],
    ["both sides, many rows", { config: { attention: "bidirectional", mask_token_id: 1 } }, 60],
  ] as const)("%s", async (name, shape, count) => {
    const source = memorySource(tinyModel(shape), { id: `tiny ${name}` });
    expect(await worstError(host, source, tokens(count, 200))).toBeLessThan(1e-4);
  });

  it.each<[string, TinyRecurrentOptions, number]>([
    ["recurrent depth, one row", {}, 1],
    [
      "recurrent depth, several layers a part and scales of its own",
      { nPrelude: 2, nCore: 3, nCoda: 2, config: { init_values: { std: 0.63, embed_scale: 1 } } },
      7,
    ],
  ])("%s", async (name, shape, count) => {
    const source = memorySource(tinyRecurrent(shape), { id: `tiny ${name}` });
    expect(await worstError(host, source, tokens(count, 200))).toBeLessThan(1e-4);
  });
});

describe("smaller storage stays near", () => {
  // f16 rounds each weight by up to 2^-11; errors of 128 to 352 terms add like a random walk through 5 layers.
  it.each([
    ...catalog.map(({ id }) => ["f16", id, 2e-2] as const),
    ["int8", "story-target", 1e-1] as const,
    ["int4", "story-target", 2] as const,
  ])("%s of %s", async (storage, id, bound) => {
    const host = await openHost({ storage });
    const error = await worstError(host, bundled(id), tokens(24, vocabularyOf(id)));
    expect(error).toBeLessThan(bound);
    expect(error).toBeGreaterThan(0);
    host.destroy();
  });
});
