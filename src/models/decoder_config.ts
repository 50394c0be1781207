/** Reads what config.json says of a decoder in the words of Hugging Face Transformers; architectures add what they differ in. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import { checkFields, readSharedConfig, type TrainedSight, whole } from "./config";
import type { DecoderConfig, DecoderId, DecoderLayer } from "./decoder";
import type { ConfigFiles } from "./model";
import { readRope, ropeFields } from "./rope";

const positive = v.pipe(v.number(), v.gtValue(0), v.finite());

const schema = v.looseObject({
  ...ropeFields,
  hidden_size: whole(1, 65536),
  num_hidden_layers: whole(1, 1024),
  num_attention_heads: whole(1, 1024),
  num_key_value_heads: v.nullish(whole(1, 1024)),
  head_dim: v.nullish(whole(2, 1024)),
  intermediate_size: whole(1, 1 << 20),
  rms_norm_eps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 1e-6),
  tie_word_embeddings: v.nullish(v.boolean()),
  hidden_act: v.nullish(v.string()),
  hidden_activation: v.nullish(v.string()),
  attention_bias: v.nullish(v.boolean()),
  mlp_bias: v.nullish(v.boolean()),
  use_sliding_window: v.nullish(v.boolean()),
  sliding_window: v.nullish(whole(1, 2 ** 24)),
  max_window_layers: v.nullish(whole(0, 1024)),
  layer_types: v.nullish(v.array(v.string())),
  no_rope_layers: v.nullish(v.array(v.number())),
  no_rope_layer_interval: v.nullish(whole(1, 1024)),
  sliding_window_pattern: v.nullish(whole(1, 1024)),
  rope_local_base_freq: v.nullish(positive),
  query_pre_attn_scalar: v.nullish(positive),
  attn_logit_softcapping: v.nullish(v.number()),
  final_logit_softcapping: v.nullish(v.number()),
  use_bidirectional_attention: v.nullish(v.boolean()),
  block_size: v.nullish(whole(1, 2 ** 24)),
  bd_size: v.nullish(whole(1, 2 ** 24)),
});
export type DecoderFields = v.InferOutput<typeof schema>;

/** What a checkpoint means where its config.json is silent. */
export interface DecoderDefaults {
  readonly ropeTheta: number;
  readonly tieEmbeddings: boolean;
  /** Null: D / H. */
  readonly headDim?: number;
  readonly activation?: DecoderConfig["activation"];
}

/** Fields of config.json, checked. @throws DecoscopeError `load` */
export const decoderFields = (config: unknown, file: string): DecoderFields =>
  checkFields(schema, config, file);

/** @throws DecoscopeError `unsupported` */
export function rejectConfig(file: string, what: string): never {
  throw new DecoscopeError("unsupported", `${file}: ${what}. Choose another model.`);
}

const ACTIVATIONS: Readonly<Record<string, DecoderConfig["activation"]>> = {
  silu: "silu",
  swish: "silu",
  gelu_pytorch_tanh: "gelu",
  gelu_new: "gelu",
};

function readActivation(fields: DecoderFields, file: string, fallback: DecoderConfig["activation"]) {
  const name = fields.hidden_activation ?? fields.hidden_act ?? null;
  if (name === null) return fallback;
  const known = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (!known)
    rejectConfig(file, `expected one of the activations "silu" and "gelu_pytorch_tanh", found "${name}"`);
  return known;
}

/** Sizes that the kernels cannot do. @throws DecoscopeError `load` */
function checkSizes(
  c: Pick<DecoderConfig, "dim" | "nHeads" | "nKvHeads" | "headDim" | "hiddenDim">,
  file: string,
) {
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new DecoscopeError("load", `${file}: ${what}.`);
  };
  const isQuad = (n: number): boolean => Number.isInteger(n) && n % 4 === 0;
  require(isQuad(c.headDim) &&
    c.headDim <= 256, `expected a head_dim that is a multiple of four up to 256, found ${c.headDim}`);
  require(isQuad(c.dim), `expected a hidden_size that is a multiple of four, found ${c.dim}`);
  require(isQuad(
    c.hiddenDim,
  ), `expected an intermediate_size that is a multiple of four, found ${c.hiddenDim}`);
  require(c.nHeads % c.nKvHeads ===
    0, `expected num_attention_heads to be a multiple of num_key_value_heads, found ${c.nHeads} and ${c.nKvHeads}`);
}

/**
 * A decoder as Llama is one: no biases, one rotation, every layer seeing everything. Architectures replace what is
 * different with them.
 * @param trained what its rows were trained to see, where config.json cannot say it
 * @throws DecoscopeError `load` for missing and wrong fields, `unsupported` for what the forward pass does not do
 */
export function readDecoder<Id extends DecoderId>(
  architecture: Id,
  { config, generation, label }: ConfigFiles,
  defaults: DecoderDefaults,
  trained?: TrainedSight,
): {
  readonly fields: DecoderFields;
  readonly file: string;
  readonly base: DecoderConfig & { architecture: Id };
} {
  const file = `${label}/config.json`;
  const fields = decoderFields(config, file);
  const shared = readSharedConfig(config, generation, label, trained);
  const nHeads = fields.num_attention_heads;
  const nLayers = fields.num_hidden_layers;
  const headDim = fields.head_dim ?? defaults.headDim ?? fields.hidden_size / nHeads;
  const rope = readRope(fields, file, defaults.ropeTheta);
  const base = {
    architecture,
    ...shared,
    // Beyond it, a dynamic rotation would turn keys again that are in the cache.
    maxContext: Math.min(
      shared.maxContext,
      rope.scaling?.kind === "dynamic" ? rope.scaling.trainedContext : Infinity,
    ),
    dim: fields.hidden_size,
    nLayers,
    nHeads,
    nKvHeads: fields.num_key_value_heads ?? nHeads,
    headDim,
    hiddenDim: fields.intermediate_size,
    ropes: [rope],
    layers: Array.from({ length: nLayers }, () => ({ rope: 0, window: null })),
    attentionScale: 1 / Math.sqrt(headDim),
    embedScale: 1,
    activation: readActivation(fields, file, defaults.activation ?? "silu"),
    rmsNormEps: fields.rms_norm_eps,
    gainOffset: 0 as const,
    biases: { qkv: false, out: false, mlp: false },
    hasHeadNorms: false,
    hasPostNorms: false,
    tieEmbeddings: fields.tie_word_embeddings ?? defaults.tieEmbeddings,
  };
  checkSizes(base, file);
  return { fields, file, base };
}

/**
 * The window of each layer; null where it sees everything. Named by layer_types, else by `slides`.
 * @throws DecoscopeError `load` for a list of another length or a missing window, `unsupported` for other kinds of layers
 */
export function readWindows(
  fields: DecoderFields,
  file: string,
  slides: (layer: number) => boolean,
): (number | null)[] {
  const { layer_types: types, num_hidden_layers: nLayers, sliding_window: window } = fields;
  if (types && types.length !== nLayers)
    throw new DecoscopeError(
      "load",
      `${file}: expected layer_types of ${nLayers} layers, found ${types.length}.`,
    );
  const other = types?.find((type) => type !== "full_attention" && type !== "sliding_attention");
  if (other !== undefined)
    rejectConfig(file, `expected layer_types "full_attention" or "sliding_attention", found "${other}"`);
  return Array.from({ length: nLayers }, (_, l) => {
    const isSliding = types ? types[l] === "sliding_attention" : slides(l);
    if (!isSliding) return null;
    if (window) return window;
    throw new DecoscopeError("load", `${file}: expected sliding_window of layer ${l}, found none.`);
  });
}

/** The same layers with these windows. @throws DecoscopeError `unsupported` for models that see both sides */
export function withWindows(
  base: DecoderConfig,
  file: string,
  windows: readonly (number | null)[],
): readonly DecoderLayer[] {
  if (base.masked && windows.some((w) => w !== null))
    rejectConfig(
      file,
      "expected layers without windows in a model that sees both sides, found sliding_attention",
    );
  return base.layers.map((layer, l) => ({ ...layer, window: windows[l] ?? null }));
}
