/**
 * What the decoders of one family have in common: pre-norm attention with rotary positions and a gated feed-forward,
 * layer after layer. The architectures that are such decoders say here in what they differ; one forward pass runs all.
 * @see Touvron et al. 2023, Llama 2, section 2.2
 */
import type { ModelConfig, WeightSpec, WeightTable } from "./model";
import type { RopeSpec } from "./rope";

/** Ids of the architectures that are such decoders. */
export type DecoderId =
  "llama" | "smollm3" | "qwen2" | "qwen3" | "gemma3" | "llada" | "dream" | "a2d" | "fast-dllm";

export interface DecoderLayer {
  /** Index in `ropes` of the rotation of its queries and keys; null for none. */
  readonly rope: number | null;
  /** Rows see this many positions, their own and those before it; null for all. */
  readonly window: number | null;
}

export interface DecoderConfig extends ModelConfig {
  readonly architecture: DecoderId;
  /** Width of the residual stream, D; a multiple of four. */
  readonly dim: number;
  /** Layers, L. */
  readonly nLayers: number;
  /** Query heads, H. */
  readonly nHeads: number;
  /** Key/value heads, K; query head h reads key/value head floor(h / (H / K)). */
  readonly nKvHeads: number;
  /** Width of one head, A; a multiple of four up to 256. H x A may differ from D. */
  readonly headDim: number;
  /** Feed-forward width, F; a multiple of four. */
  readonly hiddenDim: number;
  /** The rotations that layers choose from. */
  readonly ropes: readonly RopeSpec[];
  readonly layers: readonly DecoderLayer[];
  /** Factor of the products of queries and keys. */
  readonly attentionScale: number;
  /** Embeddings are multiplied by this. */
  readonly embedScale: number;
  /** Of the gate; "gelu" is the tanh form. */
  readonly activation: "silu" | "gelu";
  /** Added to the mean square in RMSNorm. */
  readonly rmsNormEps: number;
  /** Added to every stored gain of a norm: 1 in Gemma, which stores what a gain is above one. */
  readonly gainOffset: 0 | 1;
  /** Which products have a bias: queries, keys and values; the output of attention; the three of the feed-forward. */
  readonly biases: { readonly qkv: boolean; readonly out: boolean; readonly mlp: boolean };
  /** Every query and key head has a norm of its own before it is turned. */
  readonly hasHeadNorms: boolean;
  /** What a sublayer adds to the residual stream is normalised first. */
  readonly hasPostNorms: boolean;
  /** The head is the embedding matrix; then there is no weight named `head`. */
  readonly tieEmbeddings: boolean;
}

/** The checkpoint's names: of a layer what stands between its prefix and `.weight` or `.bias`. */
export interface DecoderNames {
  readonly embed: string;
  readonly finalNorm: string;
  readonly head: string;
  /** Before the number of a layer. */
  readonly layers: string;
  readonly attnNorm: string;
  readonly wq: string;
  readonly wk: string;
  readonly wv: string;
  readonly wo: string;
  readonly mlpNorm: string;
  readonly wGate: string;
  readonly wUp: string;
  readonly wDown: string;
  readonly qNorm: string;
  readonly kNorm: string;
  readonly postAttnNorm: string;
  readonly postMlpNorm: string;
}

/** The names of Hugging Face Transformers, which most checkpoints use. */
export const HUB_NAMES: DecoderNames = {
  embed: "model.embed_tokens",
  finalNorm: "model.norm",
  head: "lm_head",
  layers: "model.layers",
  attnNorm: "input_layernorm",
  wq: "self_attn.q_proj",
  wk: "self_attn.k_proj",
  wv: "self_attn.v_proj",
  wo: "self_attn.o_proj",
  mlpNorm: "post_attention_layernorm",
  wGate: "mlp.gate_proj",
  wUp: "mlp.up_proj",
  wDown: "mlp.down_proj",
  qNorm: "self_attn.q_norm",
  kNorm: "self_attn.k_norm",
  postAttnNorm: "post_attention_layernorm",
  postMlpNorm: "post_feedforward_layernorm",
};

/**
 * Our names: `embed` [V, D], `finalNorm` [D], `head` [V, D] unless tied, and for layer l from 0, prefixed `layers.l.`:
 * `attnNorm` [D], `wq` [H*A, D], `wk` `wv` [K*A, D], `wo` [D, H*A], `mlpNorm` [D], `wGate` `wUp` [F, D], `wDown` [D, F];
 * where the configuration has them the biases `bq` `bk` `bv` `bo` `bGate` `bUp` `bDown`, each as long as its matrix has
 * rows, `qNorm` `kNorm` [A], `postAttnNorm` `postMlpNorm` [D]. Matrices are [out, in], row-major.
 */
export function decoderWeights(c: DecoderConfig, names: DecoderNames = HUB_NAMES): WeightTable {
  const { dim, nHeads, nKvHeads, headDim, hiddenDim, vocabSize } = c;
  const qDim = nHeads * headDim;
  const kvDim = nKvHeads * headDim;
  const layer = (l: number): WeightSpec[] => {
    const spec = (
      name: string,
      source: string,
      shape: readonly number[],
      kind: "weight" | "bias",
    ): WeightSpec => ({
      name: `layers.${l}.${name}`,
      source: `${names.layers}.${l}.${source}.${kind}`,
      shape,
    });
    const norm = (name: keyof DecoderNames, size: number): WeightSpec =>
      spec(name, names[name], [size], "weight");
    const product = (name: string, rows: number, cols: number, hasBias: boolean): WeightSpec[] => {
      const source = names[`w${name}` as keyof DecoderNames];
      return [
        spec(`w${name}`, source, [rows, cols], "weight"),
        ...(hasBias ? [spec(`b${name}`, source, [rows], "bias")] : []),
      ];
    };
    return [
      norm("attnNorm", dim),
      ...product("q", qDim, dim, c.biases.qkv),
      ...product("k", kvDim, dim, c.biases.qkv),
      ...product("v", kvDim, dim, c.biases.qkv),
      ...product("o", dim, qDim, c.biases.out),
      ...(c.hasHeadNorms ? [norm("qNorm", headDim), norm("kNorm", headDim)] : []),
      ...(c.hasPostNorms ? [norm("postAttnNorm", dim)] : []),
      norm("mlpNorm", dim),
      ...product("Gate", hiddenDim, dim, c.biases.mlp),
      ...product("Up", hiddenDim, dim, c.biases.mlp),
      ...product("Down", dim, hiddenDim, c.biases.mlp),
      ...(c.hasPostNorms ? [norm("postMlpNorm", dim)] : []),
    ];
  };
  const whole = (name: "embed" | "finalNorm" | "head", ...shape: number[]): WeightSpec => ({
    name,
    source: `${names[name]}.weight`,
    shape,
  });
  const head = whole("head", vocabSize, dim);
  return {
    weights: [
      whole("embed", vocabSize, dim),
      ...Array.from({ length: c.nLayers }, (_, l) => layer(l)).flat(),
      whole("finalNorm", dim),
      ...(c.tieEmbeddings ? [] : [head]),
    ],
    // Old exports store the rotary frequencies, which the configuration gives; tied ones may store the head a second time.
    mayIgnore: (source) =>
      /\.rotary_emb\.inv_freq$/.test(source) || (c.tieEmbeddings && source === head.source),
  };
}
