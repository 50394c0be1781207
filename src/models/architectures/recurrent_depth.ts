/**
 * Recurrent depth (Huginn): a prelude embeds the tokens, a core block is applied to a latent again and again, each time
 * beside that embedding, and a coda reads the latent out. This file reads the configuration and says where the weights are.
 * @see Geiping et al. 2025, Scaling up Test-Time Compute with Latent Reasoning, section 3
 */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields, readSharedConfig, whole } from "../config";
import type {
  Architecture,
  ConfigFiles,
  ModelConfig,
  RecurrenceFacts,
  WeightSpec,
  WeightTable,
} from "../model";

export interface RecurrentDepthConfig extends ModelConfig {
  readonly architecture: "recurrent-depth";
  /** Width of the residual stream and of the latent, D. */
  readonly dim: number;
  readonly recurrence: RecurrenceFacts;
  /** Heads, H; each has keys and values of its own. H x A is D. */
  readonly nHeads: number;
  /** Width of one head, A; a multiple of four. */
  readonly headDim: number;
  /** Feed-forward width, F. */
  readonly hiddenDim: number;
  /** Base of the rotary frequencies: neighbours 2i, 2i + 1 of a head turn by position / ropeTheta^(2i / A). */
  readonly ropeTheta: number;
  /** Added to the mean square in RMSNorm. */
  readonly rmsNormEps: number;
  /** Embeddings are multiplied by this. */
  readonly embedScale: number;
  /** Standard deviation of the entries of a fresh latent, which is normal noise whose radius ends at three of them. */
  readonly latentStd: number;
}

const real = (least: number) => v.pipe(v.number(), v.minValue(least), v.finite());

const schema = v.looseObject({
  n_embd: whole(4, 65536),
  n_heads: whole(1, 1024),
  num_key_value_heads: v.nullish(whole(1, 1024)),
  head_dim: v.nullish(whole(1, 1024)),
  n_layers_in_prelude: whole(1, 64),
  n_layers_in_recurrent_block: whole(1, 64),
  n_layers_in_coda: whole(1, 64),
  mean_recurrence: whole(1, 256),
  intermediate_size: whole(4, 1 << 20),
  block_size: v.optional(whole(1, 2 ** 24)),
  norm_eps: v.optional(real(0), 1e-6),
  rope_base: v.optional(v.pipe(real(0), v.gtValue(0)), 50000),
  tie_embeddings: v.optional(v.boolean(), true),
  qk_bias: v.optional(v.boolean(), true),
  bias: v.optional(v.boolean(), false),
  injection_type: v.optional(v.string(), "linear"),
  state_init: v.optional(v.string(), "like-init"),
  mlp_class_name: v.optional(v.string(), "GatedMLP"),
  block_class_name: v.optional(v.string(), "SandwichBlock"),
  norm_class_name: v.optional(v.string(), "RMSNorm_llama"),
  nonlin_name: v.optional(v.string(), "SiLU"),
  test_time_noise: v.optional(v.number(), 0),
  rope_scaling: v.optional(v.unknown(), null),
  vocab_size: whole(1, 2 ** 24),
  padded_vocab_size: v.nullish(whole(1, 2 ** 24)),
  init_values: v.nullish(v.looseObject({ std: v.nullish(real(0)), embed_scale: v.nullish(real(0)) })),
});
type Fields = v.InferOutput<typeof schema>;

function checkSupported(fields: Fields, file: string): void {
  const need = (key: keyof Fields, expected: unknown): void => {
    if (fields[key] !== expected)
      throw new DecoscopeError(
        "unsupported",
        `${file}: expected ${key} to be ${JSON.stringify(expected)}, found ${JSON.stringify(fields[key])}. Choose another model.`,
      );
  };
  need("tie_embeddings", true);
  need("qk_bias", true);
  need("bias", false);
  need("injection_type", "linear");
  need("state_init", "like-init");
  need("mlp_class_name", "GatedMLP");
  need("block_class_name", "SandwichBlock");
  need("norm_class_name", "RMSNorm_llama");
  need("nonlin_name", "SiLU");
  need("test_time_noise", 0);
  need("rope_scaling", null);
}

function readConfig({ config, generation, label }: ConfigFiles): RecurrentDepthConfig {
  const file = `${label}/config.json`;
  const fields = checkFields(schema, config, file);
  checkSupported(fields, file);
  // Hub exports of this family name the context differently, and the rows of the embedding where they are padded.
  const { padded_vocab_size: padded } = fields;
  const named = {
    max_position_embeddings: fields.block_size,
    ...fields,
    ...(padded ? { vocab_size: padded } : {}),
  };
  const shared = readSharedConfig(named, generation, label);
  const { n_embd: dim, n_heads: nHeads } = fields;
  const headDim = dim / nHeads;
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new DecoscopeError("load", `${file}: ${what}.`);
  };
  require(shared.masked ===
    null, "expected a model that sees earlier positions only, found one that fills masks");
  require(Number.isInteger(headDim) &&
    headDim % 4 === 0, `expected n_embd / n_heads to be a multiple of four, found ${headDim}`);
  require((fields.num_key_value_heads ?? nHeads) ===
    nHeads, `expected as many key and value heads as n_heads, ${nHeads}, found ${fields.num_key_value_heads}`);
  require((fields.head_dim ?? headDim) ===
    headDim, `expected head_dim to be n_embd / n_heads, ${headDim}, found ${fields.head_dim}`);
  require(fields.intermediate_size % 4 ===
    0, `expected intermediate_size to be a multiple of four, found ${fields.intermediate_size}`);
  const embedScale = fields.init_values?.embed_scale ?? Math.sqrt(dim);
  const initStd = fields.init_values?.std ?? Math.sqrt(2 / (5 * dim));
  return {
    architecture: "recurrent-depth",
    ...shared,
    dim,
    recurrence: {
      nPrelude: fields.n_layers_in_prelude,
      nCore: fields.n_layers_in_recurrent_block,
      nCoda: fields.n_layers_in_coda,
      trainedRecurrence: fields.mean_recurrence,
    },
    nHeads,
    headDim,
    hiddenDim: fields.intermediate_size,
    ropeTheta: fields.rope_base,
    rmsNormEps: fields.norm_eps,
    embedScale,
    latentStd: initStd * embedScale,
  };
}

/**
 * Our names: `embed` [V, D], which is the head too; `adapter` [D, 2D], columns of the latent first; `finalNorm` [D], used
 * before the coda and before the head; and for layer l of a part, prefixed `prelude.l.`, `core.l.`, `coda.l.`: `norm1` to
 * `norm4` [D], `wqkv` [3D, D] with all rows of q, then k, then v, `qkBias` [2, 1, H, A], `wo` [D, D], `wGateUp` [2F, D], gate
 * first, `wDown` [D, F]. Matrices are [out, in], row-major.
 */
function weightTable(config: RecurrentDepthConfig): WeightTable {
  const { dim, nHeads, headDim, hiddenDim, vocabSize, recurrence } = config;
  const layer = (part: string, folder: string, l: number): WeightSpec[] => {
    const spec = (name: string, source: string, ...shape: number[]): WeightSpec => ({
      name: `${part}.${l}.${name}`,
      source: `transformer.${folder}.${l}.${source}`,
      shape,
    });
    return [
      ...[1, 2, 3, 4].map((i) => spec(`norm${i}`, `norm_${i}.weight`, dim)),
      spec("wqkv", "attn.Wqkv.weight", 3 * dim, dim),
      spec("qkBias", "attn.qk_bias", 2, 1, nHeads, headDim),
      spec("wo", "attn.proj.weight", dim, dim),
      spec("wGateUp", "mlp.fc.weight", 2 * hiddenDim, dim),
      spec("wDown", "mlp.proj.weight", dim, hiddenDim),
    ];
  };
  const layers = (part: string, folder: string, count: number): WeightSpec[] =>
    Array.from({ length: count }, (_, l) => layer(part, folder, l)).flat();
  return {
    weights: [
      { name: "embed", source: "transformer.wte.weight", shape: [vocabSize, dim] },
      ...layers("prelude", "prelude", recurrence.nPrelude),
      { name: "adapter", source: "transformer.adapter.weight", shape: [dim, 2 * dim] },
      ...layers("core", "core_block", recurrence.nCore),
      ...layers("coda", "coda", recurrence.nCoda),
      { name: "finalNorm", source: "transformer.ln_f.weight", shape: [dim] },
    ],
    // Tied: the head may be stored a second time. Angles follow from rope_base.
    mayIgnore: (source) => source === "lm_head.weight" || /(^|\.)freqs_cis$/.test(source),
  };
}

export const recurrentDepth: Architecture<RecurrentDepthConfig> = {
  id: "recurrent-depth",
  label: "Recurrent depth",
  readConfig,
  weightTable,
};
