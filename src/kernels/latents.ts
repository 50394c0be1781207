/** Latents of recurrent models: how they start, what the core reads of them, and what it leaves. */
import { defineKernel } from "../engine/kernel";
import embedMixSource from "../../shaders/embed_mix.wgsl?raw";
import latentStartSource from "../../shaders/latent_start.wgsl?raw";
import recurBeginSource from "../../shaders/recur_begin.wgsl?raw";
import recurEndSource from "../../shaders/recur_end.wgsl?raw";
import routeRowsSource from "../../shaders/route_rows.wgsl?raw";
import { choiceWords } from "./choose_depth";
import { ROW_WORDS } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

const LANES = { WORKGROUP_SIZE: 64, BY_POSITION: 0 } as const;

export const latentStartKernel = defineKernel({
  name: "latent_start",
  source: latentStartSource,
  reads: ["rows", "starts", "e"],
  writes: ["z"],
  params: { dim: "u32", seed: "u32", sigma: "f32", copies: "u32" },
  overrides: LANES,
});
export const embedMixKernel = defineKernel({
  name: "embed_mix",
  source: embedMixSource,
  reads: ["rows", "starts", "x"],
  writes: ["e", "y", "w"],
  params: { dim: "u32" },
  overrides: LANES,
});
export const recurBeginKernel = defineKernel({
  name: "recur_begin",
  source: recurBeginSource,
  reads: ["rows", "active_rows", "z", "w"],
  writes: ["a", "x"],
  params: { dim: "u32" },
  overrides: { ...LANES, HAS_LIST: 0 },
});
export const recurEndKernel = defineKernel({
  name: "recur_end",
  source: recurEndSource,
  reads: ["rows", "active_rows", "x", "e", "choices"],
  writes: ["z", "signals"],
  params: { dim: "u32", alpha: "f32", recurrence: "u32", choice_words: "u32" },
  overrides: { ...REDUCE_OVERRIDES, BY_POSITION: 0, HAS_LIST: 0, IS_GATED: 0, IS_CHOSEN: 0 },
});
export const routeRowsKernel = defineKernel({
  name: "route_rows",
  source: routeRowsSource,
  reads: ["rows", "kept", "z", "router"],
  writes: ["signals"],
  params: { dim: "u32", router_row: "u32" },
  overrides: { ...REDUCE_OVERRIDES, BY_POSITION: 0, HAS_KEPT: 0 },
});

/** How the latent of a row begins. */
export const LatentStart = {
  /** Noise keyed by seed and position. */
  RANDOM: 0,
  ZERO: 1,
  /** The row's own embedding. */
  EMBEDDING: 2,
  /** As the last pass left it. */
  KEPT: 3,
  /** As the last pass left that of another position. */
  COPY: 4,
} as const;

/** Words of one row of `starts`. */
export const Start = {
  /** One of {@link LatentStart}. */
  KIND: 0,
  /** Position that {@link LatentStart.COPY} takes its latent from. */
  SOURCE: 1,
  /** f32: share of noise mixed in, 0 for none: latents are then as they begin times KEEP, plus this much noise. */
  NOISE: 2,
  /** f32: shares of the embedding before and of the new one. */
  OLD: 3,
  NEW: 4,
  /** Addresses the noise that is mixed in. */
  STEP: 5,
  /** f32 */
  KEEP: 6,
} as const;
export const START_WORDS = 8;

/** Words of one row of `signals`, of one recurrence; f32. */
export const Signal = {
  /** |z_r - z_(r-1)| / |z_r| */
  REL_CHANGE: 0,
  /** 1 - cos(z_r, z_(r-1)) */
  COSINE: 1,
  /** KL(p_(r-1), p_r) of the readouts, in nats; p_0 is uniform. */
  KL: 2,
  /** The same after improbable tokens were made alike. */
  MIN_P_KL: 3,
  /** In nats. */
  ENTROPY: 4,
  /** u32 */
  ARGMAX: 5,
  /** Of the router before the recurrence, of the rows that it was asked about; of an exit gate after it. */
  GATE: 6,
  /** Of the readout's logits. */
  LOG_SUM_EXP: 7,
} as const;
export const SIGNAL_WORDS = 8;

type Signals = GPUBuffer | { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };

/** Which rows there are and where their latents lie. */
interface LatentRows {
  /** u32 [T, ROW_WORDS]; rows without a slot are idle. */
  readonly rows: GPUBuffer;
  readonly T: number;
  readonly dim: number;
  /** Latents and embeddings are kept by position; otherwise by row. */
  readonly byPosition: boolean;
  /** Rows to look at, in order, NONE behind the last; null for all of them. */
  readonly active?: GPUBuffer | null;
}

function check(kernel: string, { rows, T, active }: LatentRows): void {
  needBytes(kernel, "rows", rows, 4 * ROW_WORDS * T);
  if (active) needBytes(kernel, "active", active, 4 * T);
}

const channelLanes = (rec: Recording): number => (rec.list.engine.gpu.isSoftware ? 4 : 64);

export interface LatentStartArgs extends LatentRows {
  /** u32 [T, START_WORDS] */
  readonly starts: GPUBuffer;
  /** f32 [S, D] */
  readonly e: GPUBuffer;
  readonly z: GPUBuffer;
  readonly seed: number;
  /** Standard deviation of noise. */
  readonly sigma: number;
  /** Some latents begin as copies: one dispatch more. */
  readonly hasCopies: boolean;
}

/** Latents of all rows as their starts say. */
export function latentStart(rec: Recording, a: LatentStartArgs): void {
  check("latent_start", a);
  needBytes("latent_start", "starts", a.starts, 4 * START_WORDS * a.T);
  const size = channelLanes(rec);
  for (const copies of a.hasCopies ? [1, 0] : [0])
    rec.list.add(
      latentStartKernel,
      { overrides: { WORKGROUP_SIZE: size, BY_POSITION: a.byPosition ? 1 : 0 } },
      {
        bind: { rows: a.rows, starts: a.starts, e: a.e, z: a.z },
        params: { dim: a.dim, seed: a.seed, sigma: a.sigma, copies },
        grid: [Math.ceil(a.dim / size), a.T],
      },
    );
}

export interface EmbedMixArgs extends LatentRows {
  readonly starts: GPUBuffer;
  /** f32 [T, D], the prelude's output. */
  readonly x: GPUBuffer;
  /** f32 [S, D] */
  readonly e: GPUBuffer;
  /** f32 [T, D]: e of each row. */
  readonly y: GPUBuffer;
  /** f32 [T, D], zeroed. */
  readonly w: GPUBuffer;
}

export function embedMix(rec: Recording, a: EmbedMixArgs): void {
  check("embed_mix", a);
  const size = channelLanes(rec);
  rec.list.add(
    embedMixKernel,
    { overrides: { WORKGROUP_SIZE: size, BY_POSITION: a.byPosition ? 1 : 0 } },
    {
      bind: { rows: a.rows, starts: a.starts, x: a.x, e: a.e, y: a.y, w: a.w },
      params: { dim: a.dim },
      grid: [Math.ceil(a.dim / size), a.T],
    },
  );
}

export interface RecurBeginArgs extends LatentRows {
  readonly z: GPUBuffer;
  /** f32 [T, D] by row. */
  readonly w: GPUBuffer;
  /** f32 [T, D] by place among the active rows. */
  readonly a: GPUBuffer;
  readonly x: GPUBuffer;
}

export function recurBegin(rec: Recording, a: RecurBeginArgs): void {
  check("recur_begin", a);
  const size = channelLanes(rec);
  const overrides = {
    WORKGROUP_SIZE: size,
    BY_POSITION: a.byPosition ? 1 : 0,
    HAS_LIST: a.active ? 1 : 0,
  };
  rec.list.add(
    recurBeginKernel,
    { overrides },
    {
      bind: { rows: a.rows, active_rows: a.active ?? a.rows, z: a.z, w: a.w, a: a.a, x: a.x },
      params: { dim: a.dim },
      grid: [Math.ceil(a.dim / size), a.T],
    },
  );
}

export interface RecurEndArgs extends LatentRows {
  /** f32 [T, D] by place among the active rows. */
  readonly x: GPUBuffer;
  readonly z: GPUBuffer;
  /** f32 [T, SIGNAL_WORDS] by row; the first two words are written, GATE is read if gated. */
  readonly signals: Signals;
  /** Factor of the gate, by which x is added to the latent; without it x takes its place. */
  readonly alpha?: number;
  /** Of rows that chose their depths (kernels/choose_depth.ts): x takes the latent's place until the last recurrence. */
  readonly chosen?: {
    readonly choices: GPUBuffer;
    /** How many they chose among. */
    readonly depths: number;
    /** This recurrence, from 1. */
    readonly r: number;
    /** f32 [S, D]: what the last one's x is added to, by alpha times the probability of the depth. */
    readonly e: GPUBuffer;
    readonly alpha: number;
  };
}

export function recurEnd(rec: Recording, a: RecurEndArgs): void {
  check("recur_end", a);
  needBytes("recur_end", "signals", a.signals, 4 * SIGNAL_WORDS * a.T);
  const { chosen } = a;
  const words = chosen ? choiceWords(chosen.depths) : 0;
  if (chosen) needBytes("recur_end", "choices", chosen.choices, 4 * words * a.T);
  const lanes = reduceVariant(rec, 64, "recur_end.lanes");
  rec.list.add(
    recurEndKernel,
    {
      ...lanes,
      overrides: {
        ...lanes.overrides,
        BY_POSITION: a.byPosition ? 1 : 0,
        HAS_LIST: a.active ? 1 : 0,
        IS_GATED: a.alpha === undefined ? 0 : 1,
        IS_CHOSEN: chosen ? 1 : 0,
      },
    },
    {
      bind: {
        ...{ rows: a.rows, active_rows: a.active ?? a.rows, x: a.x },
        ...{ e: chosen?.e ?? a.x, choices: chosen?.choices ?? a.rows, z: a.z, signals: a.signals },
      },
      params: {
        ...{ dim: a.dim, alpha: chosen?.alpha ?? a.alpha ?? 0 },
        ...{ recurrence: chosen?.r ?? 0, choice_words: words },
      },
      grid: [1, a.T],
    },
  );
}

export interface RouteRowsArgs extends Omit<LatentRows, "active"> {
  readonly z: GPUBuffer;
  /** f32 [R, D], divided by the temperature. */
  readonly router: GPUBuffer;
  /** Recursion that is asked for, from 1. */
  readonly r: number;
  /** u32 [T, MEMORY_WORDS] of kernels/recur_admit.ts: rows that ended are not asked; null asks all. */
  readonly kept: GPUBuffer | null;
  /** f32 [T, SIGNAL_WORDS] by row, of recursion r; GATE is written. */
  readonly signals: Signals;
}

/** Gates of the rows that may run a recursion. */
export function routeRows(rec: Recording, a: RouteRowsArgs): void {
  check("route_rows", a);
  needBytes("route_rows", "signals", a.signals, 4 * SIGNAL_WORDS * a.T);
  needBytes("route_rows", "router", a.router, 4 * a.r * a.dim);
  const lanes = reduceVariant(rec, 64, "route_rows.lanes");
  const overrides = { ...lanes.overrides, BY_POSITION: a.byPosition ? 1 : 0, HAS_KEPT: a.kept ? 1 : 0 };
  rec.list.add(
    routeRowsKernel,
    { ...lanes, overrides },
    {
      bind: { rows: a.rows, kept: a.kept ?? a.rows, z: a.z, router: a.router, signals: a.signals },
      params: { dim: a.dim, router_row: a.r - 1 },
      grid: [1, a.T],
    },
  );
}
