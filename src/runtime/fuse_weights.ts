/**
 * Rearranges checkpoint matrices for kernels that do several things in one pass. All matrices are row-major [rows, cols].
 * Norm gains are folded into columns, so that a kernel need only scale its result by 1/rms: W (g * x) = (W diag g) x.
 */
import { assert } from "../base/errors";
import { gatedRowOrder, rotaryRowOrder } from "../kernels/weights";
import type { CheckpointTensors } from "../models/model";

export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** A checkpoint's matrix as numbers. */
export function matrix(tensors: CheckpointTensors, name: string): Matrix {
  const t = tensors.get(name);
  const [rows, cols] = t.shape;
  assert(rows !== undefined && cols !== undefined, `${name} is no matrix`);
  return { rows, cols, values: t.toFloat32() };
}

/** A matrix that is read some rows at a time, so that it is nowhere whole. */
export interface RowSource {
  readonly rows: number;
  readonly cols: number;
  /** Rows [from, to), row-major. */
  readonly read: (from: number, to: number) => Promise<Float32Array<ArrayBuffer>>;
}

/** A checkpoint's matrix, to be read by rows; each reading prepares its own. */
export function rowsOf(tensors: CheckpointTensors, name: string): RowSource {
  const [rows, cols] = tensors.get(name).shape;
  assert(rows !== undefined && cols !== undefined, `${name} is no matrix`);
  return { rows, cols, read: (from, to) => tensors.rows(name, from, to) };
}

/** Rows [from, to) of a matrix. */
export const rowsOfMatrix = ({ cols, values }: Matrix, from: number, to: number): Matrix => ({
  rows: to - from,
  cols,
  values: values.slice(from * cols, to * cols),
});

/** Columns [from, to) of a matrix. */
export function columnsOfMatrix({ rows, cols, values }: Matrix, from: number, to: number): Matrix {
  const part = new Float32Array(rows * (to - from));
  for (let r = 0; r < rows; r++) part.set(values.subarray(r * cols + from, r * cols + to), r * (to - from));
  return { rows, cols: to - from, values: part };
}

/** Multiplies column c by gain[c], in place. */
export function foldGain(m: Matrix, gain: Float32Array): Matrix {
  assert(gain.length === m.cols, `a gain of ${gain.length} for ${m.cols} columns`);
  for (let r = 0; r < m.rows; r++) {
    for (let c = 0; c < m.cols; c++) m.values[r * m.cols + c]! *= gain[c]!;
  }
  return m;
}

/** Row `order[i]` of the stacked matrices, as row i. */
function stackInOrder(parts: readonly Matrix[], order: Uint32Array): Matrix {
  const cols = parts[0]!.cols;
  const rowsOf = parts.flatMap(({ rows, values }) =>
    Array.from({ length: rows }, (_, r) => values.subarray(r * cols, (r + 1) * cols)),
  );
  const values = new Float32Array(order.length * cols);
  order.forEach((row, i) => values.set(rowsOf[row]!, i * cols));
  return { rows: order.length, cols, values };
}

/** q, k, v [H*A | K*A | K*A, D] stacked, q and k in {@link rotaryRowOrder}, v as it was. */
export function fuseQkv(q: Matrix, k: Matrix, v: Matrix, headDim: number): Matrix {
  const turned = q.rows + k.rows;
  const order = Uint32Array.from({ length: turned + v.rows }, (_, i) => i);
  order.set(rotaryRowOrder(turned / headDim, headDim));
  return stackInOrder([q, k, v], order);
}

/** Gate and up [F, D] stacked to [2F, D] in {@link gatedRowOrder}. */
export const fuseGateUp = (gate: Matrix, up: Matrix): Matrix =>
  stackInOrder([gate, up], gatedRowOrder(gate.rows));
