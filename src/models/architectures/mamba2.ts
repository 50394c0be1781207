/**
 * Mamba-2: no attention; each layer keeps a state of fixed size into which every token goes, so a text costs the same memory
 * however long it is. This file reads the configuration and says where the weights are.
 * @see Dao and Gu 2024, Transformers are SSMs (arXiv 2405.21060), section 7
 */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields, readSharedConfig, whole } from "../config";
import { rejectConfig } from "../decoder_config";
import type { Architecture, ConfigFiles, ModelConfig, WeightSpec, WeightTable } from "../model";

export interface Mamba2Config extends ModelConfig {
  readonly architecture: "mamba2";
  /** Width of the residual stream, D; a multiple of four. */
  readonly dim: number;
  readonly nLayers: number;
  /** Heads, H, in G groups that share what is written to the state and how it is read. */
  readonly nHeads: number;
  readonly nGroups: number;
  /** Width of one head, P; a multiple of four. */
  readonly headDim: number;
  /** Numbers kept for each entry of a head, N; a multiple of four. */
  readonly stateDim: number;
  /** Rows that the convolution sees, 2 to 4. */
  readonly convWidth: number;
  /** Rows of a chunk of a prompt. */
  readonly chunk: number;
  /** Smallest and largest step; the largest may be infinite. */
  readonly stepLimits: readonly [number, number];
  /** Which products have a bias. */
  readonly biases: { readonly conv: boolean; readonly projections: boolean };
  /** Added to the mean square in RMSNorm. */
  readonly rmsNormEps: number;
  readonly tieEmbeddings: boolean;
  /** Bytes of the states of one text. */
  readonly stateBytes: number;
}

/** The configuration names no longest text and memory does not grow with it: a bound all the same. */
const MAX_CONTEXT = 32768;

/** Python writes infinities in words of its own, or wraps them. */
const limit = v.union([
  v.number(),
  v.pipe(
    v.object({ __float__: v.literal("Infinity") }),
    v.transform(() => Infinity),
  ),
]);

const schema = v.looseObject({
  hidden_size: v.optional(whole(4, 65536), 4096),
  num_hidden_layers: v.optional(whole(1, 512), 64),
  num_heads: v.optional(whole(1, 4096), 128),
  head_dim: v.optional(whole(4, 1024), 64),
  state_size: v.optional(whole(4, 4096), 128),
  n_groups: v.optional(whole(1, 4096), 8),
  expand: v.optional(v.pipe(v.number(), v.gtValue(0), v.finite()), 2),
  conv_kernel: v.optional(whole(1, 64), 4),
  chunk_size: v.optional(whole(1, 2 ** 16), 256),
  layer_norm_epsilon: v.optional(v.pipe(v.number(), v.minValue(0), v.finite()), 1e-5),
  use_bias: v.optional(v.boolean(), false),
  use_conv_bias: v.optional(v.boolean(), true),
  hidden_act: v.optional(v.string(), "silu"),
  rms_norm: v.optional(v.boolean(), true),
  norm_before_gate: v.optional(v.boolean(), false),
  time_step_limit: v.nullish(v.tuple([limit, limit])),
  tie_word_embeddings: v.optional(v.boolean(), false),
});
type Fields = v.InferOutput<typeof schema>;

function checkSupported(c: Fields, file: string): void {
  const need = (holds: boolean, what: string, found: unknown): void => {
    if (!holds) rejectConfig(file, `expected ${what}, found ${JSON.stringify(found)}`);
  };
  need(["silu", "swish"].includes(c.hidden_act), "hidden_act to be silu", c.hidden_act);
  need(c.rms_norm, "rms_norm to be true", c.rms_norm);
  need(!c.norm_before_gate, "norm_before_gate to be false", c.norm_before_gate);
  need(c.conv_kernel >= 2 && c.conv_kernel <= 4, "conv_kernel from 2 to 4", c.conv_kernel);
  for (const name of ["hidden_size", "head_dim", "state_size"] as const)
    need(c[name] % 4 === 0, `${name} to be a multiple of four`, c[name]);
}

function readConfig({ config, generation, label }: ConfigFiles): Mamba2Config {
  const file = `${label}/config.json`;
  const fields = checkFields(schema, config, file);
  checkSupported(fields, file);
  const shared = readSharedConfig({ max_position_embeddings: MAX_CONTEXT, ...fields }, generation, label);
  const { hidden_size: dim, num_heads: nHeads, head_dim: headDim, n_groups: nGroups } = fields;
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new DecoscopeError("load", `${file}: ${what}.`);
  };
  require(shared.masked ===
    null, "expected a model that sees earlier positions only, found one that fills masks");
  require(nHeads * headDim ===
    Math.trunc(
      fields.expand * dim,
    ), `expected num_heads x head_dim to be expand x hidden_size, ${fields.expand * dim}, found ${nHeads * headDim}`);
  require(nHeads % nGroups ===
    0, `expected num_heads to be a multiple of n_groups, ${nGroups}, found ${nHeads}`);
  const [least, most] = fields.time_step_limit ?? [0, Infinity];
  require(least >= 0 &&
    least <= most, `expected time_step_limit to go from 0 or more to no less, found ${least} and ${most}`);
  const { state_size: stateDim, num_hidden_layers: nLayers } = fields;
  const channels = nHeads * headDim + 2 * nGroups * stateDim;
  return {
    architecture: "mamba2",
    ...shared,
    dim,
    nLayers,
    nHeads,
    nGroups,
    headDim,
    stateDim,
    convWidth: fields.conv_kernel,
    chunk: fields.chunk_size,
    stepLimits: [least, most],
    biases: { conv: fields.use_conv_bias, projections: fields.use_bias },
    rmsNormEps: fields.layer_norm_epsilon,
    tieEmbeddings: fields.tie_word_embeddings,
    stateBytes: 4 * nLayers * (nHeads * headDim * stateDim + 4 * channels),
  };
}

/**
 * Our names: `embed` [V, D], `finalNorm` [D], `head` [V, D] unless tied, and for layer l, prefixed `layers.l.`: `norm` [D],
 * `wIn` [2HP + 2GN + H, D] with rows of z, x, B, C and the steps, `conv` [HP + 2GN, 1, K], `stepBias` `logRate` `skip` [H],
 * `gatedNorm` [HP], `wOut` [D, HP]; where there are such `bIn`, `bConv`, `bOut`. Matrices are [out, in], row-major.
 */
function weightTable(c: Mamba2Config): WeightTable {
  const inner = c.nHeads * c.headDim;
  const channels = inner + 2 * c.nGroups * c.stateDim;
  const projected = inner + channels + c.nHeads;
  const layer = (l: number): WeightSpec[] => {
    const spec = (name: string, source: string, ...shape: number[]): WeightSpec => ({
      name: `layers.${l}.${name}`,
      source: `backbone.layers.${l}.${source}`,
      shape,
    });
    return [
      spec("norm", "norm.weight", c.dim),
      spec("wIn", "mixer.in_proj.weight", projected, c.dim),
      ...(c.biases.projections ? [spec("bIn", "mixer.in_proj.bias", projected)] : []),
      spec("conv", "mixer.conv1d.weight", channels, 1, c.convWidth),
      ...(c.biases.conv ? [spec("bConv", "mixer.conv1d.bias", channels)] : []),
      spec("stepBias", "mixer.dt_bias", c.nHeads),
      spec("logRate", "mixer.A_log", c.nHeads),
      spec("skip", "mixer.D", c.nHeads),
      spec("gatedNorm", "mixer.norm.weight", inner),
      spec("wOut", "mixer.out_proj.weight", c.dim, inner),
      ...(c.biases.projections ? [spec("bOut", "mixer.out_proj.bias", c.dim)] : []),
    ];
  };
  const head: WeightSpec = { name: "head", source: "lm_head.weight", shape: [c.vocabSize, c.dim] };
  return {
    weights: [
      { name: "embed", source: "backbone.embeddings.weight", shape: [c.vocabSize, c.dim] },
      ...Array.from({ length: c.nLayers }, (_, l) => layer(l)).flat(),
      { name: "finalNorm", source: "backbone.norm_f.weight", shape: [c.dim] },
      ...(c.tieEmbeddings ? [] : [head]),
    ],
    mayIgnore: (source) => c.tieEmbeddings && source === head.source,
  };
}

export const mamba2: Architecture<Mamba2Config> = {
  id: "mamba2",
  label: "Mamba-2",
  readConfig,
  weightTable,
};
