/**
 * Rearranges checkpoint matrices for kernels that do several things in one pass. All matrices are row-major [rows, cols].
 * Norm gains are folded into columns, so that a kernel need only scale its result by 1/rms: W (g * x) = (W diag g) x.
 */
import { assert } from "../base/errors";

export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** Multiplies column c by gain[c], in place. */
export function foldGain(m: Matrix, gain: Float32Array): Matrix {
  assert(gain.length === m.cols, `a gain of ${gain.length} for ${m.cols} columns`);
  for (let r = 0; r < m.rows; r++) {
    for (let c = 0; c < m.cols; c++) m.values[r * m.cols + c]! *= gain[c]!;
  }
  return m;
}

/** Rows `order[i]` of the stacked matrices, as row i. */
function gatherRows(
  parts: readonly Matrix[],
  order: readonly (readonly [part: number, row: number])[],
): Matrix {
  const cols = parts[0]!.cols;
  const values = new Float32Array(order.length * cols);
  order.forEach(([p, r], i) => values.set(parts[p]!.values.subarray(r * cols, (r + 1) * cols), i * cols));
  return { rows: order.length, cols, values };
}

/**
 * q, k, v [H*A | K*A | K*A, D] stacked, with the two rows of every rotary pair (i and i + A/2 of a head) of q and k
 * next to each other: rows 2j and 2j + 1 of a head are components j and j + A/2.
 */
export function fuseQkv(q: Matrix, k: Matrix, v: Matrix, headDim: number): Matrix {
  const order: [number, number][] = [];
  const half = headDim / 2;
  [q, k].forEach((m, part) => {
    for (let head = 0; head < m.rows / headDim; head++) {
      for (let j = 0; j < half; j++)
        order.push([part, head * headDim + j], [part, head * headDim + j + half]);
    }
  });
  for (let r = 0; r < v.rows; r++) order.push([2, r]);
  return gatherRows([q, k, v], order);
}

/** Gate and up [F, D] interleaved to [2F, D]: rows 2j and 2j + 1 are gate j and up j. */
export function fuseGateUp(gate: Matrix, up: Matrix): Matrix {
  const order: [number, number][] = [];
  for (let j = 0; j < gate.rows; j++) order.push([0, j], [1, j]);
  return gatherRows([gate, up], order);
}

/** Cosine and sine of every rotary angle: f32 [positions, A/2, 2]; computed in float64. */
export function ropeTable(positions: number, headDim: number, theta: number): Float32Array<ArrayBuffer> {
  const half = headDim / 2;
  const table = new Float32Array(positions * headDim);
  for (let p = 0; p < positions; p++) {
    for (let i = 0; i < half; i++) {
      const angle = p / theta ** ((2 * i) / headDim);
      table[(p * half + i) * 2] = Math.cos(angle);
      table[(p * half + i) * 2 + 1] = Math.sin(angle);
    }
  }
  return table;
}
