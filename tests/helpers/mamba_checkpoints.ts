/**
 * Random checkpoints of Mamba-2 with the names and fields of the hub, small and odd: a first product whose rows are no multiple of
 * four, a vocabulary that is none, steps and rates from slow to fast so that heads remember long and short.
 */
import { randomCheckpoint } from "./checkpoints";

const VOCAB = 283;
const SIZES = { dim: 40, layers: 3, heads: 10, headDim: 8, state: 12 };

/** AntonV/mamba2-130m-hf: 768 wide, 24 heads of 64, state 128, one group, 24 layers, tied. */
const config = {
  model_type: "mamba2",
  architectures: ["Mamba2ForCausalLM"],
  bos_token_id: 0,
  chunk_size: 256,
  conv_kernel: 4,
  eos_token_id: 0,
  expand: 2,
  head_dim: SIZES.headDim,
  hidden_act: "silu",
  hidden_size: SIZES.dim,
  layer_norm_epsilon: 1e-5,
  n_groups: 1,
  norm_before_gate: false,
  num_heads: SIZES.heads,
  num_hidden_layers: SIZES.layers,
  pad_token_id: 0,
  residual_in_fp32: true,
  rms_norm: true,
  state_size: SIZES.state,
  tie_word_embeddings: true,
  use_bias: false,
  use_cache: true,
  use_conv_bias: true,
  vocab_size: VOCAB,
};

export const mambaCheckpoint = (
  changed: Readonly<Record<string, unknown>> = {},
  shards = 1,
): ReturnType<typeof randomCheckpoint> => {
  const c = { ...config, ...changed };
  const inner = SIZES.heads * SIZES.headDim;
  const channels = inner + 2 * c.n_groups * SIZES.state;
  const shapes: Record<string, number[]> = { "backbone.embeddings.weight": [VOCAB, SIZES.dim] };
  for (let l = 0; l < SIZES.layers; l++) {
    const at = `backbone.layers.${l}`;
    shapes[`${at}.norm.weight`] = [SIZES.dim];
    const mixer: Record<string, number[]> = {
      A_log: [SIZES.heads],
      D: [SIZES.heads],
      "conv1d.weight": [channels, 1, c.conv_kernel],
      ...(c.use_conv_bias ? { "conv1d.bias": [channels] } : {}),
      dt_bias: [SIZES.heads],
      "in_proj.weight": [inner + channels + SIZES.heads, SIZES.dim],
      "norm.weight": [inner],
      "out_proj.weight": [SIZES.dim, inner],
      ...(c.use_bias
        ? { "in_proj.bias": [inner + channels + SIZES.heads], "out_proj.bias": [SIZES.dim] }
        : {}),
    };
    for (const [name, shape] of Object.entries(mixer)) shapes[`${at}.mixer.${name}`] = shape;
  }
  shapes["backbone.norm_f.weight"] = [SIZES.dim];
  if (!c.tie_word_embeddings) shapes["lm_head.weight"] = [VOCAB, SIZES.dim];
  return randomCheckpoint(c, shapes, shards, (name, value, i) =>
    // As checkpoints begin: rates from 1 to 16, steps from 0.001 to 0.1 and some longer.
    name.endsWith("A_log")
      ? Math.log(1 + (i % 4) * 5)
      : name.endsWith("dt_bias")
        ? -7 + i + 3 * (value - 1)
        : name.endsWith("conv1d.weight")
          ? value / 2
          : value,
  );
};
