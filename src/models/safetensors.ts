/**
 * Reads one safetensors file that is already in memory; knows nothing of models or shards.
 * Layout: u64 header length, JSON header, then the tensors' bytes back to back.
 * @see https://huggingface.co/docs/safetensors (format)
 */
import { DecoscopeError } from "../base/errors";
import type { StoredDtype } from "./model";

/** A tensor as a file names it; `bytes` is a view of the file. */
export interface StoredTensor {
  readonly name: string;
  readonly file: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
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

/** The header and where the data starts. */
function readHeader(bytes: Uint8Array<ArrayBuffer>, file: string): [Record<string, unknown>, number] {
  if (bytes.length < 8) throw bad(file, `expected at least 8 bytes, found ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > MAX_HEADER_BYTES)
    throw bad(file, `expected a header of 2 to ${MAX_HEADER_BYTES} bytes, found a length of ${length}`);
  const dataStart = 8 + length;
  if (dataStart > bytes.length)
    throw bad(
      file,
      `expected a header of ${length} bytes, found only ${bytes.length - 8} bytes after the length`,
    );
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, dataStart)));
  } catch (thrown) {
    throw bad(file, `expected a JSON header, found something else (${String(thrown).slice(0, 200)})`);
  }
  if (!isRecord(header)) throw bad(file, "expected the header to be a JSON object, found something else");
  return [header, dataStart];
}

function readEntry(name: string, entry: unknown, file: string, data: Uint8Array<ArrayBuffer>) {
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
  if (begin > end || end > data.length)
    throw bad(
      file,
      `${where}: expected offsets within the ${data.length} bytes of data, found ${begin} to ${end}`,
    );
  const expected = shape.reduce((product: number, size: number) => product * size, known.bytes);
  if (expected !== end - begin)
    throw bad(
      file,
      `${where}: expected ${expected} bytes for ${String(dtype)} [${shape.join(", ")}], found ${end - begin}`,
    );
  const tensor: StoredTensor = { name, file, dtype: known.dtype, shape, bytes: data.subarray(begin, end) };
  return { begin, end, tensor };
}

/**
 * The tensors of a file in the order of their bytes. Every byte of data must belong to exactly one tensor, as the
 * format demands: holes, overlaps and trailing bytes are errors (a name given twice leaves a hole and is found too).
 * @throws DecoscopeError `load` if the file is damaged, `unsupported` for number types other than F32, F16 and BF16;
 * the message names file, tensor, what was expected and what was found.
 */
export function parseSafetensors(bytes: Uint8Array<ArrayBuffer>, file: string): Map<string, StoredTensor> {
  const [header, dataStart] = readHeader(bytes, file);
  const data = bytes.subarray(dataStart);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => readEntry(name, entry, file, data))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end)
      throw bad(
        file,
        `tensor "${entry.tensor.name}": expected its data to begin at byte ${end}, where the tensor before it ends, ` +
          `found ${entry.begin}`,
      );
    end = entry.end;
  }
  if (end !== data.length)
    throw bad(
      file,
      `expected ${end} bytes of tensor data, found ${data.length}; ${data.length - end} belong to no tensor`,
    );
  return new Map(entries.map(({ tensor }) => [tensor.name, tensor]));
}
