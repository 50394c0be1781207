/** The most probable tokens of some laws, for people to look at. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/top_tokens.wgsl?raw";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const topTokensKernel = defineKernel({
  name: "top_tokens",
  source,
  reads: ["laws"],
  writes: ["found"],
  params: { first_row: "u32", vocab_size: "u32", k: "u32" },
  overrides: REDUCE_OVERRIDES,
});

export const MAX_TOP = 64;

/** Room of a lane's list that holds `k`: few different sizes, since each is a pipeline of its own. */
export const topRoom = (k: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, k)));

export interface TopTokensArgs {
  /** f32 [*, vocabSize]; larger is better. */
  readonly laws: GPUBuffer;
  readonly firstRow: number;
  readonly T: number;
  readonly vocabSize: number;
  /** 1 to MAX_TOP */
  readonly k: number;
  /** Tokens u32 [T, k], then log-probabilities f32 [T, k]. */
  readonly out: GPUBuffer | BufferRange;
}

/** Most probable first, ties by smaller token; rows with fewer than k possible tokens are filled up with NONE, MASKED. */
export function topTokens(rec: Recording, a: TopTokensArgs): void {
  if (a.k < 1 || a.k > MAX_TOP) throw new Error(`top_tokens: k is ${a.k}, expected 1 to ${MAX_TOP}`);
  needBytes("top_tokens", "laws", a.laws, 4 * (a.firstRow + a.T) * a.vocabSize);
  needBytes("top_tokens", "out", a.out, 8 * a.T * a.k);
  rec.list.add(
    topTokensKernel,
    { ...reduceVariant(rec, 64, "top_tokens.lanes"), consts: { TOP: topRoom(a.k) } },
    {
      bind: { laws: a.laws, found: a.out },
      params: { first_row: a.firstRow, vocab_size: a.vocabSize, k: a.k },
      grid: [a.T],
    },
  );
}
