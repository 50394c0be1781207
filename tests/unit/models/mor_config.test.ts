import { describe, expect, it } from "vitest";
import { findArchitecture } from "../../../src/models/architectures";
import { mixtureOfRecursions } from "../../../src/models/architectures/mixture_of_recursions";
import { loadModel } from "../../../src/models/load";
import { memorySource } from "../../helpers/tiny_model";
import { morConfig, tinyMor, type TinyMorOptions } from "../../helpers/tiny_mor";

const read = (options: TinyMorOptions = {}) =>
  mixtureOfRecursions.readConfig({ config: morConfig(options), generation: undefined, label: "m" });
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

describe("config.json of a mixture of recursions", () => {
  it("becomes a typed configuration", async () => {
    expect(read({ temperature: 2 })).toMatchObject({
      architecture: "mixture-of-recursions",
      nLayers: 4,
      nKvHeads: 2,
      alpha: 0.7,
      temperature: 2,
      recurrence: {
        nPrelude: 1,
        nCore: 2,
        nCoda: 1,
        trainedRecurrence: 3,
        router: { choice: "expert", threshold: 0.5, capacities: [3, 2, 1], cache: "per-recurrence" },
      },
    });
    const { router } = read({ isChoosing: true }).recurrence;
    expect(router).toEqual({ choice: "token", cache: "per-recurrence" });
    const found = await findArchitecture({ config: morConfig(), generation: undefined, label: "m" });
    expect(found.id).toBe("mixture-of-recursions");
  });

  it.each<[TinyMorOptions, RegExp]>([
    [{ mor: { shared_layers: 3 } }, /mor\.shared_layers to be num_hidden_layers - 2 \(2\), found 3/],
    [{ mor: { capacities: [3, 1] } }, /mor\.capacities to be 3 shares .* found \[3, 1\]/],
    [{ mor: { capacities: [3, 1, 2] } }, /never grow, found \[3, 1, 2\]/],
    [{ mor: { capacities: [2, 1, 1] } }, /begin with 3/],
    [{ mor: { threshold: 1.5 } }, /mor\.threshold: expected <=1, found 1\.5/],
    [{ mor: { capacities: undefined } }, /mor\.capacities: expected/],
    [{ mor: { threshold: undefined } }, /mor\.threshold: expected/],
    [{ mor: { alpha: 0 } }, /mor\.alpha: expected >0, found 0/],
    [{ config: { num_hidden_layers: 2 } }, /num_hidden_layers: expected >=3, found 2/],
    [{ config: { is_causal: false, attention: "bidirectional" } }, /sees earlier positions only/],
  ])("is refused as damaged with %o", (options, message) => {
    expect(() => read(options)).toThrow(error("load", message));
  });

  it("is refused without its own part", () => {
    const config = { ...morConfig(), mor: undefined };
    const files = { config, generation: undefined, label: "m" };
    expect(() => mixtureOfRecursions.readConfig(files)).toThrow(error("load", /mor: expected/));
  });

  it.each<[TinyMorOptions, RegExp]>([
    [{ mor: { routing: "sigma" } }, /mor\.routing to be "expert_choice" or "token_choice", found "sigma"/],
    [{ mor: { sharing: "cycle" } }, /mor\.sharing to be "middle_cycle", found "cycle"/],
    [{ mor: { gating: "additive" } }, /mor\.gating to be "weighted"/],
    [{ mor: { router: "mlp" } }, /mor\.router to be "linear"/],
    [{ config: { attention_bias: true } }, /layers without bias/],
  ])("is refused as not to be run with %o", (options, message) => {
    expect(() => read(options)).toThrow(error("unsupported", message));
  });
});

describe("weights of a mixture of recursions", () => {
  it("are a Llama's, and a router's", async () => {
    const { tensors, config } = await loadModel(memorySource(tinyMor()));
    expect(config.architecture).toBe("mixture-of-recursions");
    expect(tensors.get("router").shape).toEqual([3, 16]);
    expect(tensors.get("layers.3.wq").source).toBe("model.layers.3.self_attn.q_proj.weight");
  });

  it("have a balance beside the router where tokens choose", async () => {
    const { tensors } = await loadModel(memorySource(tinyMor({ isChoosing: true })));
    expect(tensors.get("balance").shape).toEqual([3]);
    const missing = tinyMor({ isChoosing: true, without: ["model.router.balance"] });
    await expect(loadModel(memorySource(missing))).rejects.toThrow(/model\.router\.balance/);
  });

  it("must be there, in the shapes that config.json asks for", async () => {
    const missing = tinyMor({ without: ["model.router.weight"] });
    await expect(loadModel(memorySource(missing))).rejects.toThrow(/model\.router\.weight/);
    const deeper = tinyMor({ mor: { recursions: 4, capacities: [4, 3, 2, 1] } });
    await expect(loadModel(memorySource(deeper))).rejects.toThrow(/model\.router\.weight/);
  });
});
