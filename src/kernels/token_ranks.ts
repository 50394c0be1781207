/** How rows of logits see given tokens: probability and rank. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/token_ranks.wgsl?raw";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const tokenRanksKernel = defineKernel({
  name: "token_ranks",
  source,
  reads: ["logits", "tokens"],
  writes: ["ranks"],
  params: { vocab_size: "u32" },
  overrides: REDUCE_OVERRIDES,
});

/** Words of a row: log-probability f32, that of the best token f32, tokens that are better u32, unused. */
export const RANK_WORDS = 4;

export interface TokenRanksArgs {
  /** f32 [T, vocabSize] */
  readonly logits: GPUBuffer;
  /** u32 [T] */
  readonly tokens: GPUBuffer | BufferRange;
  readonly T: number;
  readonly vocabSize: number;
  /** [T, RANK_WORDS] */
  readonly out: GPUBuffer | BufferRange;
}

export function tokenRanks(rec: Recording, a: TokenRanksArgs): void {
  needBytes("token_ranks", "logits", a.logits, 4 * a.T * a.vocabSize);
  needBytes("token_ranks", "tokens", a.tokens, 4 * a.T);
  needBytes("token_ranks", "out", a.out, 4 * RANK_WORDS * a.T);
  rec.list.add(tokenRanksKernel, reduceVariant(rec, 256, "token_ranks.lanes"), {
    bind: { logits: a.logits, tokens: a.tokens, ranks: a.out },
    params: { vocab_size: a.vocabSize },
    grid: [a.T],
  });
}
