/**
 * LLaDA: the block of Llama with rows that see everything, in names of its own.
 * @see Nie et al. 2025, Large Language Diffusion Models
 */
import * as v from "valibot";
import { checkFields, whole } from "../config";
import { type DecoderConfig, type DecoderNames, decoderWeights, HUB_NAMES } from "../decoder";
import { readDecoder, rejectConfig } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";

const schema = v.looseObject({
  d_model: whole(1, 65536),
  n_layers: whole(1, 1024),
  n_heads: whole(1, 1024),
  n_kv_heads: v.nullish(whole(1, 1024)),
  multi_query_attention: v.nullish(v.boolean()),
  mlp_hidden_size: v.nullish(whole(1, 1 << 20)),
  mlp_ratio: v.optional(whole(1, 256), 4),
  vocab_size: whole(1, 2 ** 24),
  embedding_size: v.nullish(whole(1, 2 ** 24)),
  max_sequence_length: whole(1, 2 ** 24),
  rope_theta: v.nullish(v.number()),
  rms_norm_eps: v.optional(v.number(), 1e-5),
  weight_tying: v.optional(v.boolean(), true),
  include_qkv_bias: v.nullish(v.boolean()),
});

/** What the forward pass does, by field: anything else found there is another model. */
const EXPECTED: Readonly<Record<string, readonly unknown[]>> = {
  block_type: ["llama"],
  activation_type: ["silu"],
  layer_norm_type: ["rms"],
  rope: [true],
  alibi: [false, undefined],
  include_bias: [false, undefined],
  bias_for_layer_norm: [false, null, undefined],
  attention_layer_norm: [false, undefined],
  input_emb_norm: [false, undefined],
  scale_logits: [false, undefined],
  block_group_size: [1, undefined],
  layer_norm_with_affine: [true, undefined],
};

const NAMES: DecoderNames = {
  ...HUB_NAMES,
  embed: "model.transformer.wte",
  finalNorm: "model.transformer.ln_f",
  head: "model.transformer.ff_out",
  layers: "model.transformer.blocks",
  attnNorm: "attn_norm",
  wq: "q_proj",
  wk: "k_proj",
  wv: "v_proj",
  wo: "attn_out",
  mlpNorm: "ff_norm",
  wGate: "ff_proj",
  wUp: "up_proj",
  wDown: "ff_out",
};

function readConfig(files: ConfigFiles): DecoderConfig {
  const file = `${files.label}/config.json`;
  const fields = checkFields(schema, files.config, file);
  for (const [key, allowed] of Object.entries(EXPECTED))
    if (!allowed.includes((fields as Readonly<Record<string, unknown>>)[key]))
      rejectConfig(
        file,
        `expected ${key} to be ${JSON.stringify(allowed[0])}, found ${JSON.stringify((fields as Readonly<Record<string, unknown>>)[key])}`,
      );
  const config = {
    ...fields,
    vocab_size: fields.embedding_size ?? fields.vocab_size,
    max_position_embeddings: fields.max_sequence_length,
    hidden_size: fields.d_model,
    num_hidden_layers: fields.n_layers,
    num_attention_heads: fields.n_heads,
    num_key_value_heads: fields.n_kv_heads ?? (fields.multi_query_attention ? 1 : fields.n_heads),
    intermediate_size: fields.mlp_hidden_size ?? fields.mlp_ratio * fields.d_model,
    tie_word_embeddings: fields.weight_tying,
  };
  const { base } = readDecoder(
    "llada",
    { ...files, config },
    { ropeTheta: 10000, tieEmbeddings: true },
    { attention: "bidirectional", logitShift: 0, blockSize: null },
  );
  return { ...base, biases: { qkv: fields.include_qkv_bias ?? false, out: false, mlp: false } };
}

export const llada: Architecture<DecoderConfig> = {
  id: "llada",
  label: "LLaDA",
  readConfig,
  weightTable: (config) => decoderWeights(config, NAMES),
};
