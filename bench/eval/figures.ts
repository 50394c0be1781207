/** What `npm run eval` writes for each model: figures with what was counted, in public/models/eval.json. */

import type { CacheStorage } from "../../src/kernels/cache";
import type { WeightStorage } from "../../src/kernels/weights";

/** One measured number. */
export interface Figure {
  readonly id: string;
  /** What the number says, as cards and the page show it. */
  readonly label: string;
  readonly value: number;
  /** `bits/byte`, or `share` from 0 to 1. */
  readonly unit: "bits/byte" | "share";
  /** How many things were looked at, and what they are. */
  readonly count: number;
  readonly of: string;
  /** Of a model of recurrent depth: the curve that the figure is a point of, and how often its core ran. */
  readonly curve?: { readonly label: string; readonly recurrences: number };
}

export interface ModelFigures {
  /** Of model.safetensors: figures of other weights are no figures of this model. */
  readonly weightsSha256: string;
  /** The command that measured it. */
  readonly command: string;
  readonly date: string;
  /** How weights were kept on the device. */
  readonly storage: "f32";
  readonly adapter: string;
  readonly figures: readonly Figure[];
}

/** How good a model is that is kept in some way. */
export interface QualityRow {
  readonly bitsPerByte: number;
  /** Of a token. */
  readonly perplexity: number;
  /** Share of positions at which the most likely token is that of f32. */
  readonly greedyAgreement: number;
}

interface Compared<Row extends QualityRow> {
  readonly weightsSha256: string;
  readonly command: string;
  readonly date: string;
  readonly adapter: string;
  /** How many things were looked at, and what they are. */
  readonly count: number;
  readonly of: string;
  readonly rows: readonly Row[];
}

/** One model's figures for every way to keep its weights; `weightBytes`: on the device, matrices with their scales, and vectors. */
export type StorageFigures = Compared<
  QualityRow & { readonly storage: WeightStorage; readonly weightBytes: number }
>;
/** One model's figures for every way to keep keys and values; `tokenBytes`: of one token, all layers. */
export type CacheFigures = Compared<
  QualityRow & { readonly storage: CacheStorage; readonly tokenBytes: number }
>;

export interface Evaluation {
  /** By model id. */
  readonly models: Readonly<Record<string, ModelFigures>>;
  /** By model id: what the storage types cost. */
  readonly storages?: Readonly<Record<string, StorageFigures>>;
  /** By model id: what the storage types of keys and values cost. */
  readonly caches?: Readonly<Record<string, CacheFigures>>;
}

export const share = (hits: number, count: number): number => Math.round((1e4 * hits) / count) / 1e4;
export const rounded = (value: number): number => Math.round(1e4 * value) / 1e4;
