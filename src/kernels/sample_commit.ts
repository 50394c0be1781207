/** Draws one token from one law, commits it and advances the round. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/sample_commit.wgsl?raw";
import { CTL_WORDS, outcomeWords } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const sampleCommitKernel = defineKernel({
  name: "sample_commit",
  source,
  reads: ["laws"],
  writes: ["ctl", "seq", "outcome"],
  params: { row: "u32", vocab_size: "u32", is_greedy: "u32" },
  overrides: REDUCE_OVERRIDES,
});

export interface SampleCommitArgs {
  /** f32 [*, vocabSize], normalised log-probabilities. */
  readonly laws: GPUBuffer;
  readonly row: number;
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** u32 [outcomeWords(1)] */
  readonly outcome: GPUBuffer;
  readonly vocabSize: number;
  /** Argmax (smallest token on ties) instead of a draw. */
  readonly greedy: boolean;
}

/** Appends a token drawn from row `row` of `laws`; ends the text at an end token, the limit or the context's end. */
export function sampleCommit(rec: Recording, a: SampleCommitArgs): void {
  needBytes("sample_commit", "laws", a.laws, 4 * (a.row + 1) * a.vocabSize);
  needBytes("sample_commit", "ctl", a.ctl, 4 * CTL_WORDS);
  needBytes("sample_commit", "outcome", a.outcome, 4 * outcomeWords(1));
  rec.list.add(sampleCommitKernel, reduceVariant(rec, 256, "sample_commit.lanes"), {
    bind: { laws: a.laws, ctl: a.ctl, seq: a.seq, outcome: a.outcome },
    params: { row: a.row, vocab_size: a.vocabSize, is_greedy: a.greedy ? 1 : 0 },
    grid: [1],
  });
}
