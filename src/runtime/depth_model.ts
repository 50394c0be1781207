/**
 * What passes need of a model whose core runs again and again, whatever its architecture: blocks to record, and how latents
 * begin, go on and are left. One file per architecture implements it.
 */
import type { Engine } from "../engine/dispatch_list";
import type { BufferRange } from "../engine/memory";
import type { CacheStorage } from "../kernels/cache";
import type { HeadInput } from "../kernels/matvec_head";
import type { Recording } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { ModelFacts, RecurrenceFacts } from "../models/model";
import type { GpuModel } from "./gpu_model";

export type Part = "prelude" | "core" | "coda";

/** Rows of a pass through a block, and the slots that they see. */
export interface BlockRows {
  readonly rows: GPUBuffer;
  readonly bits: GPUBuffer;
  readonly count: number;
  readonly cache: BufferRange;
  readonly slots: number;
  /** The last bank that each position has filled, if there is one for each recurrence; see kernels/recur_admit.ts. */
  readonly banks?: GPUBuffer;
}

/** Activations of a pass, and the recording of a model's parts over them. */
export interface DepthScratch {
  /** Residual stream [maxRows, D], and room for as much beside it. */
  readonly x: GPUBuffer;
  readonly y: GPUBuffer;
  /** x = block(x), for all blocks of a part. */
  recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void;
  /** The head over rows of x. */
  readonly head: HeadInput;
  dispose(): void;
}

/** Latents of the rows of a pass, by position of the text or by row. */
export interface Latents {
  /** u32 [T, ROW_WORDS]; rows without a slot are idle. */
  readonly rows: GPUBuffer;
  readonly T: number;
  readonly dim: number;
  readonly byPosition: boolean;
  /** u32 [T, START_WORDS] */
  readonly starts: GPUBuffer;
  /** f32 [S, D]: what the prelude made of the tokens; latents. */
  readonly e: GPUBuffer;
  readonly z: GPUBuffer;
  /** f32 [T, D] by row, for the model's own use from recurrence to recurrence. */
  readonly w: GPUBuffer;
}

/** What a router leaves of rows that choose their depths: see kernels/choose_depth.ts. Null without such a router. */
type Choices = GPUBuffer | null;

/** A question to a router, before a recurrence. */
export interface Question {
  /** From 1. */
  readonly r: number;
  /** What recur_admit keeps of rows, of which it asks those that have not ended; null asks all of them. */
  readonly kept: GPUBuffer | null;
  /** f32 [T, SIGNAL_WORDS] by row, of this recurrence: routers that are asked each time leave gates there. */
  readonly signals: GPUBuffer | BufferRange;
  readonly choices: Choices;
  /** Most recurrences of a row, and whether all of them are to have as many. */
  readonly most: number;
  readonly isForced: boolean;
}

/** One recurrence of some rows. */
export interface Recurrence {
  /** From 1. */
  readonly r: number;
  /** Places of the rows that run, NONE behind the last; null for all rows. */
  readonly active: GPUBuffer | null;
  /** f32 [T, SIGNAL_WORDS] by row. */
  readonly signals: GPUBuffer | BufferRange;
  readonly core: (layer: number) => BlockRows;
  readonly choices: Choices;
}

export interface DepthModel {
  readonly engine: Engine;
  readonly facts: ModelFacts;
  readonly recurrence: RecurrenceFacts;
  readonly maxContext: number;
  readonly config: { readonly dim: number; readonly vocabSize: number };
  /** Key and value heads of a slot in one layer, and how they are kept. */
  readonly kept: { readonly nKvHeads: number; readonly headDim: number; readonly cacheStorage: CacheStorage };
  /** [V, D] in parts by rows, and the factor of its rows. */
  readonly embedding: { readonly table: readonly WeightMatrix[]; readonly scale: number };
  createScratch(label: string, maxRows: number): DepthScratch;
  /** The same model with another number of recurrences, to which the weights do not belong; left out by models with a router. */
  atDepth?(depth: number): GpuModel;
  /** Latents of rows whose embeddings the prelude left in x. */
  begin(rec: Recording, scratch: DepthScratch, l: Latents, seed: number, hasCopies: boolean): void;
  /** Asks the router about rows; left out by models without one. */
  ask?(rec: Recording, l: Latents, question: Question): void;
  /** One recurrence: latents go on, and signals say by how much. */
  recur(rec: Recording, scratch: DepthScratch, l: Latents, recurrence: Recurrence): void;
  /** x = what the coda sees of the latents of active rows, or of all. */
  leave(rec: Recording, scratch: DepthScratch, l: Latents, active: GPUBuffer | null): void;
}

/** Whether a model's depth is recurrent: all such models can be run recurrence by recurrence. */
export const isDepthModel = (model: GpuModel): model is GpuModel & DepthModel => model.recurrence !== null;
