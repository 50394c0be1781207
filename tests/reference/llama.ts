/**
 * The whole Llama forward pass in float64, written to be read: what the GPU is compared with.
 * Rows are [rows, width] arrays of arrays; nothing is batched, fused or cached beyond keys and values.
 * @see Touvron et al. 2023, Llama 2, section 2.2; half-split rotary pairs as in Hugging Face Transformers
 */
import type { DecoderConfig } from "../../src/models/decoder";
import type { CheckpointTensors } from "../../src/models/model";

type Vector = Float64Array<ArrayBuffer>;

/** Sizes of a Llama without biases, with one base of its rotation. */
export type LlamaConfig = DecoderConfig & { readonly ropeTheta: number };

/** One token to run: its id, its position, and which rows it sees. */
export interface ReferenceRow {
  readonly token: number;
  /** Position in the text, for the rotary embedding only. */
  readonly position: number;
  /**
   * Whether this row attends to row `other`, counted over all rows of all calls so far in their order; the row itself
   * is a row like the others. Without it: rows up to and including itself.
   */
  readonly sees?: (other: number) => boolean;
}

/** Everything the pass computed for the rows of one call. */
export interface ReferenceOutput {
  /** `layers[0]` is the embedding, `layers[l + 1]` the residual stream after layer l: [L + 1][T][D]. */
  readonly layers: readonly (readonly Vector[])[];
  /** After the final norm: [T][D]. */
  readonly normed: readonly Vector[];
  /** Before softmax: [T][V]. */
  readonly logits: readonly Vector[];
}

/** y[o] = sum_i matrix[o, i] * x[i], for a row-major [out, in] matrix. */
export function matvec(matrix: ArrayLike<number>, x: Vector): Vector {
  const nIn = x.length;
  const y = new Float64Array(matrix.length / nIn);
  for (let o = 0; o < y.length; o++) {
    let sum = 0;
    for (let i = 0; i < nIn; i++) sum += (matrix[o * nIn + i] as number) * (x[i] as number);
    y[o] = sum;
  }
  return y;
}

/** y[d] = x[d] * gain[d] / sqrt(mean(x^2) + eps). */
export function rmsNorm(x: Vector, gain: ArrayLike<number>, eps: number): Vector {
  const meanSquare = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  return x.map((value, d) => (value * (gain[d] as number)) / Math.sqrt(meanSquare + eps));
}

/**
 * Turns every head of x, [heads * headDim]: the pair (i, i + headDim / 2) by position / theta^(2i / headDim) radians.
 * @see Su et al. 2021, RoFormer, equation 34; halves instead of neighbours as in Hugging Face Transformers
 */
export function rotate(x: Vector, position: number, headDim: number, theta: number): Vector {
  const half = headDim / 2;
  const y = new Float64Array(x.length);
  for (let head = 0; head < x.length; head += headDim) {
    for (let i = 0; i < half; i++) {
      const angle = position / theta ** ((2 * i) / headDim);
      const a = x[head + i] as number;
      const b = x[head + i + half] as number;
      y[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
      y[head + i + half] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  return y;
}

/** Probabilities of logits. */
export function softmax(logits: Vector): Vector {
  const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const exps = logits.map((x) => Math.exp(x - max));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((x) => x / sum);
}

/** Index of the largest value, the first of equals. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

const silu = (x: number): number => x / (1 + Math.exp(-x));
const add = (a: Vector, b: Vector): Vector => a.map((value, i) => value + (b[i] as number));

interface Layer {
  readonly attnNorm: Float32Array;
  readonly wq: Float32Array;
  readonly wk: Float32Array;
  readonly wv: Float32Array;
  readonly wo: Float32Array;
  readonly mlpNorm: Float32Array;
  readonly wGate: Float32Array;
  readonly wUp: Float32Array;
  readonly wDown: Float32Array;
}
const LAYER_WEIGHTS = ["attnNorm", "wq", "wk", "wv", "wo", "mlpNorm", "wGate", "wUp", "wDown"] as const;

/** A model with the keys and values of every row it has run. */
export class LlamaReference {
  readonly #embed: Float32Array;
  readonly #layers: readonly Layer[];
  readonly #finalNorm: Float32Array;
  readonly #head: Float32Array;
  /** Per layer, per row: [K * A], keys already turned. */
  readonly #keys: Vector[][];
  readonly #values: Vector[][];

  constructor(
    readonly config: LlamaConfig,
    tensors: CheckpointTensors,
  ) {
    const load = (name: string): Float32Array => tensors.get(name).toFloat32();
    this.#embed = load("embed");
    this.#layers = Array.from(
      { length: config.nLayers },
      (_, l) =>
        Object.fromEntries(
          LAYER_WEIGHTS.map((name) => [name, load(`layers.${l}.${name}`)]),
        ) as unknown as Layer,
    );
    this.#finalNorm = load("finalNorm");
    this.#head = config.tieEmbeddings ? this.#embed : load("head");
    this.#keys = this.#layers.map(() => []);
    this.#values = this.#layers.map(() => []);
  }

  /** Rows run so far. */
  get rows(): number {
    return this.#keys[0]?.length ?? 0;
  }

  /** Forgets all rows from `count` on. */
  truncate(count: number): void {
    for (const memory of [...this.#keys, ...this.#values]) memory.length = Math.min(memory.length, count);
  }

  /** Runs rows together: each may see the others of the call and all rows of earlier calls. */
  forward(rows: readonly ReferenceRow[]): ReferenceOutput {
    const { dim, rmsNormEps } = this.config;
    const before = this.rows;
    let x = rows.map(({ token }) => Float64Array.from(this.#embed.subarray(token * dim, (token + 1) * dim)));
    const layers = [x];
    this.#layers.forEach((layer, l) => {
      const attended = this.#attention(l, x, rows, before);
      x = x.map((row, t) => add(row, matvec(layer.wo, attended[t] as Vector)));
      x = x.map((row) => add(row, this.#feedForward(layer, row)));
      layers.push(x);
    });
    const normed = x.map((row) => rmsNorm(row, this.#finalNorm, rmsNormEps));
    return { layers, normed, logits: normed.map((row) => matvec(this.#head, row)) };
  }

  /** Runs a whole text in which every token sees itself and the earlier ones. */
  forwardText(tokens: readonly number[]): ReferenceOutput {
    const before = this.rows;
    return this.forward(tokens.map((token, t) => ({ token, position: before + t })));
  }

  /** Mixed values of all heads before the output matrix, [T][H * A]. */
  #attention(l: number, x: readonly Vector[], rows: readonly ReferenceRow[], before: number): Vector[] {
    const { nHeads, nKvHeads, headDim, ropeTheta, rmsNormEps } = this.config;
    const { attnNorm, wq, wk, wv } = this.#layers[l] as Layer;
    const keys = this.#keys[l] as Vector[];
    const values = this.#values[l] as Vector[];
    const normed = x.map((row) => rmsNorm(row, attnNorm, rmsNormEps));
    const turn = (vector: Vector, t: number): Vector =>
      rotate(vector, (rows[t] as ReferenceRow).position, headDim, ropeTheta);
    const queries = normed.map((row, t) => turn(matvec(wq, row), t));
    keys.push(...normed.map((row, t) => turn(matvec(wk, row), t)));
    values.push(...normed.map((row) => matvec(wv, row)));

    return queries.map((query, t) => {
      const sees = (rows[t] as ReferenceRow).sees ?? ((other: number) => other <= before + t);
      const seen = keys.map((_, row) => row).filter(sees);
      const mixed = new Float64Array(nHeads * headDim);
      for (let head = 0; head < nHeads; head++) {
        const kvHead = Math.floor(head / (nHeads / nKvHeads));
        const q = query.subarray(head * headDim, (head + 1) * headDim);
        const part = (vector: Vector | undefined) =>
          (vector as Vector).subarray(kvHead * headDim, (kvHead + 1) * headDim);
        const scores = seen.map((row) => (matvec(part(keys[row]), q)[0] as number) / Math.sqrt(headDim));
        const probs = softmax(Float64Array.from(scores));
        seen.forEach((row, i) => {
          part(values[row]).forEach((value, d) => {
            mixed[head * headDim + d] = (mixed[head * headDim + d] as number) + (probs[i] as number) * value;
          });
        });
      }
      return mixed;
    });
  }

  /** wDown (silu(wGate n) * wUp n) with n the normed row. */
  #feedForward({ mlpNorm, wGate, wUp, wDown }: Layer, row: Vector): Vector {
    const normed = rmsNorm(row, mlpNorm, this.config.rmsNormEps);
    const up = matvec(wUp, normed);
    return matvec(
      wDown,
      matvec(wGate, normed).map((gate, i) => silu(gate) * (up[i] as number)),
    );
  }
}

/** Tokens after `prompt`, each the most probable one, up to `count` or an end token, which is included. */
export function greedyText(model: LlamaReference, prompt: readonly number[], count: number): number[] {
  const tokens: number[] = [];
  let logits = model.forwardText(prompt).logits.at(-1);
  while (logits && tokens.length < count) {
    const token = argmax(logits);
    tokens.push(token);
    if (model.config.endTokens.includes(token)) break;
    logits = model.forwardText([token]).logits[0];
  }
  return tokens;
}
