/**
 * Llama: RMSNorm before attention and before a SwiGLU feed-forward, rotary positions, grouped-query attention.
 * This file reads the configuration and says where the weights are.
 * @see Touvron et al. 2023, Llama 2: Open Foundation and Fine-Tuned Chat Models, section 2.2
 */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields, readSharedConfig, whole } from "../config";
import type { Architecture, ConfigFiles, ModelConfig, WeightSpec, WeightTable } from "../model";

export interface LlamaConfig extends ModelConfig {
  readonly architecture: "llama";
  /** Width of the residual stream, D. */
  readonly dim: number;
  /** Transformer layers, L. */
  readonly nLayers: number;
  /** Query heads, H. */
  readonly nHeads: number;
  /** Key/value heads, K; query head h reads key/value head floor(h / (H / K)). */
  readonly nKvHeads: number;
  /** Width of one head, A; even. H x A may differ from D. */
  readonly headDim: number;
  /** Feed-forward width, F. */
  readonly hiddenDim: number;
  /** Base of the rotary frequencies: pair i of a head turns by position / ropeTheta^(2i / A). */
  readonly ropeTheta: number;
  /** Added to the mean square in RMSNorm. */
  readonly rmsNormEps: number;
  /** The head is the embedding matrix; then there is no weight named `head`. */
  readonly tieEmbeddings: boolean;
}

const ropeSchema = v.looseObject({
  rope_theta: v.nullish(v.pipe(v.number(), v.gtValue(0), v.finite())),
  rope_type: v.nullish(v.string()),
  type: v.nullish(v.string()),
});

const schema = v.looseObject({
  hidden_size: whole(1, 65536),
  num_hidden_layers: whole(1, 1024),
  num_attention_heads: whole(1, 1024),
  num_key_value_heads: v.nullish(whole(1, 1024)),
  head_dim: v.nullish(whole(2, 1024)),
  intermediate_size: whole(1, 1 << 20),
  rms_norm_eps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 1e-6),
  rope_theta: v.nullish(v.pipe(v.number(), v.gtValue(0), v.finite())),
  rope_scaling: v.nullish(ropeSchema),
  rope_parameters: v.nullish(ropeSchema),
  tie_word_embeddings: v.optional(v.boolean(), false),
  hidden_act: v.optional(v.string(), "silu"),
  attention_bias: v.optional(v.boolean(), false),
  mlp_bias: v.optional(v.boolean(), false),
});
type Fields = v.InferOutput<typeof schema>;

function checkSupported(fields: Fields, file: string): void {
  const reject = (what: string): never => {
    throw new DecoscopeError("unsupported", `${file}: ${what}. Choose another model.`);
  };
  if (fields.hidden_act !== "silu" && fields.hidden_act !== "swish")
    reject(`expected the activation "silu", found "${fields.hidden_act}"`);
  if (fields.attention_bias || fields.mlp_bias)
    reject("expected layers without bias, found attention_bias or mlp_bias");
  for (const key of ["rope_scaling", "rope_parameters"] as const) {
    const type = fields[key]?.rope_type ?? fields[key]?.type ?? "default";
    if (type !== "default") reject(`expected plain rotary positions, found ${key} of type "${type}"`);
  }
}

function readConfig({ config, generation, label }: ConfigFiles): LlamaConfig {
  const file = `${label}/config.json`;
  const fields = checkFields(schema, config, file);
  checkSupported(fields, file);
  const shared = readSharedConfig(config, generation, label);
  const dim = fields.hidden_size;
  const nHeads = fields.num_attention_heads;
  const nKvHeads = fields.num_key_value_heads ?? nHeads;
  const headDim = fields.head_dim ?? dim / nHeads;
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new DecoscopeError("load", `${file}: ${what}.`);
  };
  require(Number.isInteger(headDim) && headDim % 2 === 0, `expected an even head_dim, found ${headDim}`);
  require(nHeads % nKvHeads ===
    0, `expected num_attention_heads to be a multiple of num_key_value_heads, found ${nHeads} and ${nKvHeads}`);
  return {
    architecture: "llama",
    ...shared,
    dim,
    nLayers: fields.num_hidden_layers,
    nHeads,
    nKvHeads,
    headDim,
    hiddenDim: fields.intermediate_size,
    ropeTheta: fields.rope_theta ?? fields.rope_parameters?.rope_theta ?? 10000,
    rmsNormEps: fields.rms_norm_eps,
    tieEmbeddings: fields.tie_word_embeddings,
  };
}

/**
 * Our names: `embed` [V, D], `finalNorm` [D], `head` [V, D] unless tied, and for layer l from 0, prefixed `layers.l.`:
 * `attnNorm` [D], `wq` [H*A, D], `wk` `wv` [K*A, D], `wo` [D, H*A], `mlpNorm` [D], `wGate` `wUp` [F, D], `wDown` [D, F].
 * Matrices are [out, in], row-major.
 */
function weightTable(config: LlamaConfig): WeightTable {
  const { dim, nLayers, nHeads, nKvHeads, headDim, hiddenDim, vocabSize } = config;
  const layer = (l: number): WeightSpec[] => {
    const spec = (name: string, source: string, ...shape: number[]): WeightSpec => ({
      name: `layers.${l}.${name}`,
      source: `model.layers.${l}.${source}.weight`,
      shape,
    });
    return [
      spec("attnNorm", "input_layernorm", dim),
      spec("wq", "self_attn.q_proj", nHeads * headDim, dim),
      spec("wk", "self_attn.k_proj", nKvHeads * headDim, dim),
      spec("wv", "self_attn.v_proj", nKvHeads * headDim, dim),
      spec("wo", "self_attn.o_proj", dim, nHeads * headDim),
      spec("mlpNorm", "post_attention_layernorm", dim),
      spec("wGate", "mlp.gate_proj", hiddenDim, dim),
      spec("wUp", "mlp.up_proj", hiddenDim, dim),
      spec("wDown", "mlp.down_proj", dim, hiddenDim),
    ];
  };
  const head: WeightSpec = { name: "head", source: "lm_head.weight", shape: [vocabSize, dim] };
  return {
    weights: [
      { name: "embed", source: "model.embed_tokens.weight", shape: [vocabSize, dim] },
      ...Array.from({ length: nLayers }, (_, l) => layer(l)).flat(),
      { name: "finalNorm", source: "model.norm.weight", shape: [dim] },
      ...(config.tieEmbeddings ? [] : [head]),
    ],
    // Old exports store the rotary frequencies, which ropeTheta gives; tied ones may store the head a second time.
    mayIgnore: (source) =>
      /^model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/.test(source) ||
      (config.tieEmbeddings && source === head.source),
  };
}

export const llama: Architecture<LlamaConfig> = {
  id: "llama",
  label: "Llama",
  modelTypes: ["llama"],
  readConfig,
  weightTable,
};
