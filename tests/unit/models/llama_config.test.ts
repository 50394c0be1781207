import { describe, expect, it } from "vitest";
import { findArchitecture } from "../../../src/models/architectures";
import { llama } from "../../../src/models/architectures/llama";

const base = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 96,
  vocab_size: 300,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
};
const read = (config: Record<string, unknown>, generation?: unknown) =>
  llama.readConfig({ config: { ...base, ...config }, generation, label: "m" });
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

describe("Llama's config.json", () => {
  it("becomes a typed configuration", () => {
    expect(read({})).toEqual({
      architecture: "llama",
      kind: "causal",
      vocabSize: 300,
      maxContext: 128,
      bosToken: 1,
      endTokens: [2],
      maskToken: null,
      masked: null,
      dim: 64,
      nLayers: 2,
      nHeads: 4,
      nKvHeads: 2,
      headDim: 16,
      hiddenDim: 96,
      ropes: [{ theta: 10000, scaling: null }],
      layers: [
        { rope: 0, window: null },
        { rope: 0, window: null },
      ],
      attentionScale: 0.25,
      embedScale: 1,
      activation: "silu",
      rmsNormEps: 1e-5,
      gainOffset: 0,
      biases: { qkv: false, out: false, mlp: false },
      hasHeadNorms: false,
      hasPostNorms: false,
      tieEmbeddings: true,
    });
  });

  it("may leave out what has a default", () => {
    const defaults = ["num_key_value_heads", "rope_theta", "tie_word_embeddings", "bos_token_id"];
    const config = read(Object.fromEntries(defaults.map((key) => [key, undefined])));
    const ropes = [{ theta: 10000, scaling: null }];
    expect(config).toMatchObject({ nKvHeads: 4, ropes, tieEmbeddings: false, bosToken: null });
  });

  it("may have heads that are together wider than the model", () => {
    expect(read({ head_dim: 32 })).toMatchObject({ dim: 64, nHeads: 4, headDim: 32 });
  });

  it("reads rope_theta where newer exports put it", () => {
    const config = read({
      rope_theta: undefined,
      rope_parameters: { rope_theta: 5e5, rope_type: "default" },
    });
    expect(config.ropes).toEqual([{ theta: 5e5, scaling: null }]);
  });

  it("collects the ids that end a text from both files", () => {
    expect(read({ eos_token_id: 2 }, { eos_token_id: [7, 2, 9] }).endTokens).toEqual([7, 2, 9]);
    expect(read({ eos_token_id: null }).endTokens).toEqual([]);
    expect(read({ bos_token_id: undefined }, { bos_token_id: 5 }).bosToken).toBe(5);
  });

  it("marks models that see both sides", () => {
    const usual = { maskToken: 3, attention: "bidirectional", blockSize: null, logitShift: 0 };
    for (const field of [{ is_causal: false }, { attention: "bidirectional" }])
      expect(read({ ...field, mask_token_id: 3 })).toMatchObject({
        kind: "masked",
        maskToken: 3,
        masked: usual,
      });
    expect(read({ attention: "prompt_isolated", mask_token_id: 3 }).masked).toEqual({
      ...usual,
      attention: "prompt_isolated",
    });
    expect(read({ attention: "bidirectional", logit_shift: 1, mask_token_id: 3 }).masked?.logitShift).toBe(1);
    expect(read({ attention: "causal", mask_token_id: 3 })).toMatchObject({ kind: "causal", masked: null });
  });

  it.each([
    [{ hidden_act: "gelu" }, /m\/config\.json: expected one of the activations "silu" .*found "gelu"/],
    [{ rope_scaling: { type: "longrope", factor: 2 } }, /"yarn", found rope_scaling of type "longrope"/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor 0\.5/],
    [{ rope_parameters: { rope_type: "proportional", rope_theta: 1e4 } }, /rope_parameters of type "prop/],
    [{ quantization_config: { quant_method: "gptq" } }, /quantized/],
  ])("calls %j unsupported", (change, message) => {
    expect(() => read(change)).toThrow(error("unsupported", message));
  });

  it.each([
    [{ is_causal: false }, /expected mask_token_id of a model that sees both sides, found none/],
    [{ is_causal: true, attention: "bidirectional", mask_token_id: 3 }, /expected is_causal to be false/],
    [{ attention: "sideways" }, /attention: expected/],
    [{ logit_shift: 2 }, /logit_shift: expected/],
    [{ hidden_size: undefined }, /m\/config\.json .*hidden_size: expected .*found undefined/],
    [{ hidden_size: "64" }, /hidden_size: expected number, found "64"/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers: expected <=1024, found 1000000000/],
    [{ num_hidden_layers: 1.5 }, /num_hidden_layers: .*found 1\.5/],
    [{ vocab_size: 0 }, /vocab_size: expected >=1, found 0/],
    [{ rope_theta: -1 }, /rope_theta: expected >0, found -1/],
    [
      { num_attention_heads: 3, num_key_value_heads: 3 },
      /head_dim that is a multiple of four up to 256, found 21\.3/,
    ],
    [{ head_dim: 6 }, /head_dim that is a multiple of four up to 256, found 6/],
    [{ head_dim: 260 }, /head_dim that is a multiple of four up to 256, found 260/],
    [{ hidden_size: 66, head_dim: 16 }, /hidden_size that is a multiple of four, found 66/],
    [{ intermediate_size: 97 }, /intermediate_size that is a multiple of four, found 97/],
    [{ rope_scaling: { rope_type: "llama3", factor: 8 } }, /expected low_freq_factor in rope_scaling/],
    [{ rope_scaling: { type: "linear" } }, /expected factor in rope_scaling of type "linear", found none/],
    [{ num_key_value_heads: 3 }, /multiple of num_key_value_heads, found 4 and 3/],
    [{ eos_token_id: 300 }, /special token ids below vocab_size 300, found 300/],
    [{ bos_token_id: -1 }, /bos_token_id/],
  ])("rejects %j", (change, message) => {
    expect(() => read(change)).toThrow(error("load", message));
  });

  it("names every wrong field in the detail", () => {
    try {
      read({ hidden_size: 0, intermediate_size: null, vocab_size: "x" });
      expect.unreachable();
    } catch (thrown) {
      expect((thrown as { detail: string }).detail).toMatch(/hidden_size.*\n.*intermediate_size/);
    }
  });
});

describe("findArchitecture", () => {
  const find = (config: unknown) => findArchitecture({ config, generation: undefined, label: "m" });
  it.each([
    [{ model_type: "llama" }, "llama"],
    [{ architectures: ["LLaDAModelLM"] }, "llada"],
    [{ model_type: "a2d-qwen3", architectures: ["A2DQwen3LMHeadModel"] }, "a2d"],
    // The type decides: classes are kept by whoever trains something else from a checkpoint.
    [{ model_type: "qwen3", architectures: ["LlamaForCausalLM"] }, "qwen3"],
  ])("finds what %j asks for", async (config, id) => {
    expect((await find(config)).id).toBe(id);
  });

  it("names what it does not know and what it does", async () => {
    await expect(find({ model_type: "phi3", architectures: ["Phi3ForCausalLM"] })).rejects.toThrow(
      error("unsupported", /model_type "phi3", Phi3ForCausalLM\. Expected one of: llama, .*huginn_raven/),
    );
    await expect(find({})).rejects.toThrow(error("unsupported", /"not given"/));
  });

  it.each([null, 3, "llama", { model_type: 7 }])("rejects %j", async (config) => {
    await expect(find(config)).rejects.toThrow(error("load", /m\/config\.json/));
  });
});

describe("Llama's weight table", () => {
  it("lists every weight with its shape", () => {
    const { weights, mayIgnore } = llama.weightTable(read({ head_dim: 32 }));
    expect(weights).toHaveLength(2 + 2 * 9);
    const shapes = Object.fromEntries(weights.map(({ source, shape }) => [source, shape]));
    expect(shapes).toMatchObject({
      "model.embed_tokens.weight": [300, 64],
      "model.layers.1.self_attn.q_proj.weight": [128, 64],
      "model.layers.1.self_attn.k_proj.weight": [64, 64],
      "model.layers.1.self_attn.o_proj.weight": [64, 128],
      "model.layers.0.mlp.down_proj.weight": [64, 96],
      "model.norm.weight": [64],
    });
    expect(mayIgnore("lm_head.weight")).toBe(true);
    expect(mayIgnore("model.layers.0.self_attn.rotary_emb.inv_freq")).toBe(true);
    expect(mayIgnore("model.layers.0.self_attn.q_proj.bias")).toBe(false);
  });

  it("has a head of its own unless tied", () => {
    const { weights, mayIgnore } = llama.weightTable(read({ tie_word_embeddings: false }));
    expect(weights.at(-1)).toEqual({ name: "head", source: "lm_head.weight", shape: [300, 64] });
    expect(mayIgnore("lm_head.weight")).toBe(false);
  });
});
