/**
 * Random checkpoints of models whose layers run again and again, with the names, fields and proportions of the public ones:
 * an odd number of heads, feed-forward layers 3.4 times as wide as the model, a vocabulary that is no multiple of four.
 */
import { randomCheckpoint } from "./checkpoints";

const VOCAB = 283;

/** tomg-group-umd/huginn-0125: 5280 wide, 55 heads of 96, 17920 hidden, layers 2, 4, 2, 32 recurrences. */
const HUGINN = { dim: 60, heads: 5, headDim: 12, hidden: 204, context: 96 };

const huginnConfig = {
  model_type: "huginn_raven",
  architectures: ["RavenForCausalLM"],
  architecture_class_name: "RecurrentGPT",
  auto_map: { AutoModelForCausalLM: "raven_modeling_minimal.RavenForCausalLM" },
  bias: false,
  block_class_name: "SandwichBlock",
  block_size: HUGINN.context,
  bos_token_id: 1,
  effective_expected_depth: 132,
  eos_token_id: 0,
  head_dim: HUGINN.headDim,
  init_values: {
    embed_scale: Math.sqrt(HUGINN.dim),
    embedding: Math.sqrt(2 / (5 * HUGINN.dim)),
    std: Math.sqrt(2 / (5 * HUGINN.dim)),
  },
  injection_type: "linear",
  intermediate_size: HUGINN.hidden,
  mean_backprop_depth: 8,
  mean_recurrence: 32,
  mlp_class_name: "GatedMLP",
  n_embd: HUGINN.dim,
  n_heads: HUGINN.heads,
  n_layers: 8,
  n_layers_in_coda: 2,
  n_layers_in_prelude: 2,
  n_layers_in_recurrent_block: 4,
  nonlin_name: "SiLU",
  norm_class_name: "RMSNorm_llama",
  norm_eps: 1e-6,
  num_attention_heads: HUGINN.heads,
  num_key_value_heads: HUGINN.heads,
  padded_vocab_size: VOCAB,
  qk_bias: true,
  rope_base: 50000,
  state_init: "like-init",
  tie_embeddings: true,
  tie_word_embeddings: true,
  torch_dtype: "float32",
  vocab_size: VOCAB,
};

function huginnTensors(): Record<string, number[]> {
  const { dim, heads, headDim, hidden, context } = HUGINN;
  const shapes: Record<string, number[]> = { freqs_cis: [1, context, 1, headDim / 2, 2] };
  shapes["transformer.wte.weight"] = [VOCAB, dim];
  const block = (at: string): void => {
    for (const norm of [1, 2, 3, 4]) shapes[`${at}.norm_${norm}.weight`] = [dim];
    Object.assign(shapes, {
      [`${at}.attn.Wqkv.weight`]: [3 * dim, dim],
      [`${at}.attn.qk_bias`]: [2, 1, heads, headDim],
      [`${at}.attn.proj.weight`]: [dim, dim],
      [`${at}.mlp.fc.weight`]: [2 * hidden, dim],
      [`${at}.mlp.proj.weight`]: [dim, hidden],
    });
  };
  for (let l = 0; l < 2; l++) block(`transformer.prelude.${l}`);
  shapes["transformer.adapter.weight"] = [dim, 2 * dim];
  for (let l = 0; l < 4; l++) block(`transformer.core_block.${l}`);
  for (let l = 0; l < 2; l++) block(`transformer.coda.${l}`);
  shapes["transformer.ln_f.weight"] = [dim];
  return shapes;
}

export const huginnCheckpoint = (
  shards = 1,
  config: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof randomCheckpoint> =>
  randomCheckpoint({ ...huginnConfig, ...config }, huginnTensors(), shards);

/** ByteDance/Ouro-1.4B: 2048 wide, 16 heads of 128, 5632 hidden, 24 layers, 4 loops, a head of its own. */
const OURO = { dim: 48, heads: 4, headDim: 12, hidden: 132, layers: 3 };

const ouroConfig = {
  model_type: "ouro",
  architectures: ["OuroForCausalLM"],
  auto_map: { AutoModelForCausalLM: "modeling_ouro.OuroForCausalLM" },
  attention_dropout: 0,
  bos_token_id: 0,
  early_exit_threshold: 1,
  eos_token_id: 0,
  head_dim: OURO.headDim,
  hidden_act: "silu",
  hidden_size: OURO.dim,
  intermediate_size: OURO.hidden,
  layer_types: Array<string>(OURO.layers).fill("full_attention"),
  max_position_embeddings: 96,
  max_window_layers: 24,
  num_attention_heads: OURO.heads,
  num_hidden_layers: OURO.layers,
  num_key_value_heads: OURO.heads,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 1e6,
  sliding_window: null,
  tie_word_embeddings: false,
  total_ut_steps: 4,
  use_sliding_window: false,
  vocab_size: VOCAB,
};

function ouroTensors(kvHeads: number): Record<string, number[]> {
  const { dim, heads, headDim, hidden, layers } = OURO;
  const shapes: Record<string, number[]> = { "model.embed_tokens.weight": [VOCAB, dim] };
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}`;
    for (const norm of ["input", "post_attention"])
      for (const end of ["", "_2"]) shapes[`${at}.${norm}_layernorm${end}.weight`] = [dim];
    Object.assign(shapes, {
      [`${at}.self_attn.q_proj.weight`]: [heads * headDim, dim],
      [`${at}.self_attn.k_proj.weight`]: [kvHeads * headDim, dim],
      [`${at}.self_attn.v_proj.weight`]: [kvHeads * headDim, dim],
      [`${at}.self_attn.o_proj.weight`]: [dim, heads * headDim],
      [`${at}.mlp.gate_proj.weight`]: [hidden, dim],
      [`${at}.mlp.up_proj.weight`]: [hidden, dim],
      [`${at}.mlp.down_proj.weight`]: [dim, hidden],
    });
  }
  return {
    ...shapes,
    "model.norm.weight": [dim],
    "model.early_exit_gate.weight": [1, dim],
    "model.early_exit_gate.bias": [1],
    "lm_head.weight": [VOCAB, dim],
  };
}

/** @param config fields to replace; keys and values are shared by heads where it says so */
export const ouroCheckpoint = (
  shards = 1,
  config: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof randomCheckpoint> => {
  const fields = { ...ouroConfig, ...config };
  return randomCheckpoint(fields, ouroTensors(fields.num_key_value_heads), shards);
};
