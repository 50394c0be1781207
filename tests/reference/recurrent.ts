/**
 * The forward pass of a recurrent-depth model in float64, written to be read: what the GPU is compared with.
 * Keys and values are kept by position, in one bank for each recurrence; a cache policy says which of them a query reads.
 * @see Geiping et al. 2025, Scaling up Test-Time Compute with Latent Reasoning, section 3
 */
import type { RecurrentDepthConfig } from "../../src/models/architectures/recurrent_depth";
import type { CheckpointTensors } from "../../src/models/model";
import { latentNoise } from "./latent";
import { matvec, rmsNorm, softmax } from "./llama";

export type Vector = Float64Array<ArrayBuffer>;
/** Which keys and values of an earlier position a query at recurrence r reads. */
export type CachePolicy =
  /** Those of recurrence r; positions that did not run it are not seen. */
  | "per-recurrence"
  /** Those of recurrence 1, the only ones that are kept. */
  | "first-recurrence"
  /** The last that were written. */
  | "latest"
  /** Those of recurrence r, or of the last one before it that the position ran. */
  | "nearest";

const add = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]!);
const silu = (x: number): number => x / (1 + Math.exp(-x));
const norm = (x: Vector): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

/** |a - b| / |a| */
export const relativeChange = (a: Vector, b: Vector): number => norm(a.map((v, i) => v - b[i]!)) / norm(a);
/** |step - before| / |z|: how much a step of a latent differs from the step before it. */
export const acceleration = (z: Vector, step: Vector, before: Vector): number =>
  norm(step.map((v, i) => v - before[i]!)) / norm(z);
/** 1 - cos(a, b); 1 if one of them is zero. */
export const cosineDistance = (a: Vector, b: Vector): number =>
  1 - a.reduce((sum, v, i) => sum + v * b[i]!, 0) / (norm(a) * norm(b) || 1);

/** Neighbours 2i, 2i + 1 of every head turn by position / theta^(2i / headDim). */
export function rotateNeighbours(x: Vector, position: number, headDim: number, theta: number): Vector {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i += 2) {
    const angle = position / theta ** ((i % headDim) / headDim);
    const [a, b] = [x[i]!, x[i + 1]!];
    y[i] = a * Math.cos(angle) - b * Math.sin(angle);
    y[i + 1] = b * Math.cos(angle) + a * Math.sin(angle);
  }
  return y;
}

interface Entry {
  readonly key: Vector;
  readonly value: Vector;
}
/** Keys and values of one layer by position. */
type Bank = Map<number, Entry>;
interface Block {
  readonly norms: readonly Float32Array[];
  readonly wqkv: Float32Array;
  readonly qkBias: Float32Array;
  readonly wo: Float32Array;
  readonly wGateUp: Float32Array;
  readonly wDown: Float32Array;
}

/** A model with the keys and values of the positions it has run. */
export class RecurrentReference {
  private readonly weights: Readonly<Record<"embed" | "adapter" | "finalNorm", Float32Array>>;
  private readonly parts: Readonly<Record<"prelude" | "core" | "coda", readonly Block[]>>;
  private readonly preludeBanks: Bank[];
  private readonly codaBanks: Bank[];
  /** By recurrence from 1, then by core layer. */
  private readonly coreBanks: Bank[][] = [];
  /** Last recurrence whose keys and values a position has written. */
  private readonly lastBank = new Map<number, number>();

  constructor(
    readonly config: RecurrentDepthConfig,
    tensors: CheckpointTensors,
    readonly policy: CachePolicy = "per-recurrence",
  ) {
    const load = (name: string): Float32Array => tensors.get(name).toFloat32();
    this.weights = { embed: load("embed"), adapter: load("adapter"), finalNorm: load("finalNorm") };
    const blocks = (part: string, count: number): Block[] =>
      Array.from({ length: count }, (_, l) => ({
        norms: [1, 2, 3, 4].map((i) => load(`${part}.${l}.norm${i}`)),
        wqkv: load(`${part}.${l}.wqkv`),
        qkBias: load(`${part}.${l}.qkBias`),
        wo: load(`${part}.${l}.wo`),
        wGateUp: load(`${part}.${l}.wGateUp`),
        wDown: load(`${part}.${l}.wDown`),
      }));
    const { nPrelude, nCore, nCoda } = config.recurrence;
    this.parts = {
      prelude: blocks("prelude", nPrelude),
      core: blocks("core", nCore),
      coda: blocks("coda", nCoda),
    };
    this.preludeBanks = this.parts.prelude.map(() => new Map<number, Entry>());
    this.codaBanks = this.parts.coda.map(() => new Map<number, Entry>());
  }

  /** embedScale * E[token]. */
  lookUp(token: number): Vector {
    const { dim, embedScale } = this.config;
    return Float64Array.from(
      this.weights.embed.subarray(token * dim, (token + 1) * dim),
      (v) => v * embedScale,
    );
  }

  /** What the core sees of tokens at positions: the prelude's output. */
  embed(tokens: readonly number[], positions: readonly number[]): Vector[] {
    let x = tokens.map((token) => this.lookUp(token));
    this.parts.prelude.forEach((block, l) => {
      x = this.block(block, x, positions, this.preludeBanks[l]!, this.preludeBanks[l]!);
    });
    // A position that is embedded anew starts over.
    for (const p of positions) this.lastBank.delete(p);
    return x;
  }

  /** W [s; e] */
  adapt(latent: Vector, embedding: Vector): Vector {
    return matvec(this.weights.adapter, Float64Array.from([...latent, ...embedding]));
  }

  /** Recurrence r, from 1, of rows at `positions`, ascending, which run together. */
  iterate(
    latents: readonly Vector[],
    embeds: readonly Vector[],
    positions: readonly number[],
    r: number,
  ): Vector[] {
    const bank = this.policy === "latest" || this.policy === "first-recurrence" ? 1 : r;
    while (this.coreBanks.length < bank) this.coreBanks.push(this.parts.core.map((): Bank => new Map()));
    const isWritten = this.policy !== "first-recurrence" || r === 1;
    if (isWritten) for (const p of positions) this.lastBank.set(p, bank);
    let x = latents.map((s, i) => this.adapt(s, embeds[i]!));
    this.parts.core.forEach((block, l) => {
      const written = isWritten ? this.coreBanks[bank - 1]![l]! : null;
      x = this.block(block, x, positions, written, { get: (p) => this.lookUpBank(l, bank, p) });
    });
    return x;
  }

  private lookUpBank(l: number, bank: number, position: number): Entry | undefined {
    const last = this.lastBank.get(position);
    if (last === undefined || (this.policy === "per-recurrence" && last < bank)) return undefined;
    return this.coreBanks[Math.min(bank, last) - 1]?.[l]?.get(position);
  }

  /** Logits of latents at `positions`, ascending; the coda keeps what it computes. */
  readout(latents: readonly Vector[], positions: readonly number[]): Vector[] {
    const { rmsNormEps } = this.config;
    const { embed, finalNorm } = this.weights;
    let x = latents.map((s) => rmsNorm(s, finalNorm, rmsNormEps));
    this.parts.coda.forEach((block, l) => {
      x = this.block(block, x, positions, this.codaBanks[l]!, this.codaBanks[l]!);
    });
    return x.map((row) => matvec(embed, rmsNorm(row, finalNorm, rmsNormEps)));
  }

  private block(
    w: Block,
    x: readonly Vector[],
    positions: readonly number[],
    written: Bank | null,
    read: Pick<Bank, "get">,
  ): Vector[] {
    const { dim, hiddenDim, headDim, ropeTheta, rmsNormEps } = this.config;
    const qkv = x.map((row) => matvec(w.wqkv, rmsNorm(row, w.norms[0]!, rmsNormEps)));
    const turned = (i: number, which: 0 | 1): Vector => {
      const raw = qkv[i]!.slice(which * dim, (which + 1) * dim).map((v, d) => v + w.qkBias[which * dim + d]!);
      return rotateNeighbours(raw, positions[i]!, headDim, ropeTheta);
    };
    const own = qkv.map((row, i): Entry => ({ key: turned(i, 1), value: row.slice(2 * dim) }));
    own.forEach((entry, i) => written?.set(positions[i]!, entry));
    return x.map((row, i) => {
      const seen: Entry[] = [];
      for (let p = 0; p <= positions[i]!; p++) {
        const entry = read.get(p);
        if (entry) seen.push(entry);
      }
      const attended = this.attend(turned(i, 0), seen);
      const a = rmsNorm(add(row, matvec(w.wo, attended)), w.norms[1]!, rmsNormEps);
      const fused = matvec(w.wGateUp, rmsNorm(a, w.norms[2]!, rmsNormEps));
      const hidden = fused.slice(0, hiddenDim).map((gate, j) => silu(gate) * fused[hiddenDim + j]!);
      return rmsNorm(add(a, matvec(w.wDown, hidden)), w.norms[3]!, rmsNormEps);
    });
  }

  private attend(query: Vector, seen: readonly Entry[]): Vector {
    const { headDim } = this.config;
    const mixed = new Float64Array(query.length);
    for (let at = 0; at < query.length; at += headDim) {
      const q = query.subarray(at, at + headDim);
      const scores = seen.map(
        ({ key }) => matvec(key.subarray(at, at + headDim), q)[0]! / Math.sqrt(headDim),
      );
      const probs = softmax(Float64Array.from(scores));
      seen.forEach(({ value }, j) => {
        for (let d = 0; d < headDim; d++) mixed[at + d] = mixed[at + d]! + probs[j]! * value[at + d]!;
      });
    }
    return mixed;
  }
}

/** Logits of every position of a text, all of which run `recurrences` together from the noise of `seed`. */
export function forwardText(
  config: RecurrentDepthConfig,
  tensors: CheckpointTensors,
  tokens: readonly number[],
  recurrences: number,
  seed = 0,
): Vector[] {
  const model = new RecurrentReference(config, tensors);
  const positions = tokens.map((_, p) => p);
  const embeds = model.embed(tokens, positions);
  let latents = positions.map((p) => latentNoise(seed, p, config.dim, config.latentStd));
  for (let r = 1; r <= recurrences; r++) latents = model.iterate(latents, embeds, positions, r);
  return model.readout(latents, positions);
}
