/**
 * Weight matrices as the dense kernels read them: blocks of 4 rows by 4 columns, quads of rows after one another, in a
 * block column after column (int8: row after row; int4: two columns a word). One layout serves every storage type and every kernel: neighbouring
 * lanes read neighbouring columns of four rows, and sums are `vec4`s of rows.
 */
import type { BufferRange, Memory } from "../engine/memory";

/** How weights can be kept on the device, the most exact first. */
export const WEIGHT_STORAGES = ["f32", "f16", "int8", "int4"] as const;
export type WeightStorage = (typeof WEIGHT_STORAGES)[number];

/** A matrix W [rows, cols] on the GPU, for products W x. */
export interface WeightMatrix {
  /** Outputs of the product; stored are the next multiple of four, the rest zeros. */
  readonly rows: number;
  /** Inputs of the product, a multiple of four. */
  readonly cols: number;
  readonly storage: WeightStorage;
  /** Blocks [ceil(rows / 4), cols / 4] of 64 (f32), 32 (f16), 16 (int8) or 8 (int4) bytes. */
  readonly data: BufferRange;
  /** [ceil(rows / 4), ceil(cols / groupSize), 4] in f32 (int8) or f16 (int4); null otherwise. */
  readonly scales: BufferRange | null;
  /** Integers: columns that share a scale, 32 or 64; 0 otherwise. */
  readonly groupSize: number;
  /**
   * f32 only: the blocks again, [ceil(rows / 4), cols] texels of four rows by one column. Where products read it, `data`
   * may be a few bytes that only fill its binding.
   */
  readonly texels?: GPUTexture;
}

const BLOCK_BYTES: Readonly<Record<WeightStorage, number>> = { f32: 64, f16: 32, int8: 16, int4: 8 };
/** Of the scales of four rows and a group. */
const SCALE_BYTES: Readonly<Record<WeightStorage, number>> = { f32: 0, f16: 0, int8: 16, int4: 8 };

export const quadsOf = (rows: number): number => Math.ceil(rows / 4);
/** Scale groups of a row; 1 where there are no scales. */
export const groupsOf = (w: Pick<WeightMatrix, "cols" | "groupSize">): number =>
  w.groupSize === 0 ? 1 : Math.ceil(w.cols / w.groupSize);

/** Bytes that {@link createWeights} allocates: of the values and of the scales. */
export function weightBytes(
  rows: number,
  cols: number,
  storage: WeightStorage,
  groupSize = 32,
): { readonly data: number; readonly scales: number } {
  return {
    data: quadsOf(rows) * (cols / 4) * BLOCK_BYTES[storage],
    scales: SCALE_BYTES[storage] * quadsOf(rows) * Math.ceil(cols / groupSize),
  };
}

export interface WeightSpec {
  /** `owner.thing`, as for buffers. */
  readonly label: string;
  readonly rows: number;
  readonly cols: number;
  readonly storage: WeightStorage;
  /** Integers: columns that share a scale; 32 unless given. */
  readonly groupSize?: 32 | 64;
  /** Id of the model it belongs to, for the account of memory. */
  readonly model?: string;
}

/**
 * An empty matrix, to be filled by `packWeights`. Owned by the caller, freed with {@link freeWeights}.
 * @throws Error if cols is not a multiple of four; DecoscopeError "limit" if it does not fit one binding
 */
export function createWeights(memory: Memory, spec: WeightSpec): WeightMatrix {
  const { label, rows, cols, storage, model } = spec;
  if (rows < 1 || cols < 4 || cols % 4 !== 0) {
    throw new Error(
      `${label}: expected at least one row and a multiple of four columns, found ${rows} x ${cols}`,
    );
  }
  const groupSize = SCALE_BYTES[storage] > 0 ? (spec.groupSize ?? 32) : 0;
  const bytes = weightBytes(rows, cols, storage, groupSize);
  const make = (name: string, size: number): BufferRange => {
    const buffer = memory.create({ label: name, bytes: size, use: "weights", model, storage });
    return { buffer, offset: 0, size: buffer.size };
  };
  return {
    rows,
    cols,
    storage,
    data: make(label, bytes.data),
    scales: bytes.scales > 0 ? make(`${label}.scales`, bytes.scales) : null,
    groupSize,
  };
}

export function freeWeights(memory: Memory, w: WeightMatrix): void {
  memory.free(w.data.buffer);
  if (w.scales) memory.free(w.scales.buffer);
  if (w.texels) memory.free(w.texels);
}

/** Rows of texels in a buffer begin at multiples of this many bytes. */
const TEXEL_ROW_BYTES = 256;

/** Whether a texture of this device has room for the matrix. */
export function fitsTexels(device: GPUDevice, w: Pick<WeightMatrix, "rows" | "cols" | "storage">): boolean {
  return (
    w.storage === "f32" &&
    (16 * w.cols) % TEXEL_ROW_BYTES === 0 &&
    Math.max(w.cols, quadsOf(w.rows)) <= device.limits.maxTextureDimension2D
  );
}

/**
 * A matrix, whole or cut by rows into as many as the device can bind: each part's first row, a multiple of four, comes after
 * the last one's end. A product takes one dispatch a part, and a row's result is the same bits whichever part it is in.
 */
export type WeightParts = WeightMatrix | readonly WeightMatrix[];

/** Rows of all parts together. */
export const rowsOfParts = (w: WeightParts): number =>
  [w].flat().reduce((n, part: WeightMatrix) => n + part.rows, 0);

/** Columns, which all parts have. */
export const colsOfParts = (w: WeightParts): number => [w].flat()[0]!.cols;

/** Parts with the first row of each. */
export function partsOf(w: WeightParts): { first: number; part: WeightMatrix }[] {
  let first = 0;
  return [w].flat().map((part: WeightMatrix) => {
    const at = { first, part };
    first += part.rows;
    return at;
  });
}

/** The same of a matrix that is to be [rows, cols]. @throws Error, with the kernel's name, if it is not */
export function expectParts(
  kernel: string,
  w: WeightParts,
  rows: number,
  cols: number,
): ReturnType<typeof partsOf> {
  const parts = partsOf(w);
  const total = rowsOfParts(w);
  if (total !== rows || parts.some(({ part }) => part.cols !== cols))
    throw new Error(
      `${kernel}: weight has ${total} rows in parts of ${parts.map(({ part }) => part.cols).join(", ")} columns, expected ${rows} x ${cols}`,
    );
  const uneven = parts.find(({ first }) => first % 4 !== 0);
  if (uneven) throw new Error(`${kernel}: a part begins at row ${uneven.first}, expected a multiple of four`);
  return parts;
}

/**
 * For each row of the stored query, key (or value, with `isRotary` false) matrix the checkpoint's row: rows 2j and 2j+1
 * of a head are its dimensions j and j + headDim / 2, which rotary embedding turns together.
 */
export function rotaryRowOrder(heads: number, headDim: number): Uint32Array {
  const order = new Uint32Array(heads * headDim);
  for (let h = 0; h < heads; h++)
    for (let j = 0; j < headDim / 2; j++) {
      order[h * headDim + 2 * j] = h * headDim + j;
      order[h * headDim + 2 * j + 1] = h * headDim + j + headDim / 2;
    }
  return order;
}

/** For each row of the stored gate and up matrix: row j of the gate at 2j, row j of up (counted on from hiddenDim) at 2j+1. */
export function gatedRowOrder(hiddenDim: number): Uint32Array {
  return Uint32Array.from({ length: 2 * hiddenDim }, (_, i) => (i % 2) * hiddenDim + (i >> 1));
}
