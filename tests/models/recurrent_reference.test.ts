/**
 * Bundled models of recurrent depth: the float64 reference and the GPU against numbers dumped from PyTorch
 * (training/fixtures.py): embeddings, latents after every recurrence, their changes and readouts, and one greedy text.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecurrentDepthConfig } from "../../src/models/architectures/recurrent_depth";
import { catalog } from "../../src/models/catalog";
import { loadModel, type LoadedModel } from "../../src/models/load";
import { promptLogits } from "../../src/runtime/logits";
import { recurrentOf } from "../../src/runtime/gpu_recurrent";
import type { EngineHost } from "../../src/worker/host";
import { readFixture, type ModelFixture } from "../helpers/model_fixture";
import { latentNoise } from "../reference/latent";
import { argmax } from "../reference/llama";
import { RecurrentReference, relativeChange, type Vector } from "../reference/recurrent";
import { bundled, openHost } from "../runtime/helpers";

/** Fixtures are float64 results stored as f32; reference.test.ts says the same of other models. */
const RELATIVE = 2 ** -23;
const bundledIds = catalog.filter((entry) => entry.recurrence && !entry.hasRouter).map(({ id }) => id);

it("has models to look at once they are bundled", () => {
  expect(bundledIds.length).toBeGreaterThan(0);
});

describe.each(bundledIds)("%s", (id) => {
  let model: LoadedModel;
  let fixture: ModelFixture;
  let config: RecurrentDepthConfig;
  let host: EngineHost;
  const states: Vector[][] = [];
  const logits: Vector[][] = [];
  let embeds: Vector[];
  beforeAll(async () => {
    fixture = await readFixture(id);
    model = await loadModel(bundled(id));
    if (model.config.architecture !== "recurrent-depth") throw new Error("no recurrent depth");
    config = model.config;
    const reference = new RecurrentReference(config, model.tensors);
    const positions = fixture.tokens.map((_, p) => p);
    embeds = reference.embed(fixture.tokens, positions);
    states.push(positions.map((p) => latentNoise(0, p, config.dim, config.latentStd)));
    for (let r = 1; r <= fixture.recurrences!; r++) {
      states.push(reference.iterate(states[r - 1]!, embeds, positions, r));
      logits.push(reference.readout(states[r]!, positions));
    }
    host = await openHost();
  });
  afterAll(() => host.destroy());

  /** Largest difference, in units of what may differ. */
  function distance(name: string, rows: readonly ArrayLike<number>[], unit = RELATIVE): number {
    const { shape, values } = fixture.tensor(name);
    expect(shape).toEqual([rows.length, rows[0]?.length]);
    const ours = rows.flatMap((row) => Array.from(row));
    const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    return Math.max(...ours.map((x, i) => Math.abs(x - values[i]!))) / (unit * largest);
  }

  it("has the same embeddings, latents and readouts in float64", () => {
    const lookUps = new RecurrentReference(config, model.tensors);
    expect(
      distance(
        "embedding",
        fixture.tokens.map((t) => lookUps.lookUp(t)),
      ),
    ).toBeLessThan(1);
    expect(distance("embed", embeds)).toBeLessThan(1);
    expect(distance("latent", states[0]!)).toBeLessThan(1);
    for (let r = 1; r <= fixture.recurrences!; r++) {
      expect(distance(`state${r}`, states[r]!), `state ${r}`).toBeLessThan(1);
      const rows = fixture.logitPositions.map((p) => logits[r - 1]![p]!);
      expect(distance(`logits${r}`, rows), `logits ${r}`).toBeLessThan(1);
    }
    const changes = states.slice(1).map((after, r) => after.map((s, p) => relativeChange(s, states[r]![p]!)));
    expect(distance("relChange", changes)).toBeLessThan(1);
  });

  it("has the same readouts on the GPU to 1e-4 relative", async () => {
    const { gpu } = await host.load(id, bundled(id));
    for (const depth of [1, fixture.recurrences!]) {
      const found = await promptLogits(
        host.engine,
        host.tuning,
        recurrentOf(gpu)!.atDepth(depth),
        fixture.tokens,
      );
      const V = config.vocabSize;
      const rows = fixture.logitPositions.map((p) => found.subarray(p * V, (p + 1) * V));
      expect(distance(`logits${depth}`, rows, 1e-4), `depth ${depth}`).toBeLessThan(1);
    }
  });

  it("makes the same tokens of the prompt and writes the same text, with banks a recurrence", () => {
    const { prompt, promptTokens, tokens, text } = fixture.greedy!;
    expect(model.tokenizer.encodePrompt(prompt)).toEqual(promptTokens);
    const reference = new RecurrentReference(config, model.tensors);
    const written: number[] = [];
    let fed = [...promptTokens];
    let first = 0;
    while (written.length < tokens.length) {
      const positions = fed.map((_, i) => first + i);
      const e = reference.embed(fed, positions);
      let s = positions.map((p) => latentNoise(0, p, config.dim, config.latentStd));
      for (let r = 1; r <= fixture.recurrences!; r++) s = reference.iterate(s, e, positions, r);
      first += fed.length;
      fed = [argmax(reference.readout(s, positions).at(-1)!)];
      written.push(fed[0]!);
    }
    expect(written).toEqual(tokens);
    expect(model.tokenizer.decode(written)).toBe(text);
  });
});
