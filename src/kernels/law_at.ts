/** What a law gives the token that a round drew from another one. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/law_at.wgsl?raw";
import { outcomeWords } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

export const lawAtKernel = defineKernel({
  name: "law_at",
  source,
  reads: ["laws", "outcome"],
  writes: ["drawn"],
  params: { row: "u32", vocab_size: "u32" },
  overrides: {},
});

export interface LawAtArgs {
  /** f32 [*, vocabSize], normalised log-probabilities. */
  readonly laws: GPUBuffer;
  readonly row: number;
  /** u32 [outcomeWords(1)], of a round without a tree. */
  readonly outcome: GPUBuffer;
  readonly vocabSize: number;
  /** f32 [1] */
  readonly out: GPUBuffer;
}

/** Records the log-probability of the drawn token in row `row` of `laws`. */
export function lawAt(rec: Recording, a: LawAtArgs): void {
  needBytes("law_at", "laws", a.laws, 4 * (a.row + 1) * a.vocabSize);
  needBytes("law_at", "outcome", a.outcome, 4 * outcomeWords(1));
  needBytes("law_at", "out", a.out, 4);
  rec.list.add(
    lawAtKernel,
    {},
    {
      bind: { laws: a.laws, outcome: a.outcome, drawn: a.out },
      params: { row: a.row, vocab_size: a.vocabSize },
      grid: [1],
    },
  );
}
