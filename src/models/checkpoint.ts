/** Finds and reads the safetensors files of a model: one file, or several under an index. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import { checkFields, parseJson } from "./config";
import { parseSafetensors, type StoredTensor } from "./safetensors";
import { MissingFileError } from "./source";

export const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

const indexSchema = v.looseObject({
  // A shard is a plain file name: an index must not lead to other directories or hosts.
  weight_map: v.record(v.string(), v.pipe(v.string(), v.regex(/^[\w-][\w.-]*\.safetensors$/))),
});

/** The files that hold the weights, and for a sharded model which tensor is to be in which. */
export interface Shards {
  readonly files: readonly string[];
  /** Tensor name to file; null for a single file. */
  readonly weightMap: ReadonlyMap<string, string> | null;
}

/** Reads one file of the model whose weights are sought. */
type ReadFile = (name: string) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * The names of the weight files.
 * @param listed names of all files, or null if the source cannot tell
 * @throws DecoscopeError `load` if there are none, or the index is damaged
 */
export async function findShards(
  label: string,
  listed: ReadonlySet<string> | null,
  read: ReadFile,
): Promise<Shards> {
  const single: Shards = { files: [SINGLE_FILE], weightMap: null };
  if (listed?.has(SINGLE_FILE)) return single;
  if (listed && !listed.has(INDEX_FILE))
    throw new DecoscopeError(
      "load",
      `${label}: expected ${SINGLE_FILE} or ${INDEX_FILE}, found ${[...listed].join(", ") || "no files"}. ` +
        "Choose a model that is published as safetensors.",
    );
  const file = `${label}/${INDEX_FILE}`;
  let bytes: Uint8Array;
  try {
    bytes = await read(INDEX_FILE);
  } catch (thrown) {
    // A source without a list: no index means that there is one file, whose absence is an error of its own.
    if (thrown instanceof MissingFileError && !listed) return single;
    throw thrown;
  }
  const { weight_map: map } = checkFields(indexSchema, parseJson(bytes, file), file);
  const weightMap = new Map(Object.entries(map));
  const files = [...new Set(weightMap.values())].sort();
  if (files.length === 0)
    throw new DecoscopeError("load", `${file}: expected tensors in weight_map, found none.`);
  return { files, weightMap };
}

/**
 * All tensors of all shards.
 * @throws DecoscopeError `load` if a shard is damaged or holds other tensors than the index says
 */
export async function readShards(
  { files, weightMap }: Shards,
  label: string,
  read: ReadFile,
): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  // One after the other: each is large, and the connection is busy with one.
  for (const file of files) {
    for (const tensor of parseSafetensors(await read(file), `${label}/${file}`).values()) {
      const expected = weightMap ? weightMap.get(tensor.name) : file;
      if (expected !== file)
        throw new DecoscopeError(
          "load",
          `${label}: tensor "${tensor.name}": expected in ${expected ?? "no file"} by ${INDEX_FILE}, found in ${file}. ` +
            "Download the model again.",
        );
      tensors.set(tensor.name, tensor);
    }
  }
  for (const [name, file] of weightMap ?? [])
    if (!tensors.has(name))
      throw new DecoscopeError(
        "load",
        `${label}: tensor "${name}": expected in ${file} by ${INDEX_FILE}, found in no file. Download the model again.`,
      );
  return tensors;
}
