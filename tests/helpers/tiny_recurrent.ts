/** A random model of recurrent depth in hub layout, in memory. */
import { recurrentDepth } from "../../src/models/architectures/recurrent_depth";
import type { WrittenTensor } from "./safetensors";
import { jsonBytes, type ModelFiles, randomWeights, weightFiles } from "./tiny_model";
import { TINY_VOCAB, tinyTokenizer } from "./tiny_tokenizer";

export interface TinyRecurrentOptions {
  readonly seed?: number;
  readonly dim?: number;
  readonly nHeads?: number;
  readonly hiddenDim?: number;
  readonly nPrelude?: number;
  readonly nCore?: number;
  readonly nCoda?: number;
  /** Recurrences that training used. */
  readonly recurrences?: number;
  /** At least {@link TINY_VOCAB}. */
  readonly vocabSize?: number;
  readonly maxContext?: number;
  /** Factor of the adapter's columns of the latent: less than 1 makes the core forget what it comes from. */
  readonly memory?: number;
  /** Fields of config.json to replace; the weights stay as they were. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The model's files: config.json, generation_config.json, tokenizer.json and the weights. */
export function tinyRecurrent(options: TinyRecurrentOptions = {}): ModelFiles {
  const { seed = 1, dim = 16, nHeads = 2, hiddenDim = 24, vocabSize = TINY_VOCAB, maxContext = 64 } = options;
  const { nPrelude = 1, nCore = 2, nCoda = 1, recurrences = 4, memory = 1 } = options;
  const config = {
    model_type: "huginn_raven",
    architectures: ["RavenForCausalLM"],
    n_embd: dim,
    n_heads: nHeads,
    n_layers_in_prelude: nPrelude,
    n_layers_in_recurrent_block: nCore,
    n_layers_in_coda: nCoda,
    mean_recurrence: recurrences,
    intermediate_size: hiddenDim,
    vocab_size: vocabSize,
    block_size: maxContext,
    norm_eps: 1e-5,
    rope_base: 10000,
    init_values: { std: Math.sqrt(2 / (5 * dim)), embed_scale: Math.sqrt(dim) },
    bos_token_id: 0,
    eos_token_id: 0,
    mask_token_id: 1,
  };
  const { weights } = recurrentDepth.weightTable(
    recurrentDepth.readConfig({ config, generation: undefined, label: "tiny" }),
  );
  const tensors = weights.map(({ name, source, shape }, i): WrittenTensor => {
    const values = randomWeights(seed, i, shape, name === "embed");
    if (name === "adapter")
      for (let c = 0; c < values.length; c++) if (c % (2 * dim) < dim) values[c]! *= memory;
    return { name: source, dtype: "f32", shape, values };
  });
  return new Map([
    ["config.json", jsonBytes({ ...config, ...options.config })],
    ["generation_config.json", jsonBytes({ bos_token_id: 0, eos_token_id: [0] })],
    ["tokenizer.json", jsonBytes(tinyTokenizer())],
    ...weightFiles(tensors, 1),
  ]);
}
