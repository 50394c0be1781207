/** From stored tensors to an architecture's weights: names, shapes and number formats. */
import { assert, DecoscopeError } from "../base/errors";
import { floatsFromBf16, floatsFromF16 } from "./half";
import type { CheckpointTensor, CheckpointTensors, WeightSpec, WeightTable } from "./model";
import type { StoredTensor } from "./safetensors";
import type { RangeFiles } from "./source";

/** Names in a message before it says "and n more"; the error's detail lists all. */
const SHOWN = 6;

const elementBytes = (dtype: CheckpointTensor["dtype"]): number => (dtype === "f32" ? 4 : 2);

class LoadedTensor implements CheckpointTensor {
  readonly name: string;
  readonly source: string;
  readonly file: string;
  readonly dtype: CheckpointTensor["dtype"];
  readonly shape: readonly number[];
  readonly count: number;

  constructor(
    spec: WeightSpec,
    readonly stored: StoredTensor,
  ) {
    this.name = spec.name;
    this.source = stored.name;
    this.file = stored.file;
    this.dtype = stored.dtype;
    this.shape = stored.shape;
    this.count = stored.shape.reduce((a, b) => a * b, 1);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.stored.bytes;
  }

  view(): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
    return this.numbersIn(this.bytes);
  }

  toFloat32(): Float32Array<ArrayBuffer> {
    return this.floatsOf(this.bytes, 0);
  }

  /** Where the rows [from, to) are in the tensor's bytes. */
  bytesOfRows(from: number, to: number): { readonly begin: number; readonly end: number } {
    const [, cols = 1] = this.shape;
    const rowBytes = cols * elementBytes(this.dtype);
    return { begin: from * rowBytes, end: to * rowBytes };
  }

  private numbersIn(stored: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
    const size = elementBytes(this.dtype);
    // The format aligns nothing, and a typed array may only start at a multiple of its element size.
    const bytes = stored.byteOffset % size === 0 ? stored : stored.slice();
    const count = bytes.length / size;
    return size === 4
      ? new Float32Array(bytes.buffer, bytes.byteOffset, count)
      : new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  }

  /** Numbers of a piece of the tensor that begins at its number `first`. */
  floatsOf(bytes: Uint8Array<ArrayBuffer>, first: number): Float32Array<ArrayBuffer> {
    const stored = this.numbersIn(bytes);
    const floats =
      stored instanceof Float32Array
        ? stored.slice()
        : this.dtype === "f16"
          ? floatsFromF16(stored)
          : floatsFromBf16(stored);
    const at = floats.findIndex((x) => !Number.isFinite(x));
    if (at >= 0)
      throw new DecoscopeError(
        "load",
        `${this.file}: tensor "${this.source}": expected finite numbers, found ${floats[at]} at index ${first + at} of ` +
          `${this.count}. The checkpoint is damaged or was saved after training diverged: use another one.`,
      );
    return floats;
  }
}

const showShape = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/**
 * The table's weights, each found in `stored` with the expected shape.
 * @param label the checkpoint's name, for messages
 * @param ranges where bytes come from that are read in pieces
 * @throws DecoscopeError `load` that counts and names missing, misshapen and unknown tensors; `detail` names them all.
 */
export function mapWeights(
  table: WeightTable,
  stored: ReadonlyMap<string, StoredTensor>,
  label: string,
  ranges?: RangeFiles,
): CheckpointTensors {
  const tensors = new Map<string, LoadedTensor>();
  const problems: string[] = [];
  const wanted = new Set<string>();
  for (const spec of table.weights) {
    wanted.add(spec.source);
    const found = stored.get(spec.source);
    if (!found) problems.push(`missing "${spec.source}" ${showShape(spec.shape)}`);
    else if (!sameShape(found.shape, spec.shape))
      problems.push(
        `misshapen "${spec.source}" in ${found.file}: expected ${showShape(spec.shape)}, found ${showShape(found.shape)}`,
      );
    else tensors.set(spec.name, new LoadedTensor(spec, found));
  }
  for (const name of stored.keys())
    if (!wanted.has(name) && !table.mayIgnore(name))
      problems.push(`unknown "${name}" in ${stored.get(name)?.file}`);
  if (problems.length > 0) {
    const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : "";
    throw new DecoscopeError(
      "load",
      `${label}: the weights do not fit config.json (expected ${table.weights.length} tensors, found ${stored.size}): ` +
        `${problems.slice(0, SHOWN).join("; ")}${more}. Check that config.json and the weights belong to the same model.`,
      problems.join("\n"),
    );
  }
  const all = [...tensors.values()];
  return {
    names: table.weights.map((spec) => spec.name),
    get(name) {
      const tensor = tensors.get(name);
      assert(tensor, `no weight is called "${name}"`);
      return tensor;
    },
    async prepare(prefix) {
      const wanted = all.filter(({ name }) => name.startsWith(prefix));
      await ranges?.prepare(wanted.flatMap(({ stored: { range } }) => range ?? []));
    },
    async arrive() {
      await ranges?.arrive?.(all.flatMap(({ stored: { range } }) => range ?? []));
    },
    async rows(name, from, to) {
      const tensor = tensors.get(name);
      assert(tensor, `no weight is called "${name}"`);
      const { begin, end } = tensor.bytesOfRows(from, to);
      const { range } = tensor.stored;
      const first = from * (tensor.shape[1] ?? 1);
      if (!ranges || !range) return tensor.floatsOf(tensor.bytes.subarray(begin, end), first);
      const piece = { file: range.file, begin: range.begin + begin, end: range.begin + end };
      await ranges.prepare([piece]);
      return tensor.floatsOf(ranges.take(piece), first);
    },
    parameters: all.reduce((sum, tensor) => sum + tensor.count, 0),
    sizeBytes: all.reduce((sum, { count, dtype }) => sum + count * elementBytes(dtype), 0),
    dtypes: [...new Set(all.map((tensor) => tensor.dtype))],
  };
}
