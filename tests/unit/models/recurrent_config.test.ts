import { describe, expect, it } from "vitest";
import { recurrentDepth } from "../../../src/models/architectures/recurrent_depth";
import { loadModel } from "../../../src/models/load";
import { memorySource } from "../../helpers/tiny_model";
import { tinyRecurrent } from "../../helpers/tiny_recurrent";

/** The public checkpoint's config.json, as far as it is read. */
const huginn = {
  model_type: "huginn_raven",
  architectures: ["RavenForCausalLM"],
  n_embd: 5280,
  n_heads: 55,
  n_layers_in_prelude: 2,
  n_layers_in_recurrent_block: 4,
  n_layers_in_coda: 2,
  mean_recurrence: 32,
  intermediate_size: 17920,
  vocab_size: 65536,
  block_size: 4096,
  norm_eps: 1e-6,
  rope_base: 50000,
  bos_token_id: 65504,
  eos_token_id: 65505,
};
const read = (config: Record<string, unknown>) =>
  recurrentDepth.readConfig({ config: { ...huginn, ...config }, generation: undefined, label: "m" });
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

describe("config.json of a model of recurrent depth", () => {
  it("becomes a typed configuration", () => {
    expect(read({})).toEqual({
      architecture: "recurrent-depth",
      kind: "causal",
      masked: null,
      vocabSize: 65536,
      maxContext: 4096,
      bosToken: 65504,
      endTokens: [65505],
      maskToken: null,
      dim: 5280,
      recurrence: { nPrelude: 2, nCore: 4, nCoda: 2, trainedRecurrence: 32 },
      nHeads: 55,
      headDim: 96,
      hiddenDim: 17920,
      ropeTheta: 50000,
      rmsNormEps: 1e-6,
      embedScale: Math.sqrt(5280),
      // sqrt(2 / 5): entries of a fresh latent, whatever the width.
      latentStd: expect.closeTo(0.6325, 4) as number,
    });
  });

  it("may bring its own scales", () => {
    const config = read({ init_values: { std: 0.5, embed_scale: 2 } });
    expect(config).toMatchObject({ embedScale: 2, latentStd: 1 });
  });

  it("has an embedding of padded_vocab_size rows", () => {
    expect(read({ vocab_size: 65509, padded_vocab_size: 65536 }).vocabSize).toBe(65536);
  });

  it.each([
    [{ n_heads: 7 }, /n_embd \/ n_heads to be a multiple of four, found 754/],
    [{ intermediate_size: 17 }, /intermediate_size to be a multiple of four, found 17/],
    [{ mean_recurrence: 0 }, /mean_recurrence: expected >=1, found 0/],
    [{ n_layers_in_coda: undefined }, /n_layers_in_coda: expected/],
    [{ num_key_value_heads: 11 }, /as many key and value heads as n_heads, 55, found 11/],
    [{ head_dim: 64 }, /head_dim to be n_embd \/ n_heads, 96, found 64/],
    [{ block_size: undefined }, /max_position_embeddings: expected/],
    [{ is_causal: false, attention: "bidirectional", mask_token_id: 3 }, /sees earlier positions only/],
  ])("is refused as damaged with %o", (change, message) => {
    expect(() => read(change)).toThrow(error("load", message));
  });

  it.each([
    [{ injection_type: "add" }, /injection_type to be "linear", found "add"/],
    [{ qk_bias: false }, /qk_bias to be true, found false/],
    [{ tie_embeddings: false }, /tie_embeddings to be true/],
    [{ mlp_class_name: "BaseMLP" }, /mlp_class_name to be "GatedMLP"/],
    [{ state_init: "zero" }, /state_init to be "like-init"/],
    [{ block_class_name: "TransformerPreNormBlock" }, /block_class_name to be "SandwichBlock"/],
    [{ nonlin_name: "GELU" }, /nonlin_name to be "SiLU", found "GELU"/],
    [{ test_time_noise: 0.1 }, /test_time_noise to be 0, found 0.1/],
    [{ rope_scaling: { rope_type: "llama3" } }, /rope_scaling to be null/],
  ])("is refused as not to be run with %o", (change, message) => {
    expect(() => read(change)).toThrow(error("unsupported", message));
  });
});

describe("weights of a model of recurrent depth", () => {
  it("are found under the checkpoint's names", async () => {
    const { tensors, config } = await loadModel(memorySource(tinyRecurrent({ dim: 16, hiddenDim: 24 })));
    expect(tensors.get("adapter").shape).toEqual([16, 32]);
    expect(tensors.get("core.1.wqkv").source).toBe("transformer.core_block.1.attn.Wqkv.weight");
    expect(tensors.get("coda.0.qkBias").shape).toEqual([2, 1, 2, 8]);
    expect(config.architecture).toBe("recurrent-depth");
  });

  it("must be of the shapes that config.json asks for", async () => {
    const files = tinyRecurrent({ config: { n_layers_in_recurrent_block: 3 } });
    await expect(loadModel(memorySource(files))).rejects.toThrow(
      /transformer\.core_block\.2\.norm_1\.weight/,
    );
    const wide = tinyRecurrent({ config: { intermediate_size: 32 } });
    await expect(loadModel(memorySource(wide))).rejects.toThrow(/mlp\.fc\.weight/);
  });
});
