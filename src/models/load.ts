/** From a directory of model files to everything the engine needs, on the CPU; nothing here touches the GPU. */
import { DecoscopeError } from "../base/errors";
import { findArchitecture, type KnownArchitecture, type KnownConfig } from "./architectures";
import { findShards, INDEX_FILE, openShards, readShards, SINGLE_FILE } from "./checkpoint";
import { parseJson } from "./config";
import type { CheckpointTensors, ModelFacts } from "./model";
import { Reader } from "./reader";
import { MissingFileError, type ModelSource, type ReadOptions } from "./source";
import { Tokenizer } from "./tokenizer/tokenizer";
import { mapWeights } from "./weights";

export interface LoadedModel {
  readonly facts: ModelFacts;
  readonly architecture: KnownArchitecture;
  readonly config: KnownConfig;
  readonly tensors: CheckpointTensors;
  readonly tokenizer: Tokenizer;
  /** Bytes of all files that were read. */
  readonly sizeBytes: number;
}

export interface LoadModelOptions extends ReadOptions {
  /** Longest text that the model gets memory for, where it could do more. */
  readonly maxContext?: number | undefined;
}

/** The small files that are read, if they are there. */
const REQUIRED = ["config.json", "tokenizer.json"] as const;
const OPTIONAL = ["generation_config.json", "tokenizer_config.json", "chat_template.jinja"] as const;

/** Anything thrown as a typed error; errors of ours pass through. */
function typed(thrown: unknown, source: ModelSource, signal: AbortSignal | undefined): DecoscopeError {
  if (thrown instanceof DecoscopeError) return thrown;
  if (signal?.aborted) return new DecoscopeError("cancelled", `Loading ${source.id} was cancelled.`);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new DecoscopeError(
    "load",
    `${source.id} could not be loaded: ${reason}. Try again or choose another model.`,
  );
}

/** The files that will be read as far as a list of files tells, so that the total is right from the first byte on. */
function planFrom(listed: ReadonlyMap<string, number | null>): Map<string, number | null> {
  const small: readonly string[] = [...REQUIRED, ...OPTIONAL];
  const isWeights = (name: string): boolean =>
    listed.has(SINGLE_FILE) ? name === SINGLE_FILE : name === INDEX_FILE || name.endsWith(".safetensors");
  return new Map([...listed].filter(([name]) => small.includes(name) || isWeights(name)));
}

/** The small files of a model, each parsed; undefined where there is none. */
async function readDescription(
  source: ModelSource,
  reader: Reader,
  listed: ReadonlyMap<string, number | null> | null,
) {
  const optional = async (name: (typeof OPTIONAL)[number]): Promise<Uint8Array | undefined> => {
    if (listed && !listed.has(name)) return undefined;
    try {
      return await reader.read(name);
    } catch (thrown) {
      if (thrown instanceof MissingFileError) return undefined;
      throw thrown;
    }
  };
  const [config, tokenizer, generation, tokenizerConfig, chatTemplate] = await Promise.all([
    reader.read("config.json"),
    reader.read("tokenizer.json"),
    optional("generation_config.json"),
    optional("tokenizer_config.json"),
    optional("chat_template.jinja"),
  ]);
  const json = (bytes: Uint8Array | undefined, name: string) =>
    bytes && parseJson(bytes, `${source.id}/${name}`);
  return {
    config: json(config, "config.json"),
    generation: json(generation, "generation_config.json"),
    tokenizer: json(tokenizer, "tokenizer.json"),
    tokenizerConfig: json(tokenizerConfig, "tokenizer_config.json"),
    chatTemplate: chatTemplate ? new TextDecoder().decode(chatTemplate) : null,
  };
}

async function load(source: ModelSource, options: LoadModelOptions): Promise<LoadedModel> {
  const label = source.id;
  const { ranges } = source;
  // What is read in pieces is counted by who fetches it.
  const reader = new Reader(source, ranges ? { signal: options.signal } : options);
  const list = await source.list?.(options);
  const listed = list ? new Map(list.map(({ name, sizeBytes }) => [name, sizeBytes])) : null;
  if (listed) reader.plan(planFrom(listed));

  // Small files first: whether the model can run at all is known before the large download starts.
  const files = await readDescription(source, reader, listed);
  const architecture = await findArchitecture({ ...files, label });
  const given = architecture.readConfig({ ...files, label });
  const read: KnownConfig = {
    ...given,
    maxContext: Math.min(given.maxContext, options.maxContext ?? Infinity),
  };
  const tokenizer = new Tokenizer({
    tokenizer: files.tokenizer,
    config: files.tokenizerConfig,
    chatTemplate: files.chatTemplate,
    bosToken: read.bosToken,
    label,
  });
  const config = withMaskOf(tokenizer, read);
  checkTokenizerFits(tokenizer, config, label);

  const shards = await findShards(label, listed && new Set(listed.keys()), reader.read);
  const done = reader.readFiles;
  reader.plan(new Map([...done, ...shards.files.map((name) => [name, listed?.get(name) ?? null] as const)]));
  const stored = await (ranges && listed
    ? openShards(shards, label, listed, ranges)
    : readShards(shards, label, reader.read));
  const tensors = mapWeights(architecture.weightTable(config), stored, label, ranges);

  const endTokens = [
    ...new Set([...config.endTokens, ...(tokenizer.endToken === null ? [] : [tokenizer.endToken])]),
  ];
  return {
    facts: { id: label, vocabSize: config.vocabSize, endTokens },
    architecture,
    config,
    tensors,
    tokenizer,
    sizeBytes: reader.loadedBytes + (ranges ? tensors.sizeBytes : 0),
  };
}

/** A model that fills masks may leave it to its tokenizer to name them. */
function withMaskOf(tokenizer: Tokenizer, config: KnownConfig): KnownConfig {
  const { maskToken } = tokenizer;
  if (!config.masked || config.maskToken !== null || maskToken === null || maskToken >= config.vocabSize)
    return config;
  return { ...config, maskToken, masked: { ...config.masked, maskToken } };
}

function checkTokenizerFits(tokenizer: Tokenizer, config: KnownConfig, label: string): void {
  if (tokenizer.size > config.vocabSize)
    throw new DecoscopeError(
      "load",
      `${label}: the tokenizer does not match the model: expected at most ${config.vocabSize} tokens (vocab_size in ` +
        `config.json), found ${tokenizer.size} in tokenizer.json. Check that both files belong to the same model.`,
    );
}

/**
 * Reads and checks a model: configuration, tokenizer, then weights. The weights stay as stored until they are asked for
 * as f32, and their memory is free once the result is dropped. Progress counts the bytes of all files together.
 * @throws DecoscopeError `load` for anything missing or damaged, `unsupported` for models that cannot run here, `limit`
 * if a file does not fit in memory, `cancelled` if the signal was raised
 */
export async function loadModel(source: ModelSource, options: LoadModelOptions = {}): Promise<LoadedModel> {
  try {
    return await load(source, options);
  } catch (thrown) {
    throw typed(thrown, source, options.signal);
  }
}
