/**
 * A mixture of recursions in float64, written to be read: what the GPU is compared with. Keys and values of shared layers
 * are kept by position in one bank for each recursion, or in one that the first recursion fills.
 * @see Bae et al. 2025, Mixture-of-Recursions (arXiv 2507.10524), section 2
 */
import { chosenDepth } from "../../src/decoding/depth/policy";
import type { MixtureOfRecursionsConfig } from "../../src/models/architectures/mixture_of_recursions";
import type { CheckpointTensors } from "../../src/models/model";
import { matvec, rmsNorm, rotate, softmax } from "./llama";
import type { Vector } from "./recurrent";

export type MorCache = "per-recurrence" | "first-recurrence";
/** Who runs a recursion after the first; "choice" is the only one that a model whose tokens choose has beside "depth". */
export type MorRouting =
  | { readonly kind: "threshold"; readonly threshold: number }
  /** The rows of the text with the largest gates: looks at later tokens. */
  | { readonly kind: "topk" }
  | { readonly kind: "choice" }
  | { readonly kind: "depth"; readonly depth: number };

const silu = (x: number): number => x / (1 + Math.exp(-x));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const add = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]!);

interface Entry {
  readonly key: Vector;
  readonly value: Vector;
}
/** Keys and values of one layer by position. */
export type Bank = Map<number, Entry>;
const NAMES = ["attnNorm", "wq", "wk", "wv", "wo", "mlpNorm", "wGate", "wUp", "wDown"] as const;
type Layer = Readonly<Record<(typeof NAMES)[number], Float32Array>>;

/** floor(T capacity / R), at least 1: rows of T that training lets into a recursion. */
export const capacity = (T: number, share: number, recursions: number): number =>
  Math.max(1, Math.floor((T * share) / recursions));

/** A model with the keys and values of the positions it has run. */
export class MorReference {
  private readonly table: Float32Array;
  private readonly head: Float32Array;
  private readonly finalNorm: Float32Array;
  private readonly router: Float32Array;
  private readonly balance: Float32Array | null;
  private readonly layers: readonly Layer[];
  private readonly firstBank: Bank = new Map();
  private readonly lastBank: Bank = new Map();
  /** By recursion from 1, then by shared layer. */
  private readonly banks: Bank[][] = [];

  constructor(
    readonly config: MixtureOfRecursionsConfig,
    tensors: CheckpointTensors,
    readonly cache: MorCache = "per-recurrence",
  ) {
    const load = (name: string): Float32Array => tensors.get(name).toFloat32();
    this.table = load("embed");
    this.head = config.tieEmbeddings ? this.table : load("head");
    this.finalNorm = load("finalNorm");
    this.router = load("router");
    this.balance = this.isChoosing ? load("balance") : null;
    this.layers = Array.from({ length: config.nLayers }, (_, l): Layer => {
      return Object.fromEntries(NAMES.map((name) => [name, load(`layers.${l}.${name}`)])) as Layer;
    });
  }

  /** Whether tokens choose their depths. */
  get isChoosing(): boolean {
    return this.config.recurrence.router.choice === "token";
  }

  private get shared(): readonly Layer[] {
    return this.layers.slice(1, -1);
  }

  lookUp(token: number): Vector {
    const { dim } = this.config;
    return Float64Array.from(this.table.subarray(token * dim, (token + 1) * dim));
  }

  /** The first layer's output of tokens at positions, which forget what they held. */
  embed(tokens: readonly number[], positions: readonly number[]): Vector[] {
    for (const bank of this.banks.flat()) for (const p of positions) bank.delete(p);
    const x = tokens.map((token) => this.lookUp(token));
    return this.layer(this.layers[0]!, x, positions, this.firstBank, this.firstBank);
  }

  /** sigmoid(theta_r . x / temperature), which is tested against a threshold and, times alpha, weights the update. */
  gate(x: Vector, r: number): number {
    const { dim, temperature } = this.config;
    return sigmoid(matvec(this.router.subarray((r - 1) * dim, r * dim), x)[0]! / temperature);
  }

  /** Token choice, of what a row begins the recursions with: p = softmax(W b / temperature), and the depth it makes. */
  choose(b: Vector): { readonly law: readonly number[]; readonly depth: number } {
    const logits = matvec(this.router, b).map((z) => z / this.config.temperature);
    const law = [...softmax(Float64Array.from(logits))];
    return { law, depth: chosenDepth(law, this.balance!) };
  }

  /**
   * The rows at `positions`, ascending, after recursion r, which they run together: x + g y. Where tokens choose their depths
   * y, and in a row's last recursion b + alpha p y.
   */
  iterate(
    x: readonly Vector[],
    begins: readonly Vector[],
    positions: readonly number[],
    r: number,
    depths?: readonly number[],
  ): Vector[] {
    const y = this.shareds(x, positions, r);
    if (this.isChoosing)
      return y.map((row, i) => {
        if (r < depths![i]!) return row;
        const weight = this.config.alpha * this.choose(begins[i]!).law[r - 1]!;
        return add(
          begins[i]!,
          row.map((v) => weight * v),
        );
      });
    return x.map((row, i) => {
      const g = this.config.alpha * this.gate(row, r);
      return add(
        row,
        y[i]!.map((v) => g * v),
      );
    });
  }

  /** y: the shared layers over rows, with their own residuals. */
  shareds(x: readonly Vector[], positions: readonly number[], r: number): Vector[] {
    const at = this.cache === "first-recurrence" ? 1 : r;
    while (this.banks.length < at) this.banks.push(this.shared.map((): Bank => new Map()));
    const isWritten = this.cache === "per-recurrence" || r === 1;
    let y = [...x];
    this.shared.forEach((layer, j) => {
      const bank = this.banks[at - 1]![j]!;
      y = this.layer(layer, y, positions, isWritten ? bank : null, bank);
    });
    return y;
  }

  /** Logits of rows at `positions`, ascending; the last layer keeps what it computes. */
  readout(x: readonly Vector[], positions: readonly number[]): Vector[] {
    return this.last(x, positions).map((row) =>
      matvec(this.head, rmsNorm(row, this.finalNorm, this.config.rmsNormEps)),
    );
  }

  /** What the last layer makes of rows. */
  last(x: readonly Vector[], positions: readonly number[]): Vector[] {
    return this.layer(this.layers.at(-1)!, x, positions, this.lastBank, this.lastBank);
  }

  /** Keys with values in each bank of the shared layers, all layers together. */
  entries(): number[] {
    return this.banks.map((bank) => bank.reduce((sum, layer) => sum + layer.size, 0));
  }

  /** One layer over rows; a row sees what `read` has at its position and before. */
  layer(
    w: Layer,
    x: readonly Vector[],
    positions: readonly number[],
    written: Bank | null,
    read: Pick<Bank, "get">,
  ): Vector[] {
    const { headDim, ropeTheta, rmsNormEps: eps } = this.config;
    const normed = x.map((row) => rmsNorm(row, w.attnNorm, eps));
    const turn = (v: Vector, i: number): Vector => rotate(v, positions[i]!, headDim, ropeTheta);
    if (written)
      normed.forEach((row, i) =>
        written.set(positions[i]!, { key: turn(matvec(w.wk, row), i), value: matvec(w.wv, row) }),
      );
    return x.map((row, i) => {
      const seen: Entry[] = [];
      for (let p = 0; p <= positions[i]!; p++) {
        const entry = read.get(p);
        if (entry) seen.push(entry);
      }
      const query = turn(matvec(w.wq, normed[i]!), i);
      const a = add(row, matvec(w.wo, this.attend(query, seen)));
      const n = rmsNorm(a, w.mlpNorm, eps);
      const up = matvec(w.wUp, n);
      const hidden = matvec(w.wGate, n).map((gate, j) => silu(gate) * up[j]!);
      return add(a, matvec(w.wDown, hidden));
    });
  }

  private attend(query: Vector, seen: readonly Entry[]): Vector {
    const { headDim, nHeads, nKvHeads } = this.config;
    const mixed = new Float64Array(query.length);
    for (let h = 0; h < nHeads; h++) {
      const from = Math.floor((h * nKvHeads) / nHeads) * headDim;
      const q = query.subarray(h * headDim, (h + 1) * headDim);
      const scores = seen.map(
        ({ key }) => matvec(key.subarray(from, from + headDim), q)[0]! / Math.sqrt(headDim),
      );
      const probs = softmax(Float64Array.from(scores));
      seen.forEach(({ value }, i) => {
        for (let d = 0; d < headDim; d++) mixed[h * headDim + d]! += probs[i]! * value[from + d]!;
      });
    }
    return mixed;
  }
}

/** Which of the rows that a recursion asks run it, by their gates. */
export function chosen(
  routing: MorRouting,
  gates: readonly number[],
  r: number,
  T: number,
  shares: readonly number[],
): boolean[] {
  if (routing.kind === "choice") throw new Error("tokens chose before the first recursion");
  if (routing.kind === "depth") return gates.map(() => r <= routing.depth);
  if (routing.kind === "topk") {
    const order = gates.map((_, i) => i).sort((a, b) => gates[b]! - gates[a]! || a - b);
    const best = new Set(order.slice(0, capacity(T, shares[r - 1]!, shares.length)));
    return gates.map((_, i) => best.has(i));
  }
  return gates.map((gate) => r === 1 || gate >= routing.threshold);
}

export interface MorForward {
  readonly first: readonly Vector[];
  /** After each recursion, all rows: [R][T][D]. */
  readonly states: readonly (readonly Vector[])[];
  /** Gates of the rows that were asked, 0 for the others; or the probability of each depth: [R][T]. */
  readonly gates: readonly (readonly number[])[];
  readonly depths: readonly number[];
  readonly last: readonly Vector[];
  readonly logits: readonly Vector[];
}

/** Rows of a text through a model that may hold earlier ones: those of `tokens`, from position `from` on, run together. */
export function forwardRows(
  model: MorReference,
  tokens: readonly number[],
  from: number,
  routing: MorRouting,
): MorForward {
  const { trainedRecurrence: R, router } = model.config.recurrence;
  const positions = tokens.map((_, i) => from + i);
  const first = model.embed(tokens, positions);
  if (router.choice === "token") return forwardChoosing(model, tokens, positions, first, routing);
  const x = [...first];
  const depths = tokens.map(() => 0);
  const states: Vector[][] = [];
  const gates: number[][] = [];
  let active = tokens.map((_, i) => i);
  for (let r = 1; r <= R; r++) {
    const asked = active.map((i) => model.gate(x[i]!, r));
    const row = tokens.map(() => 0);
    active.forEach((i, k) => (row[i] = asked[k]!));
    gates.push(row);
    const isIn = chosen(routing, asked, r, tokens.length, router.capacities);
    active = active.filter((_, k) => isIn[k]);
    const next = model.iterate(
      active.map((i) => x[i]!),
      [],
      active.map((i) => positions[i]!),
      r,
    );
    active.forEach((i, k) => {
      x[i] = next[k]!;
      depths[i] = r;
    });
    states.push([...x]);
  }
  const last = model.last(x, positions);
  return { first, states, gates, depths, last, logits: model.readout(x, positions) };
}

/** Each token chooses its depth, unless all are to have the same. Causal, so run time equals training. */
function forwardChoosing(
  model: MorReference,
  tokens: readonly number[],
  positions: readonly number[],
  first: readonly Vector[],
  routing: MorRouting,
): MorForward {
  if (routing.kind !== "choice" && routing.kind !== "depth")
    throw new Error(`tokens choose; found ${routing.kind}`);
  const choices = first.map((b) => model.choose(b));
  const depths = choices.map(({ depth }) => (routing.kind === "depth" ? routing.depth : depth));
  const recursions = Array.from({ length: model.config.recurrence.trainedRecurrence }, (_, i) => i + 1);
  const x = [...first];
  const states = recursions.map((r) => {
    const active = tokens.flatMap((_, i) => (depths[i]! >= r ? [i] : []));
    const of = <T>(list: readonly T[]): T[] => active.map((i) => list[i]!);
    const next = model.iterate(of(x), of(first), of(positions), r, of(depths));
    active.forEach((i, k) => (x[i] = next[k]!));
    return [...x];
  });
  const gates = recursions.map((r) => choices.map(({ law }) => law[r - 1]!));
  const last = model.last(x, positions);
  return { first, states, gates, depths, last, logits: model.readout(x, positions) };
}

/** A whole text at once. */
export const forwardMor = (
  config: MixtureOfRecursionsConfig,
  tensors: CheckpointTensors,
  tokens: readonly number[],
  routing: MorRouting,
  cache: MorCache = "per-recurrence",
): MorForward => forwardRows(new MorReference(config, tensors, cache), tokens, 0, routing);
