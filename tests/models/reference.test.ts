/**
 * The float64 reference against numbers dumped from PyTorch for the bundled models (training/fixtures.py): every
 * layer, the logits, and one exact greedy text or canvas. What holds here makes the reference fit to judge the GPU.
 */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/models/catalog";
import { loadModel, type LoadedModel } from "../../src/models/load";
import { directorySource } from "../../src/models/source_node";
import { llamaConfig } from "../helpers/llama_config";
import { readFixture, type ModelFixture } from "../helpers/model_fixture";
import { greedyText, LlamaReference, softmax, argmax, type ReferenceOutput } from "../reference/llama";

/**
 * Fixtures are float64 results stored as f32: rounding is 2^-24 of each number, and sums may run in another order,
 * which float64 hides. Twice the rounding is the limit; near zero, the scale is that of the tensor.
 */
const RELATIVE = 2 ** -23;

/** One pass over a whole text or canvas, every row seeing what the model's kind lets it see. */
function forwardWhole(model: LoadedModel, tokens: readonly number[], promptLength: number): ReferenceOutput {
  const reference = new LlamaReference(llamaConfig(model.config), model.tensors);
  const { masked } = model.config;
  if (!masked) return reference.forwardText(tokens);
  const isIsolated = masked.attention === "prompt_isolated";
  return reference.forward(
    tokens.map((token, position) => ({
      token,
      position,
      sees: (other: number) => !(isIsolated && position < promptLength) || other < promptLength,
    })),
  );
}

describe.each(catalog.filter((entry) => !entry.recurrence).map(({ id }) => id))("%s", (id) => {
  const directory = new URL(`../../public/models/${id}/`, import.meta.url);
  let model: LoadedModel;
  let fixture: ModelFixture;
  let output: ReferenceOutput;
  beforeAll(async () => {
    fixture = await readFixture(id);
    model = await loadModel(directorySource(directory.pathname, id));
    output = forwardWhole(model, fixture.tokens, fixture.promptLength);
  });

  /** Largest difference, in units of what may differ. */
  function distance(name: string, rows: readonly Float64Array[]): number {
    const { shape, values } = fixture.tensor(name);
    expect(shape).toEqual([rows.length, rows[0]?.length]);
    const ours = rows.flatMap((row) => [...row]);
    const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    return Math.max(...ours.map((x, i) => Math.abs(x - (values[i] as number)))) / (RELATIVE * largest);
  }

  it("is the model that the fixture was made from", async () => {
    const bytes = await readFile(new URL("model.safetensors", directory));
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
    expect(hash, "run training/fixtures.py after changing the weights").toBe(fixture.weightsSha256);
  });

  it("has the same embedding, layers, final norm and logits", () => {
    expect(fixture.names).toHaveLength(llamaConfig(model.config).nLayers + 3);
    expect(distance("embedding", output.layers[0] ?? [])).toBeLessThan(1);
    for (let l = 0; l < llamaConfig(model.config).nLayers; l++)
      expect(distance(`layer${l}`, output.layers[l + 1] ?? []), `layer ${l}`).toBeLessThan(1);
    expect(distance("final_norm", output.normed)).toBeLessThan(1);
    const logits = fixture.logitPositions.map((t) => output.logits[t] as Float64Array);
    expect(distance("logits", logits)).toBeLessThan(1);
  });

  it("makes the same tokens of the prompt and writes exactly the same text", () => {
    const { greedy, canvas } = fixture;
    const start = greedy ?? canvas;
    expect(model.tokenizer.encodePrompt(start?.prompt ?? "")).toEqual(start?.promptTokens);
    if (greedy) {
      const reference = new LlamaReference(llamaConfig(model.config), model.tensors);
      const written = greedyText(reference, greedy.promptTokens, greedy.tokens.length);
      expect(written).toEqual(greedy.tokens);
      expect(model.tokenizer.decode(written)).toBe(greedy.text);
    }
    if (canvas) expect(denoised(model, canvas)).toEqual({ tokens: canvas.tokens, order: canvas.order });
    expect((greedy === undefined) === (canvas !== undefined)).toBe(true);
  });
});

type Canvas = NonNullable<ModelFixture["canvas"]>;

/** Fills a canvas, the position with the most probable token first. */
function denoised(model: LoadedModel, { promptTokens, order, banned }: Canvas) {
  const mask = model.config.masked?.maskToken as number;
  const tokens = Array.from(order, () => mask);
  const places: number[] = [];
  while (places.length < order.length) {
    const { logits } = forwardWhole(model, [...promptTokens, ...tokens], promptTokens.length);
    let best = { place: -1, token: -1, probability: -1 };
    tokens.forEach((token, place) => {
      if (token !== mask) return;
      const row = Float64Array.from(logits[promptTokens.length + place] as Float64Array);
      for (const id of banned) row[id] = -1e30;
      const likely = argmax(row);
      const probability = softmax(row)[likely] as number;
      if (probability > best.probability) best = { place, token: likely, probability };
    });
    tokens[best.place] = best.token;
    places.push(best.place);
  }
  return { tokens, order: places };
}
