/** A random mixture of recursions in the layout of its files, in memory. */
import { mixtureOfRecursions } from "../../src/models/architectures/mixture_of_recursions";
import type { WrittenTensor } from "./safetensors";
import { jsonBytes, type ModelFiles, randomWeights, weightFiles } from "./tiny_model";
import { TINY_VOCAB, tinyTokenizer } from "./tiny_tokenizer";

export interface TinyMorOptions {
  readonly seed?: number;
  readonly dim?: number;
  readonly nHeads?: number;
  readonly nKvHeads?: number;
  readonly headDim?: number;
  readonly hiddenDim?: number;
  /** Layers that recursions share. */
  readonly shared?: number;
  readonly recursions?: number;
  readonly alpha?: number;
  readonly temperature?: number;
  /** At least {@link TINY_VOCAB}. */
  readonly vocabSize?: number;
  readonly maxContext?: number;
  /** Whether tokens choose their depths. */
  readonly isChoosing?: boolean;
  /** The head is the embedding, unless false: random weights that are tied repeat the token they read. */
  readonly isTied?: boolean;
  /** Fields of config.json, and of "mor" in it, to replace; the weights stay as they were. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly mor?: Readonly<Record<string, unknown>>;
  /** Tensors to leave out. */
  readonly without?: readonly string[];
}

/** config.json of such a model. */
export function morConfig(options: TinyMorOptions = {}): Record<string, unknown> {
  const { dim = 16, nHeads = 4, nKvHeads = 2, headDim = 4, hiddenDim = 24 } = options;
  const { shared = 2, recursions = 3, alpha = 0.7, temperature = 1 } = options;
  return {
    model_type: "mor_llama",
    architectures: ["MoRLlamaForCausalLM"],
    hidden_size: dim,
    num_hidden_layers: shared + 2,
    num_attention_heads: nHeads,
    num_key_value_heads: nKvHeads,
    head_dim: headDim,
    intermediate_size: hiddenDim,
    vocab_size: options.vocabSize ?? TINY_VOCAB,
    max_position_embeddings: options.maxContext ?? 64,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: "silu",
    tie_word_embeddings: options.isTied ?? true,
    bos_token_id: 0,
    eos_token_id: 0,
    mask_token_id: 1,
    ...options.config,
    mor: {
      recursions,
      sharing: "middle_cycle",
      shared_layers: shared,
      routing: options.isChoosing ? "token_choice" : "expert_choice",
      router: "linear",
      alpha,
      temperature,
      gating: "weighted",
      ...(options.isChoosing
        ? {}
        : { capacities: Array.from({ length: recursions }, (_, i) => recursions - i), threshold: 0.5 }),
      kv: "per-recurrence",
      ...options.mor,
    },
  };
}

/** The model's files: config.json, generation_config.json, tokenizer.json and the weights. */
export function tinyMor(options: TinyMorOptions = {}): ModelFiles {
  const plain = morConfig({ ...options, config: {}, mor: {} });
  const { weights } = mixtureOfRecursions.weightTable(
    mixtureOfRecursions.readConfig({ config: plain, generation: undefined, label: "tiny" }),
  );
  const tensors = weights
    .map(({ name, source, shape }, i): WrittenTensor => ({
      name: source,
      dtype: "f32",
      shape,
      values: randomWeights(options.seed ?? 1, i, shape, name === "embed"),
    }))
    .filter(({ name }) => !options.without?.includes(name));
  return new Map([
    ["config.json", jsonBytes(morConfig(options))],
    ["generation_config.json", jsonBytes({ bos_token_id: 0, eos_token_id: [0] })],
    ["tokenizer.json", jsonBytes(tinyTokenizer())],
    ...weightFiles(tensors, 1),
  ]);
}
