/** What a model would take, known before anything large is fetched: from its configuration and the heads of its weight files. */
import { DecoscopeError } from "../../base/errors";
import { CACHE_STORAGES, type CacheStorage, slotWords } from "../../kernels/cache";
import { WEIGHT_STORAGES, weightBytes, type WeightStorage } from "../../kernels/weights";
import { findArchitecture, type KnownConfig } from "../architectures";
import { findShards, INDEX_FILE, openShards, SINGLE_FILE } from "../checkpoint";
import { parseJson } from "../config";
import type { CheckpointTensors, ModelKind, StoredDtype } from "../model";
import { MissingFileError, type ModelSource } from "../source";
import { mapWeights } from "../weights";
import { sizeText } from "./request";

/** Longest text for which a model from outside gets a cache unless more is asked for: what the page's runs need, and no more memory. */
export const CONTEXT_LIMIT = 2048;
/** Lengths of text that one can choose, where the model was made for as many. */
const CONTEXTS = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072];

/** How a model is kept on the device: what one chooses before it is loaded. */
export interface Kept {
  readonly storage: WeightStorage;
  /** Of keys and values. */
  readonly cacheStorage: CacheStorage;
  /** Longest text, prompt and answer together, in tokens. */
  readonly context: number;
}

/** A way to keep the weights on the device. */
export interface StorageChoice {
  readonly storage: WeightStorage;
  readonly weightBytes: number;
  /** Why this device cannot do it; null if it can. */
  readonly problem: string | null;
}

/** A way to keep keys and values. */
export interface CacheChoice {
  readonly storage: CacheStorage;
  /** Of one token, in all layers together. */
  readonly tokenBytes: number;
  /** Why this device cannot do it; null if it can. */
  readonly problem: string | null;
}

export interface ModelDescription {
  readonly architecture: string;
  readonly kind: ModelKind;
  readonly parameters: number;
  /** As the checkpoint stores them. */
  readonly dtypes: readonly StoredDtype[];
  /** What the model was made for. */
  readonly maxContext: number;
  /** What it gets here unless another one of `contexts` is chosen. */
  readonly context: number;
  readonly contexts: readonly number[];
  /** What can be done with keys and values, the most exact first; null where the architecture has no such cache. */
  readonly caches: readonly CacheChoice[] | null;
  /** Of a model that keeps a state of fixed size in place of such a cache; 0 for others. */
  readonly stateBytes: number;
  readonly choices: readonly StorageChoice[];
  /** Files that have to be fetched. */
  readonly files: readonly string[];
}

/** What a device can hold. */
export interface DeviceLimits {
  readonly hasF16: boolean;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

const SMALL = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
];

function requireFile(listed: ReadonlySet<string>, name: string, id: string, what: string): void {
  if (listed.has(name)) return;
  throw new MissingFileError(
    `${id}: expected the file ${name}, found ${[...listed].slice(0, 12).join(", ") || "no files"}. ${what}`,
  );
}

/** Keys and values of every layer that a token goes through: a core that recurs has its own each time. */
function cachesOf(config: KnownConfig, hasF16: boolean): readonly CacheChoice[] | null {
  if ("stateBytes" in config) return null;
  const c = config as unknown as Partial<Record<string, unknown>>;
  const [headDim, nKvHeads] = [c["headDim"], c["nKvHeads"] ?? c["nHeads"]];
  const core = "recurrence" in config ? config.recurrence : null;
  const layers = core ? core.nPrelude + core.trainedRecurrence * core.nCore + core.nCoda : c["nLayers"];
  if (typeof layers !== "number" || typeof nKvHeads !== "number" || typeof headDim !== "number") return null;
  return CACHE_STORAGES.map((storage) => ({
    storage,
    tokenBytes: 4 * layers * slotWords(storage, nKvHeads, headDim),
    problem: storage === "f16" && !hasF16 ? NO_F16 : null,
  }));
}

/** Lengths up to what the model was made for, that one itself among them. */
const contextsUpTo = (most: number): readonly number[] => [
  ...CONTEXTS.filter((length) => length < most),
  ...(most <= CONTEXTS.at(-1)! ? [most] : []),
];

const NO_F16 = "This device does not calculate with 16-bit numbers.";

/** Sizes on the device: matrices in `storage`, vectors in f32. */
function choiceOf(tensors: CheckpointTensors, storage: WeightStorage, limits: DeviceLimits): StorageChoice {
  let total = 0;
  let largest = { bytes: 0, what: "" };
  for (const name of tensors.names) {
    const { shape, count } = tensors.get(name);
    const [rows = 1, cols = 1] = shape;
    const isMatrix = shape.length === 2 && cols % 4 === 0;
    const sizeOf = (n: number): number => {
      if (!isMatrix) return 4 * count;
      const { data, scales } = weightBytes(n, cols, storage);
      return data + scales;
    };
    total += sizeOf(rows);
    // Matrices are kept in parts that fit, of four rows at least; vectors are not cut.
    const bytes = sizeOf(Math.min(rows, 4));
    if (bytes > largest.bytes) largest = { bytes, what: isMatrix ? `Four rows of ${name}` : name };
  }
  const most = Math.min(limits.maxBindingBytes, limits.maxBufferBytes);
  const problem =
    storage === "f16" && !limits.hasF16
      ? NO_F16
      : largest.bytes > most
        ? `${largest.what} would take ${sizeText(largest.bytes)} and cannot be cut further; this device reads at most ${sizeText(most)} at a time. Choose another way to keep the weights, or a smaller model.`
        : null;
  return { storage, weightBytes: total, problem };
}

/** Bytes of weights that need no thought on any device. */
const SMALL_BYTES = 256e6;
/** Bytes of int8 weights above which the loss of int4 is worth the room. */
const LARGE_BYTES = 1e9;

/** The most exact way that the device can do and that is not large for no good reason; null if there is none. */
export const preferred = (choices: readonly StorageChoice[]): StorageChoice | null => {
  const able = choices.filter(({ problem }) => problem === null);
  return (
    able.find(({ weightBytes: bytes }) => bytes <= SMALL_BYTES) ??
    able.find(({ storage, weightBytes: bytes }) => storage === "int8" && bytes <= LARGE_BYTES) ??
    able.at(-1) ??
    null
  );
};

/**
 * Reads the description of a model and the heads of its weights, and checks that they fit one another.
 * @throws DecoscopeError `unsupported` for architectures that cannot run here, `load` for missing or contradicting files
 */
export async function inspect(source: ModelSource, limits: DeviceLimits): Promise<ModelDescription> {
  const { id, ranges } = source;
  const list = (await source.list?.()) ?? [];
  const sizes = new Map(list.map(({ name, sizeBytes }) => [name, sizeBytes]));
  const listed = new Set(sizes.keys());
  const layout = "Choose a model that is published in the layout of the transformers library.";
  requireFile(listed, "config.json", id, layout);
  const json = async (name: string) =>
    listed.has(name) ? parseJson(await source.read(name), `${id}/${name}`) : undefined;
  const files = {
    config: await json("config.json"),
    generation: await json("generation_config.json"),
    label: id,
  };
  const architecture = await findArchitecture(files);
  const config = architecture.readConfig(files);
  requireFile(listed, "tokenizer.json", id, "Choose a model that comes with a fast tokenizer.");
  const shards = await findShards(id, listed, (name) => source.read(name));
  if (!ranges) throw new DecoscopeError("load", `${id} cannot be read in pieces.`);
  const tensors = mapWeights(
    architecture.weightTable(config),
    await openShards(shards, id, sizes, ranges),
    id,
  );
  const context = Math.min(config.maxContext, CONTEXT_LIMIT);
  return {
    architecture: architecture.label,
    kind: config.kind,
    parameters: tensors.parameters,
    dtypes: tensors.dtypes,
    maxContext: config.maxContext,
    context,
    contexts: contextsUpTo(config.maxContext),
    caches: cachesOf(config, limits.hasF16),
    stateBytes: "stateBytes" in config ? config.stateBytes : 0,
    choices: WEIGHT_STORAGES.map((storage) => choiceOf(tensors, storage, limits)),
    files: [
      ...SMALL.filter((name) => listed.has(name)),
      ...(listed.has(SINGLE_FILE) ? [] : [INDEX_FILE]),
      ...shards.files,
    ],
  };
}
