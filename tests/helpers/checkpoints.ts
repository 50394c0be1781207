/**
 * Random checkpoints of the architectures as the hub has them: the fields and tensor names written out by hand, so that a
 * mistake in the program's tables is seen. Small and odd: three layers, grouped heads, heads of 24 in a model of 40, a
 * vocabulary that is no multiple of four.
 */
import type { Checkpoint } from "../reference/decoder";
import { jsonBytes, type ModelFiles, randomWeights, weightFiles } from "./tiny_model";
import { tinyTokenizer } from "./tiny_tokenizer";

export const SIZES = { dim: 40, layers: 3, heads: 6, kvHeads: 2, headDim: 24, hidden: 52, vocab: 283 };

interface Parts {
  readonly biases?: readonly ("qkv" | "out" | "mlp")[];
  readonly hasHeadNorms?: boolean;
  readonly isGemma?: boolean;
  readonly hasHead?: boolean;
}

/** Tensors of Hugging Face Transformers' names with their shapes. */
function hubTensors({ biases = [], hasHeadNorms, isGemma, hasHead }: Parts): Record<string, number[]> {
  const { dim, layers, heads, kvHeads, headDim, hidden, vocab } = SIZES;
  const shapes: Record<string, number[]> = { "model.embed_tokens.weight": [vocab, dim] };
  const product = (name: string, rows: number, cols: number, hasBias: boolean): void => {
    shapes[`${name}.weight`] = [rows, cols];
    if (hasBias) shapes[`${name}.bias`] = [rows];
  };
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}`;
    for (const name of isGemma
      ? ["input", "post_attention", "pre_feedforward", "post_feedforward"]
      : ["input", "post_attention"])
      shapes[`${at}.${name}_layernorm.weight`] = [dim];
    product(`${at}.self_attn.q_proj`, heads * headDim, dim, biases.includes("qkv"));
    product(`${at}.self_attn.k_proj`, kvHeads * headDim, dim, biases.includes("qkv"));
    product(`${at}.self_attn.v_proj`, kvHeads * headDim, dim, biases.includes("qkv"));
    product(`${at}.self_attn.o_proj`, dim, heads * headDim, biases.includes("out"));
    if (hasHeadNorms)
      for (const name of ["q_norm", "k_norm"]) shapes[`${at}.self_attn.${name}.weight`] = [headDim];
    product(`${at}.mlp.gate_proj`, hidden, dim, biases.includes("mlp"));
    product(`${at}.mlp.up_proj`, hidden, dim, biases.includes("mlp"));
    product(`${at}.mlp.down_proj`, dim, hidden, biases.includes("mlp"));
  }
  shapes["model.norm.weight"] = [dim];
  if (hasHead) shapes["lm_head.weight"] = [vocab, dim];
  return shapes;
}

/** LLaDA has no head width of its own. */
const LLADA = { dim: 48, headDim: 8 };

function lladaTensors(): Record<string, number[]> {
  const { layers, heads, kvHeads, hidden, vocab } = SIZES;
  const { dim, headDim } = LLADA;
  const shapes: Record<string, number[]> = { "model.transformer.wte.weight": [vocab, dim] };
  for (let l = 0; l < layers; l++) {
    const at = `model.transformer.blocks.${l}`;
    Object.assign(shapes, {
      [`${at}.attn_norm.weight`]: [dim],
      [`${at}.ff_norm.weight`]: [dim],
      [`${at}.q_proj.weight`]: [heads * headDim, dim],
      [`${at}.k_proj.weight`]: [kvHeads * headDim, dim],
      [`${at}.v_proj.weight`]: [kvHeads * headDim, dim],
      [`${at}.attn_out.weight`]: [dim, heads * headDim],
      [`${at}.ff_proj.weight`]: [hidden, dim],
      [`${at}.up_proj.weight`]: [hidden, dim],
      [`${at}.ff_out.weight`]: [dim, hidden],
    });
  }
  return {
    ...shapes,
    "model.transformer.ln_f.weight": [dim],
    "model.transformer.ff_out.weight": [vocab, dim],
  };
}

const hub = {
  hidden_size: SIZES.dim,
  num_hidden_layers: SIZES.layers,
  num_attention_heads: SIZES.heads,
  num_key_value_heads: SIZES.kvHeads,
  head_dim: SIZES.headDim,
  intermediate_size: SIZES.hidden,
  vocab_size: SIZES.vocab,
  max_position_embeddings: 96,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  hidden_act: "silu",
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 0,
};
const llama3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  // Within reach of short texts: pairs are turned as they were, in between, and eight times slower.
  original_max_position_embeddings: 32,
};
const gemma = {
  ...hub,
  model_type: "gemma3_text",
  architectures: ["Gemma3ForCausalLM"],
  hidden_act: undefined,
  hidden_activation: "gelu_pytorch_tanh",
  tie_word_embeddings: undefined,
  rope_theta: 1e6,
  rope_local_base_freq: 1e4,
  query_pre_attn_scalar: 17,
  sliding_window: 5,
  layer_types: ["sliding_attention", "full_attention", "sliding_attention"],
  attn_logit_softcapping: null,
  final_logit_softcapping: null,
};
const noTie = { tie_word_embeddings: false };

type Family = readonly [config: Readonly<Record<string, unknown>>, shapes: Record<string, number[]>];

/** By what each of them shows. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  "Llama 3, frequencies by bands": [
    {
      ...hub,
      model_type: "llama",
      architectures: ["LlamaForCausalLM"],
      rope_theta: 5e5,
      rope_scaling: llama3,
    },
    hubTensors({}),
  ],
  "Llama, every bias, linear scaling, untied": [
    {
      ...{ ...hub, ...noTie, model_type: "llama", attention_bias: true, mlp_bias: true },
      rope_theta: undefined,
      rope_parameters: { rope_type: "linear", factor: 4, rope_theta: 1e5 },
    },
    hubTensors({ biases: ["qkv", "out", "mlp"], hasHead: true }),
  ],
  SmolLM3: [
    { ...hub, model_type: "smollm3", tie_word_embeddings: undefined, no_rope_layers: [1, 0, 1] },
    hubTensors({}),
  ],
  "Qwen2.5": [
    { ...hub, model_type: "qwen2", sliding_window: 8, use_sliding_window: false, max_window_layers: 2 },
    hubTensors({ biases: ["qkv"] }),
  ],
  "Qwen2.5 stretched by YaRN": [
    {
      ...{ ...hub, model_type: "qwen2", use_sliding_window: false },
      // Of twelve pairs one is as it was, one in between, the others four times slower.
      rope_scaling: {
        ...{ rope_type: "yarn", factor: 4, original_max_position_embeddings: 32 },
        beta_fast: 2,
      },
    },
    hubTensors({ biases: ["qkv"] }),
  ],
  "Qwen2 with windows": [
    {
      ...hub,
      ...noTie,
      model_type: "qwen2",
      sliding_window: 8,
      use_sliding_window: true,
      max_window_layers: 1,
    },
    hubTensors({ biases: ["qkv"], hasHead: true }),
  ],
  Qwen3: [
    { ...hub, model_type: "qwen3", rope_theta: 1e6, sliding_window: null },
    hubTensors({ hasHeadNorms: true }),
  ],
  "Gemma 3, a window shorter than the text": [gemma, hubTensors({ hasHeadNorms: true, isGemma: true })],
  "Gemma 3, a window longer than the text, layers by pattern, scaled": [
    {
      ...{ ...gemma, layer_types: undefined, sliding_window_pattern: 2, sliding_window: 64 },
      rope_scaling: { rope_type: "linear", factor: 8 },
    },
    hubTensors({ hasHeadNorms: true, isGemma: true }),
  ],
  LLaDA: [
    {
      model_type: "llada",
      architectures: ["LLaDAModelLM"],
      d_model: LLADA.dim,
      n_layers: SIZES.layers,
      n_heads: SIZES.heads,
      n_kv_heads: SIZES.kvHeads,
      mlp_hidden_size: SIZES.hidden,
      mlp_ratio: 4,
      vocab_size: SIZES.vocab,
      embedding_size: SIZES.vocab,
      max_sequence_length: 96,
      rope: true,
      rope_theta: 5e5,
      rms_norm_eps: 1e-5,
      weight_tying: false,
      activation_type: "silu",
      block_type: "llama",
      layer_norm_type: "rms",
      include_bias: false,
      bias_for_layer_norm: false,
      include_qkv_bias: false,
      alibi: false,
      eos_token_id: 0,
      mask_token_id: 1,
    },
    lladaTensors(),
  ],
  Dream: [
    { ...hub, ...noTie, model_type: "Dream", architectures: ["DreamModel"], mask_token_id: 1 },
    hubTensors({ biases: ["qkv"], hasHead: true }),
  ],
  "Qwen3 taught to fill masks": [
    { ...hub, model_type: "a2d-qwen3", rope_theta: 1e6 },
    hubTensors({ hasHeadNorms: true }),
  ],
  "Qwen3 taught to fill blocks": [
    { ...hub, model_type: "a2d-qwen3", block_size: 6, mask_token_id: 1 },
    hubTensors({ hasHeadNorms: true }),
  ],
  "Fast-dLLM v2": [
    {
      ...hub,
      model_type: "Fast_dLLM_Qwen",
      bd_size: 7,
      layer_types: Array(3).fill("full_attention") as string[],
    },
    hubTensors({ biases: ["qkv"] }),
  ],
};

/**
 * Random numbers in tensors of these names and shapes, and the files that hold them, in one or several shards.
 * @param change of single numbers that mean something else
 */
export function randomCheckpoint(
  config: Family[0],
  shapes: Family[1],
  shards = 1,
  change: (name: string, value: number, i: number) => number = (_, value) => value,
): Checkpoint & { readonly files: ModelFiles } {
  const isGemma = config["model_type"] === "gemma3_text";
  const tensors = new Map(
    Object.entries(shapes).map(([name, shape], i) => {
      const isEmbedding = /embed_tokens|embeddings|wte/.test(name);
      // Small embeddings: large ones would be what a tied head finds again, and every text its last token repeated.
      const values = randomWeights(7, i, shape, isEmbedding).map((v) => (isEmbedding ? 0.15 * v : v));
      // Random vectors are gains near one: biases and gains stored less one are near zero.
      const isOffset = name.endsWith(".bias") || (isGemma && shape.length === 1);
      const drawn = isOffset ? values.map((v) => 3 * (v - 1)) : values;
      return [name, { shape, values: drawn.map((v, at) => change(name, v, at)) }] as const;
    }),
  );
  const written = [...tensors].map(([name, t]) => ({ name, dtype: "f32" as const, ...t }));
  return {
    config,
    tensors,
    files: new Map([
      ["config.json", jsonBytes(config)],
      ["tokenizer.json", jsonBytes(tinyTokenizer())],
      ...weightFiles(written, shards),
    ]),
  };
}

/** The checkpoint of a family. */
export const checkpointOf = (family: string, shards = 1): ReturnType<typeof randomCheckpoint> =>
  randomCheckpoint(...FAMILIES[family]!, shards);
