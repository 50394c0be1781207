/** How the ONNX graphs multiply with a matrix: in f32, or in int8 as the two common ways of quantizing a checkpoint do. */
import type { Checkpoint } from "./checkpoint";
import type { Builder } from "./graph";

/** Rows of a matrix [out, in], row-major. */
export interface Matrix {
  readonly name: string;
  readonly out: number;
  readonly in: number;
  readonly values: Float32Array;
}

/** Adds x [.., in] times the matrix; `output` names what comes of it. Gives that name. */
export type Product = (b: Builder, x: string, matrix: Matrix, output?: string) => string;

/** The checkpoint's matrices one under another. */
export function matrixOf(checkpoint: Checkpoint, names: readonly string[]): Matrix {
  const parts = names.map((name) => checkpoint.tensor(name));
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  const width = checkpoint.shapeOf(names[0] ?? "")[1] ?? 1;
  return { name: names.join("+"), out: values.length / width, in: width, values };
}

/** [out, in] turned to [in, out]. */
function turned<T extends Float32Array | Int8Array>(source: T, rows: number, columns: number, into: T): T {
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) into[c * rows + r] = source[r * columns + c] ?? 0;
  return into;
}

const outputs = (output: string | undefined): 1 | readonly [string] => (output === undefined ? 1 : [output]);

/** MatMul, which wants [in, out]. */
export const f32: Product = (b, x, m, output) => {
  const data = turned(m.values, m.out, m.in, new Float32Array(m.values.length));
  const weight = b.weights(`${m.name}.T`, [m.in, m.out], data);
  return b.opOf("", "MatMul", [x, weight], outputs(output))[0] ?? "";
};

/** Largest magnitude of int8, on both sides of zero. */
const MOST = 127;

/** Symmetric int8, one scale for each `block` neighbours of a row. */
function quantized(m: Matrix, block: number): { readonly values: Int8Array; readonly scales: Float32Array } {
  const values = new Int8Array(m.values.length);
  const scales = new Float32Array(m.values.length / block);
  for (let s = 0; s < scales.length; s++) {
    const part = m.values.subarray(s * block, (s + 1) * block);
    const scale = part.reduce((most, v) => Math.max(most, Math.abs(v)), 0) / MOST;
    scales[s] = scale;
    part.forEach((v, i) => (values[s * block + i] = scale === 0 ? 0 : Math.round(v / scale)));
  }
  return { values, scales };
}

/** Columns that share a scale, as in this engine. */
const BLOCK = 32;
/** MatMulNBits stores integers without sign; this is its zero. */
const ZERO = 128;

/**
 * MatMulNBits with 8 bits and a scale for each 32 columns, as this engine keeps them; activations are rounded to int8 too.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
 */
export const int8Blocks: Product = (b, x, m, output) => {
  const { values, scales } = quantized(m, BLOCK);
  const blocks = m.in / BLOCK;
  const weight = b.weights(
    `${m.name}.q`,
    [m.out, blocks, BLOCK],
    Uint8Array.from(values, (v) => v + ZERO),
  );
  const scale = b.weights(`${m.name}.scales`, [m.out, blocks], scales);
  const attributes = { K: m.in, N: m.out, bits: 8, block_size: BLOCK, accuracy_level: 4 };
  return b.opOf("com.microsoft", "MatMulNBits", [x, weight, scale], outputs(output), attributes)[0] ?? "";
};

/**
 * DynamicQuantizeMatMul with a scale for each output, as `quantize_dynamic` leaves a checkpoint ("q8" of transformers.js) once
 * its nodes were fused; activations are rounded to integers with one scale a product.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeMatMul
 */
export const int8Columns: Product = (b, x, m, output) => {
  const { values, scales } = quantized(m, m.in);
  const weight = b.weights(
    `${m.name}.qT`,
    [m.in, m.out],
    turned(values, m.out, m.in, new Int8Array(values.length)),
  );
  const scale = b.weights(`${m.name}.column_scales`, [m.out], scales);
  return b.opOf("com.microsoft", "DynamicQuantizeMatMul", [x, weight, scale], outputs(output))[0] ?? "";
};
