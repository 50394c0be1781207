/**
 * Bundled mixtures of recursions: the float64 reference and the GPU against numbers dumped from PyTorch
 * (training/fixtures.py): states after every recursion, gates, depths and logits for both caches and for top-k, and a greedy text.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MixtureOfRecursionsConfig } from "../../src/models/architectures/mixture_of_recursions";
import { catalog } from "../../src/models/catalog";
import { loadModel, type LoadedModel } from "../../src/models/load";
import { isDepthModel } from "../../src/runtime/depth_model";
import { GpuDepthSession } from "../../src/runtime/recurrent_session";
import { type EngineHost } from "../../src/worker/host";
import { passOf, policyOf, rowsOf } from "../helpers/depth_passes";
import { type ModelFixture, readFixture } from "../helpers/model_fixture";
import { argmax } from "../reference/llama";
import { forwardMor, forwardRows, type MorForward, MorReference, type MorRouting } from "../reference/mor";
import { bundled, GREEDY_SAMPLER, openHost } from "../runtime/helpers";

/** Fixtures are float64 results stored as f32; reference.test.ts says the same of other models. */
const RELATIVE = 2 ** -23;
const ids = catalog.filter((entry) => entry.hasRouter).map(({ id }) => id);

it("has such a model to look at", () => {
  expect(ids.length).toBeGreaterThan(0);
});

describe.each(ids)("%s", (id) => {
  let model: LoadedModel;
  let config: MixtureOfRecursionsConfig;
  let fixture: ModelFixture;
  /** By the threshold of training, or by the tokens' own choice. */
  let own: MorRouting;
  let isChoosing: boolean;
  beforeAll(async () => {
    fixture = await readFixture(id);
    model = await loadModel(bundled(id));
    if (model.config.architecture !== "mixture-of-recursions") throw new Error("no mixture of recursions");
    config = model.config;
    isChoosing = config.recurrence.router.choice === "token";
    own = isChoosing ? { kind: "choice" } : { kind: "threshold", threshold: fixture.threshold! };
  });

  /** Largest difference, in units of what may differ. */
  function distance(name: string, rows: readonly ArrayLike<number>[], unit = RELATIVE): number {
    const { shape, values } = fixture.tensor(name);
    expect(shape).toEqual([rows.length, rows[0]?.length]);
    const ours = rows.flatMap((row) => Array.from(row));
    const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    return Math.max(...ours.map((x, i) => Math.abs(x - values[i]!))) / (unit * largest);
  }
  const read = ({ logits }: MorForward) => fixture.logitPositions.map((p) => logits[p]!);

  it("has the same states, gates, depths and logits in float64, whichever keys it sees", () => {
    for (const [prefix, cache] of [
      ["", "per-recurrence"],
      ["shared", "first-recurrence"],
    ] as const) {
      const named = (name: string): string =>
        prefix ? prefix + name.charAt(0).toUpperCase() + name.slice(1) : name;
      const found = forwardMor(config, model.tensors, fixture.tokens, own, cache);
      expect(found.depths).toEqual(prefix ? fixture.sharedDepths : fixture.depths);
      found.states.forEach((state, r) =>
        expect(distance(named(`state${r + 1}`), state), named(`state${r + 1}`)).toBeLessThan(1),
      );
      expect(distance(named("router"), found.gates)).toBeLessThan(1);
      expect(distance(named("logits"), read(found))).toBeLessThan(1);
      if (prefix) continue;
      const lookUps = new MorReference(config, model.tensors);
      const embedding = fixture.tokens.map((token) => lookUps.lookUp(token));
      expect(distance("embedding", embedding)).toBeLessThan(1);
      expect(distance("first", found.first)).toBeLessThan(1);
      expect(distance("last", found.last)).toBeLessThan(1);
    }
  });

  it("chooses the same rows of a whole text, if recursions choose", () => {
    if (isChoosing) {
      expect(() => forwardMor(config, model.tensors, fixture.tokens, { kind: "topk" })).toThrow(
        /tokens choose/,
      );
      return;
    }
    const found = forwardMor(config, model.tensors, fixture.tokens, { kind: "topk" });
    expect(found.depths).toEqual(fixture.topkDepths);
    expect(distance("topkRouter", found.gates)).toBeLessThan(1);
    expect(distance("topkLogits", read(found))).toBeLessThan(1);
  });

  it("makes the same tokens of the prompt and writes the same text to the same depths, token by token", () => {
    const { prompt, promptTokens, tokens, text, depths } = fixture.greedy!;
    expect(model.tokenizer.encodePrompt(prompt)).toEqual(promptTokens);
    const reference = new MorReference(config, model.tensors);
    const written: number[] = [];
    const ran: number[] = [];
    let fed = [...promptTokens];
    while (written.length < tokens.length) {
      const result = forwardRows(reference, fed, ran.length, own);
      ran.push(...result.depths);
      fed = [argmax(result.logits.at(-1)!)];
      written.push(fed[0]!);
    }
    expect(written).toEqual(tokens);
    expect(model.tokenizer.decode(written)).toBe(text);
    expect(ran).toEqual(depths!.slice(0, ran.length));
  });

  describe.each([
    ["f32", 1e-4],
    ["f16", 2e-2],
  ] as const)("on the GPU with %s weights", (storage, bound) => {
    let host: EngineHost;
    beforeAll(async () => {
      host = await openHost({ storage });
      await host.load(id, bundled(id));
    });
    afterAll(() => host.destroy());

    it.each(["per-recurrence", "first-recurrence"] as const)("depths, gates and laws, %s", async (cache) => {
      const { gpu } = await host.model(id);
      if (!isDepthModel(gpu)) throw new Error("no recurrent depth");
      const { trainedRecurrence: R } = config.recurrence;
      const session = await GpuDepthSession.open(host.engine, {
        ...{ model: gpu, seed: 1, length: fixture.tokens.length, maxRecurrence: R, cache },
        ...{ tuning: host.tuning, profiler: null },
      });
      const policy = policyOf(
        R,
        isChoosing ? { criterion: "choice" } : { criterion: "gate", threshold: fixture.threshold! },
      );
      const rows = rowsOf(fixture.tokens, 0, { origin: "embedding" });
      const sampler = { ...GREEDY_SAMPLER, temperature: 1 };
      const result = await session.run(passOf(rows, policy, { cache, top: 10, sampler }));
      const expected = forwardMor(config, model.tensors, fixture.tokens, own, cache);
      // The text was chosen so that no gate is near the threshold, and no two depths are as good: rounding changes none.
      expect(result.rows.map((row) => row.depth)).toEqual(expected.depths);
      result.rows.forEach((row, t) => {
        expect(row.law).toHaveLength(isChoosing ? R : 0);
        [...row.gates, ...row.law].forEach((gate, r) =>
          expect(Math.abs(gate - expected.gates[r]![t]!)).toBeLessThan(10 * bound),
        );
        const logits = expected.logits[t]!;
        const largest = Math.max(...logits.map(Math.abs));
        const total = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
        for (const [token, logprob] of row.draw!.top)
          expect(Math.abs(logprob - (logits[token]! - total))).toBeLessThan(2 * bound * largest);
      });
      session.dispose();
    });
  });
});
