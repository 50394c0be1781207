/** What the rest of the program may know of models: interfaces only, nothing that runs. */

/** How a weight is stored in the checkpoint. */
export type StoredDtype = "f32" | "f16" | "bf16";

/** Which positions a model was trained to see: earlier ones only, or all of them with some tokens masked. */
export type ModelKind = "causal" | "masked";

/** How a model fills masked positions. */
export interface MaskedFacts {
  /**
   * Id that stands for a position still to be filled; null where neither config.json nor the tokenizer names one, and
   * then there are logits but no canvas.
   */
  readonly maskToken: number | null;
  /**
   * What rows see: `bidirectional` every position; `prompt_isolated` the same, but rows of the prompt only the prompt,
   * so that a cached prompt is exact; `block_causal` every position of their own block and of the blocks before it.
   */
  readonly attention: "bidirectional" | "prompt_isolated" | "block_causal";
  /** Positions of a block where attention goes by blocks, which begin at multiples of it; null otherwise. */
  readonly blockSize: number | null;
  /**
   * Which row speaks of position i: row i (0; LLaDA, MDLM, RADD) or, in models grown from autoregressive ones, row i - 1
   * (1; Dream, Fast-dLLM v2).
   */
  readonly logitShift: 0 | 1;
}

/** How a model of recurrent depth is put together: prelude, a core that runs again and again, coda. */
export interface RecurrenceFacts {
  /** Layers of each part. */
  readonly nPrelude: number;
  readonly nCore: number;
  readonly nCoda: number;
  /** Recurrences that training used, on average: what the model runs where nothing else is asked for. */
  readonly trainedRecurrence: number;
  /** Of models whose own router says which tokens run which recurrence; left out by those that are stopped from outside. */
  readonly router?: RouterFacts;
  /**
   * Of models whose layers are all in the core: a latent is the residual stream, begins as the embedding and is all that a
   * loop sees, so each loop reads keys and values of its own.
   */
  readonly looped?: LoopedFacts;
}

/** What the gate of a looped model is compared with. */
export interface LoopedFacts {
  /** Probability of having stopped from which a token stops, as the checkpoint was published; 1 is never early. */
  readonly exitThreshold: number;
}

/** How a mixture of recursions decides who runs how deep, and which keys and values the weights were trained with. */
export type RouterFacts = ExpertChoice | TokenChoice;

/** Each recursion chooses its tokens. */
export interface ExpertChoice {
  readonly choice: "expert";
  /** Probability from which a token is let in, as in training's target. */
  readonly threshold: number;
  /** Tokens that training let into each recursion, in shares of {@link RecurrenceFacts.trainedRecurrence}; they never grow. */
  readonly capacities: readonly number[];
  readonly cache: "per-recurrence" | "first-recurrence";
}

/** Each token chooses its depth, once, before the first recursion. */
export interface TokenChoice {
  readonly choice: "token";
  readonly cache: "per-recurrence" | "first-recurrence";
}

/** What decoding methods may know of a model. */
export interface ModelFacts {
  readonly id: string;
  readonly vocabSize: number;
  /** Ids that end the text. */
  readonly endTokens: readonly number[];
}

/** What every architecture's configuration says; each adds its own sizes. */
export interface ModelConfig {
  /** Id of the {@link Architecture} that read it; tells the configurations apart. */
  readonly architecture: string;
  readonly kind: ModelKind;
  /** Rows of the embedding and of the head, V; may exceed the tokenizer's vocabulary (padding). */
  readonly vocabSize: number;
  /** Most positions the model was made for. */
  readonly maxContext: number;
  /** Id that starts a text; null if the model names none. */
  readonly bosToken: number | null;
  /** Ids that end a text, without repeats. */
  readonly endTokens: readonly number[];
  /** Id that stands for a position still to be filled; null for models that know no mask. */
  readonly maskToken: number | null;
  /** Null for causal models. */
  readonly masked: MaskedFacts | null;
}

/** One tensor that an architecture needs. */
export interface WeightSpec {
  /** Our name, used everywhere behind the weight table: `layers.0.wq`. */
  readonly name: string;
  /** The checkpoint's name: `model.layers.0.self_attn.q_proj.weight`. */
  readonly source: string;
  readonly shape: readonly number[];
}

/** Everything an architecture says about a checkpoint's tensors. */
export interface WeightTable {
  readonly weights: readonly WeightSpec[];
  /** Whether a tensor that `weights` does not list may be left out (it repeats or can be computed from others). */
  readonly mayIgnore: (source: string) => boolean;
}

/** The JSON files that describe a model, parsed but not yet believed. */
export interface ConfigFiles {
  /** config.json */
  readonly config: unknown;
  /** generation_config.json; undefined if there is none. */
  readonly generation: unknown;
  /** Where they came from, for messages. */
  readonly label: string;
}

/** A family of models: how to read its configuration and where its weights are. One file each. */
export interface Architecture<C extends ModelConfig = ModelConfig> {
  readonly id: C["architecture"];
  readonly label: string;
  /**
   * The typed configuration.
   * @throws DecoscopeError `load` if a field is missing or out of range, `unsupported` if the model asks for something
   * that the forward pass does not do.
   */
  readConfig(files: ConfigFiles): C;
  weightTable(config: C): WeightTable;
}

/** One weight of a loaded checkpoint; bytes stay as they were stored until {@link toFloat32} is called. */
export interface CheckpointTensor {
  readonly name: string;
  /** Name in the checkpoint. */
  readonly source: string;
  /** File that holds it. */
  readonly file: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  /** Product of the shape. */
  readonly count: number;
  /** Bytes as stored, little-endian, row-major: a view of the file's buffer, or read anew whenever asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * The stored numbers without conversion: f32 as numbers, f16 and bf16 as their 16 bits. Shares the file's buffer
   * unless the tensor starts at an odd address.
   */
  view(): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  /**
   * A new array on every call, owned by the caller.
   * @throws DecoscopeError `load` if a value is infinite or no number: such weights give nonsense, not errors, later on.
   */
  toFloat32(): Float32Array<ArrayBuffer>;
}

/** All weights of a checkpoint under our names, each checked to be there in the expected shape. */
export interface CheckpointTensors {
  /** In the order of the weight table. */
  readonly names: readonly string[];
  /** The tensor of that name. Asking for a name outside the table is our own mistake. */
  get(name: string): CheckpointTensor;
  /**
   * Resolves when the tensors whose names begin so can be read, which for a model that is on its way is when they came; those
   * prepared before must then be prepared again. Without it only tensors of files in memory can be read.
   * @throws DecoscopeError if they cannot be had
   */
  prepare(prefix: string): Promise<void>;
  /**
   * Resolves when all tensors are on this machine, as far as they can be without being held in memory: at once where they come
   * as they are prepared.
   * @throws DecoscopeError if they cannot be had
   */
  arrive(): Promise<void>;
  /**
   * Rows [from, to) of a matrix as numbers, in a new array; prepares what it reads, and nothing else is prepared then.
   * @throws DecoscopeError as {@link prepare} and {@link CheckpointTensor.toFloat32} do
   */
  rows(name: string, from: number, to: number): Promise<Float32Array<ArrayBuffer>>;
  /** Numbers in all tensors together. */
  readonly parameters: number;
  /** Bytes of all tensors as stored. */
  readonly sizeBytes: number;
  /** Storage types that occur. */
  readonly dtypes: readonly StoredDtype[];
}
