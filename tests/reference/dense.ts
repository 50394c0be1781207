/** The dense kernels in float64, one row at a time. Matrices are row-major [rows, cols]. */
import { matvec, rmsNorm, rotate } from "./llama";

export type Vector = Float64Array<ArrayBuffer>;

const silu = (g: number): number => g / (1 + Math.exp(-g));
const gelu = (g: number): number =>
  0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g ** 3)));

/** x + W a */
export const addProduct = (x: Vector, matrix: ArrayLike<number>, a: Vector): Vector =>
  matvec(matrix, a).map((v, i) => v + x[i]!);

const unit = (n: number): Float64Array => new Float64Array(n).fill(1);

/** f(G n) * (U n) with n = rmsnorm(x) without gain; the matrix is [2F, D], gate rows first, the bias [2F] likewise. */
export function gated(
  x: Vector,
  matrix: ArrayLike<number>,
  eps: number,
  activation: "silu" | "gelu" = "silu",
  bias: ArrayLike<number> | null = null,
): Vector {
  const y = matvec(matrix, rmsNorm(x, unit(x.length), eps)).map((v, i) => v + (bias?.[i] ?? 0));
  const f = activation === "silu" ? silu : gelu;
  return y.slice(0, y.length / 2).map((g, j) => f(g) * y[y.length / 2 + j]!);
}

/** W rmsnorm(x) */
export const head = (x: Vector, gain: ArrayLike<number>, matrix: ArrayLike<number>, eps: number): Vector =>
  matvec(matrix, rmsNorm(x, gain, eps));

/** Every head of x [heads * A] after its norm with gain [A], turned by its position; a null base turns nothing. */
export function headNorm(
  x: Vector,
  gain: ArrayLike<number>,
  eps: number,
  position: number,
  theta: number | null,
): Vector {
  const width = gain.length;
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += width) y.set(rmsNorm(x.slice(at, at + width), gain, eps), at);
  return theta === null ? y : rotate(y, position, width, theta);
}

/** Queries, keys and values of one row; the matrix is [(H + 2K) A, D] in the checkpoint's order. */
export function qkv(
  x: Vector,
  matrix: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  position: number,
  s: { nHeads: number; nKvHeads: number; headDim: number; theta: number; eps: number },
): { q: Vector; k: Vector; v: Vector } {
  const y = matvec(matrix, rmsNorm(x, unit(x.length), s.eps)).map((v, i) => v + (bias?.[i] ?? 0));
  const nq = s.nHeads * s.headDim;
  const nk = s.nKvHeads * s.headDim;
  return {
    q: rotate(y.slice(0, nq), position, s.headDim, s.theta),
    k: rotate(y.slice(nq, nq + nk), position, s.headDim, s.theta),
    v: y.slice(nq + nk),
  };
}

/** What int8 storage keeps of a matrix: the nearest multiple of max |w| / 127 of row and group. */
export function roundToInt8(matrix: Float32Array, cols: number, groupSize: number): Float32Array {
  const rounded = new Float32Array(matrix.length);
  for (let row = 0; row < matrix.length; row += cols)
    for (let first = 0; first < cols; first += groupSize) {
      const end = Math.min(cols, first + groupSize);
      const group = matrix.subarray(row + first, row + end);
      const scale = Math.fround(group.reduce((m, w) => Math.max(m, Math.abs(w)), 0) / 127);
      rounded.set(
        group.map((w) => (scale === 0 ? 0 : Math.round(w / scale) * scale)),
        row + first,
      );
    }
  return rounded;
}

/** Factors of the scale that int4 storage tries. */
const INT4_FACTORS = Array.from({ length: 7 }, (_, i) => 1 - 0.05 * i);

/** The multiple -8 to 7 of scale that is nearest. */
const nearestInt4 = (w: number, scale: number): number =>
  scale === 0 ? 0 : Math.min(7, Math.max(-8, Math.round(w / scale)));

const largestOf = (group: Float32Array): number =>
  group.reduce((m, w) => (Math.abs(w) > Math.abs(m) ? w : m), 0);

/** The least squared error with which int4 storage can keep a group: of seven scales, the largest weight at -8 or beyond. */
export const leastInt4Error = (group: Float32Array): number =>
  Math.min(
    ...INT4_FACTORS.map((factor) => {
      const scale = f16round((factor * largestOf(group)) / -8);
      return group.reduce((sum, w) => sum + (w - nearestInt4(w, scale) * scale) ** 2, 0);
    }),
  );

/** A matrix that int4 storage keeps exactly, near the given one: multiples of a half-precision number, the largest of a group at -8. */
export function exactInInt4(matrix: Float32Array, cols: number, groupSize: number): Float32Array {
  const exact = new Float32Array(matrix.length);
  for (let row = 0; row < matrix.length; row += cols)
    for (let first = 0; first < cols; first += groupSize) {
      const group = matrix.subarray(row + first, row + Math.min(cols, first + groupSize));
      const scale = f16round(largestOf(group) / -8);
      exact.set(
        group.map((w) => nearestInt4(w, scale) * scale),
        row + first,
      );
    }
  return exact;
}

/** What to store and what is then kept: rounded by f16 and int8, chosen so that nothing is lost in f32 and int4. */
export function storedAs(
  storage: "f32" | "f16" | "int8" | "int4",
  plain: Float32Array,
  cols: number,
  groupSize = 32,
): { readonly given: Float32Array; readonly kept: Float32Array } {
  if (storage === "int4") {
    const exact = exactInInt4(plain, cols, groupSize);
    return { given: exact, kept: exact };
  }
  const kept =
    storage === "f16" ? roundToF16(plain) : storage === "int8" ? roundToInt8(plain, cols, groupSize) : plain;
  return { given: plain, kept };
}

/** What f16 storage keeps of a matrix. */
export const roundToF16 = (matrix: Float32Array): Float32Array => Float32Array.from(matrix, f16round);

/** Nearest half-precision number, ties to even; Math.f16round is not in every Node. */
export function f16round(v: number): number {
  const e = Math.max(-14, Math.floor(Math.log2(Math.abs(v) || 1)));
  const ulp = 2 ** (e - 10);
  const q = v / ulp;
  const floor = Math.floor(q);
  const rest = q - floor;
  const whole = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return whole * ulp;
}
