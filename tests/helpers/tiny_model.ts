/** A random Llama of any size in hub layout, in memory: what loader and engine tests run on. */
import { gumbelAt, Purpose } from "../../src/base/rng";
import { llama } from "../../src/models/architectures/llama";
import type { StoredDtype } from "../../src/models/model";
import { MissingFileError, throwIfCancelled, type ModelSource } from "../../src/models/source";
import { writeSafetensors, type WrittenTensor } from "./safetensors";
import { TINY_VOCAB, tinyTokenizer } from "./tiny_tokenizer";

export interface TinyModelOptions {
  readonly seed?: number;
  readonly dim?: number;
  readonly nLayers?: number;
  readonly nHeads?: number;
  readonly nKvHeads?: number;
  readonly headDim?: number;
  readonly hiddenDim?: number;
  /** At least {@link TINY_VOCAB}. */
  readonly vocabSize?: number;
  readonly maxContext?: number;
  readonly ropeTheta?: number;
  readonly tieEmbeddings?: boolean;
  readonly dtype?: StoredDtype;
  /** Number of files to spread the weights over. */
  readonly shards?: number;
  /** Fields that replace those of config.json. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Files of a model by name; tests may change or delete them. */
export type ModelFiles = Map<string, Uint8Array<ArrayBuffer>>;

export const jsonBytes = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(value));

/**
 * Weights are differences of Gumbel draws (mean 0, standard deviation 1) scaled by 1/sqrt(fan in), gains near 1; the
 * embedding has unit size, so that logits spread enough for an argmax to be clear.
 */
export function randomWeights(
  seed: number,
  tensor: number,
  shape: readonly number[],
  isEmbedding: boolean,
): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const draw = (index: number, sibling: number): number =>
    gumbelAt({ seed, step: tensor, purpose: Purpose.SAMPLE, node: 0, sibling, index });
  const normal = (index: number): number => ((draw(index, 0) - draw(index, 1)) * Math.sqrt(3)) / Math.PI;
  const fanIn = isEmbedding ? 1 : (shape[1] ?? 1);
  const isGain = shape.length === 1;
  return Float32Array.from({ length: count }, (_, i) =>
    isGain ? 1 + 0.1 * normal(i) : normal(i) / Math.sqrt(fanIn),
  );
}

/** The model's files: config.json, generation_config.json, tokenizer.json and the weights. */
export function tinyModel(options: TinyModelOptions = {}): ModelFiles {
  const { seed = 1, dim = 16, nLayers = 2, nHeads = 4, nKvHeads = 2, headDim = 4, hiddenDim = 24 } = options;
  const { vocabSize = TINY_VOCAB, maxContext = 64, ropeTheta = 10000, tieEmbeddings = true } = options;
  const { dtype = "f32", shards = 1 } = options;
  const config = {
    model_type: "llama",
    architectures: ["LlamaForCausalLM"],
    hidden_size: dim,
    num_hidden_layers: nLayers,
    num_attention_heads: nHeads,
    num_key_value_heads: nKvHeads,
    head_dim: headDim,
    intermediate_size: hiddenDim,
    vocab_size: vocabSize,
    max_position_embeddings: maxContext,
    rms_norm_eps: 1e-5,
    rope_theta: ropeTheta,
    hidden_act: "silu",
    tie_word_embeddings: tieEmbeddings,
    bos_token_id: 0,
    eos_token_id: 0,
    mask_token_id: 1,
  };
  // Changed fields do not change the weights: that is how tests make the two disagree.
  const { weights } = llama.weightTable(llama.readConfig({ config, generation: undefined, label: "tiny" }));
  const tensors = weights.map(({ name, source, shape }, i): WrittenTensor => {
    const values = randomWeights(seed, i, shape, name === "embed");
    return { name: source, dtype, shape, values };
  });
  return new Map([
    ["config.json", jsonBytes({ ...config, ...options.config })],
    ["generation_config.json", jsonBytes({ bos_token_id: 0, eos_token_id: [0] })],
    ["tokenizer.json", jsonBytes(tinyTokenizer())],
    ...weightFiles(tensors, shards),
  ]);
}

export function weightFiles(
  tensors: readonly WrittenTensor[],
  shards: number,
): [string, Uint8Array<ArrayBuffer>][] {
  if (shards === 1) return [["model.safetensors", writeSafetensors(tensors)]];
  const pad = (n: number): string => String(n).padStart(5, "0");
  const fileName = (shard: number): string => `model-${pad(shard + 1)}-of-${pad(shards)}.safetensors`;
  const groups = Array.from({ length: shards }, (_, s) => tensors.filter((_, i) => i % shards === s));
  const weightMap = Object.fromEntries(
    groups.flatMap((group, s) => group.map(({ name }) => [name, fileName(s)])),
  );
  return [
    ...groups.map((group, s): [string, Uint8Array<ArrayBuffer>] => [fileName(s), writeSafetensors(group)]),
    ["model.safetensors.index.json", jsonBytes({ metadata: {}, weight_map: weightMap })],
  ];
}

/** A source over files in memory. Without `canList` it is as ignorant as a plain web server. */
export function memorySource(files: ModelFiles, { id = "tiny", canList = true } = {}): ModelSource {
  return {
    id,
    ...(canList && {
      list: () => Promise.resolve([...files].map(([name, bytes]) => ({ name, sizeBytes: bytes.length }))),
    }),
    async read(name, { signal, onProgress } = {}) {
      await Promise.resolve();
      throwIfCancelled(signal, id);
      const bytes = files.get(name);
      if (!bytes) throw new MissingFileError(`Expected ${name} in ${id}, found no such file.`);
      onProgress?.(0, bytes.length);
      onProgress?.(bytes.length, bytes.length);
      return bytes;
    },
  };
}
