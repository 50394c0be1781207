/** Finds and reads the safetensors files of a model: one file, or several under an index; whole, or tensor by tensor. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import { checkFields, parseJson } from "./config";
import { dataStartOf, parseHeader, parseSafetensors, type StoredTensor } from "./safetensors";
import { MissingFileError, type RangeFiles } from "./source";

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
 * @param tensorsOf the tensors of one file
 * @throws DecoscopeError `load` if a shard is damaged or holds other tensors than the index says
 */
async function collect(
  { files, weightMap }: Shards,
  label: string,
  tensorsOf: (file: string) => Promise<Iterable<StoredTensor>>,
): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  // One after the other: each is large, and the connection is busy with one.
  for (const file of files) {
    for (const tensor of await tensorsOf(file)) {
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

/** All tensors, from files read whole. @throws DecoscopeError as {@link collect} does */
export const readShards = (
  shards: Shards,
  label: string,
  read: ReadFile,
): Promise<Map<string, StoredTensor>> =>
  collect(shards, label, async (file) => parseSafetensors(await read(file), `${label}/${file}`).values());

/** Enough for the headers of most shards, so that one request does. */
const HEAD_BYTES = 1 << 17;

/**
 * All tensors, of which only the headers are read; the bytes of each are taken from `ranges` when asked for.
 * @param sizes length of every file
 * @throws DecoscopeError as {@link collect} does, or `load` for a shard that is not listed
 */
export const openShards = (
  shards: Shards,
  label: string,
  sizes: ReadonlyMap<string, number | null>,
  ranges: RangeFiles,
): Promise<Map<string, StoredTensor>> =>
  collect(shards, label, async (file) => {
    const size = sizes.get(file) ?? null;
    if (size === null)
      throw new MissingFileError(
        `${label}: expected the file ${file}, found only ${[...sizes.keys()].join(", ")}. Choose a model that was published whole.`,
      );
    const read = async (begin: number, end: number) => {
      const range = { file, begin, end };
      await ranges.prepare([range]);
      return ranges.take(range);
    };
    const first = await read(0, Math.min(size, HEAD_BYTES));
    const start = dataStartOf(first, size, `${label}/${file}`);
    const head = start <= first.length ? first.subarray(0, start) : await read(0, start);
    return parseHeader(head, size, `${label}/${file}`).map(({ begin, end, ...entry }): StoredTensor => {
      const range = { file, begin, end };
      return {
        ...entry,
        range,
        get bytes() {
          return ranges.take(range);
        },
      };
    });
  });
