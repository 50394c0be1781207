/**
 * Reads one safetensors file, or its header alone; knows nothing of models or shards.
 * Layout: u64 header length, JSON header, then the tensors' bytes back to back.
 * @see https://huggingface.co/docs/safetensors (format)
 */
import { DecoscopeError } from "../base/errors";
import type { StoredDtype } from "./model";
import type { ByteRange } from "./source";

/** A tensor as a header names it; its bytes are [begin, end) of the file. */
export interface TensorEntry {
  readonly name: string;
  readonly file: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A tensor and where its bytes come from. */
export interface StoredTensor extends Omit<TensorEntry, "begin" | "end"> {
  /** As stored: a view of the file, or read when asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where they are in the file, for files that are read in pieces. */
  readonly range?: ByteRange;
}

const DTYPES: Readonly<Record<string, { readonly dtype: StoredDtype; readonly bytes: number }>> = {
  F32: { dtype: "f32", bytes: 4 },
  F16: { dtype: "f16", bytes: 2 },
  BF16: { dtype: "bf16", bytes: 2 },
};

/** Types the format knows and we do not run; any other word is a damaged header. */
const OTHER_DTYPES = new Set(
  "BOOL U8 I8 I16 U16 I32 U32 I64 U64 F64 C64 F4 F6_E2M3 F6_E3M2 F8_E4M3 F8_E5M2 F8_E8M0".split(" "),
);

/** The format's own limit on the header, 100 MB. */
const MAX_HEADER_BYTES = 100_000_000;

const again = "The file is damaged or incomplete: delete it and download it again.";

function bad(file: string, what: string): DecoscopeError {
  return new DecoscopeError("load", `${file}: ${what}. ${again}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * Where the tensors' bytes begin, told by the first 8 bytes of a file.
 * @throws DecoscopeError `load` if that is no length of a header, or more than the file has
 */
export function dataStartOf(bytes: Uint8Array<ArrayBuffer>, fileBytes: number, file: string): number {
  if (bytes.length < 8) throw bad(file, `expected at least 8 bytes, found ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > MAX_HEADER_BYTES)
    throw bad(file, `expected a header of 2 to ${MAX_HEADER_BYTES} bytes, found a length of ${length}`);
  if (8 + length > fileBytes)
    throw bad(
      file,
      `expected a header of ${length} bytes, found only ${fileBytes - 8} bytes after the length`,
    );
  return 8 + length;
}

function readHeader(bytes: Uint8Array<ArrayBuffer>, file: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8)));
  } catch (thrown) {
    throw bad(file, `expected a JSON header, found something else (${String(thrown).slice(0, 200)})`);
  }
  if (!isRecord(header)) throw bad(file, "expected the header to be a JSON object, found something else");
  return header;
}

function readEntry(
  name: string,
  entry: unknown,
  file: string,
  dataStart: number,
  dataBytes: number,
): TensorEntry {
  const where = `tensor "${name}"`;
  if (!isRecord(entry)) throw bad(file, `${where}: expected an object with dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const known = typeof dtype === "string" && Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype] : undefined;
  if (!known) {
    if (typeof dtype === "string" && OTHER_DTYPES.has(dtype))
      throw new DecoscopeError(
        "unsupported",
        `${file}: ${where} is stored as ${dtype}; expected F32, F16 or BF16. Choose a checkpoint that is not quantized.`,
      );
    throw bad(file, `${where}: expected dtype F32, F16 or BF16, found ${JSON.stringify(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount))
    throw bad(file, `${where}: expected a shape of whole numbers, found ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw bad(file, `${where}: expected data_offsets [begin, end], found ${JSON.stringify(offsets)}`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes)
    throw bad(
      file,
      `${where}: expected offsets within the ${dataBytes} bytes of data, found ${begin} to ${end}`,
    );
  const expected = shape.reduce((product: number, size: number) => product * size, known.bytes);
  if (expected !== end - begin)
    throw bad(
      file,
      `${where}: expected ${expected} bytes for ${String(dtype)} [${shape.join(", ")}], found ${end - begin}`,
    );
  return { name, file, dtype: known.dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

/**
 * The tensors of a file in the order of their bytes, from its header alone. Every byte of data must belong to exactly one tensor, as
 * the format demands: holes, overlaps and trailing bytes are errors (a name given twice leaves a hole and is found too).
 * @param head the file up to where {@link dataStartOf} says that data begins
 * @param fileBytes length of the whole file
 * @throws DecoscopeError `load` if the file is damaged, `unsupported` for number types other than F32, F16 and BF16;
 * the message names file, tensor, what was expected and what was found.
 */
export function parseHeader(
  head: Uint8Array<ArrayBuffer>,
  fileBytes: number,
  file: string,
): readonly TensorEntry[] {
  const dataBytes = fileBytes - head.length;
  const entries = Object.entries(readHeader(head, file))
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => readEntry(name, entry, file, head.length, dataBytes))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    const begin = entry.begin - head.length;
    if (begin !== end)
      throw bad(
        file,
        `tensor "${entry.name}": expected its data to begin at byte ${end}, where the tensor before it ends, ` +
          `found ${begin}`,
      );
    end = entry.end - head.length;
  }
  if (end !== dataBytes)
    throw bad(
      file,
      `expected ${end} bytes of tensor data, found ${dataBytes}; ${dataBytes - end} belong to no tensor`,
    );
  return entries;
}

/** The tensors of a file in memory, as views of it. @throws DecoscopeError as {@link parseHeader} does */
export function parseSafetensors(bytes: Uint8Array<ArrayBuffer>, file: string): Map<string, StoredTensor> {
  const head = bytes.subarray(0, dataStartOf(bytes, bytes.length, file));
  return new Map(
    parseHeader(head, bytes.length, file).map(({ begin, end, ...entry }) => [
      entry.name,
      { ...entry, bytes: bytes.subarray(begin, end) },
    ]),
  );
}
