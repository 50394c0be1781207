import { describe, expect, test } from "vitest";
import { RANK_WORDS, tokenRanks } from "../../src/kernels/token_ranks";
import { tokenRank } from "../reference/token_ranks";
import { normals, REDUCTIONS, useBench } from "./harness";

const bench = useBench();

describe.each(REDUCTIONS)("token_ranks, %s", (_, tuning) => {
  test.each([1, 7, 300, 2048])("%i tokens", async (vocabSize) => {
    const z = normals(vocabSize);
    // Halves make ties.
    const logits = Float32Array.from({ length: 3 * vocabSize }, () => Math.round(6 * z()) / 2);
    const tokens = Uint32Array.from([0, vocabSize - 1, vocabSize >> 1]);
    const out = bench().empty(3 * RANK_WORDS);
    await bench().run(
      (rec) =>
        tokenRanks(rec, {
          logits: bench().buffer(logits),
          tokens: bench().buffer(tokens),
          T: 3,
          vocabSize,
          out,
        }),
      tuning,
    );
    const f = await bench().f32(out);
    const u = new Uint32Array(f.buffer);
    tokens.forEach((token, row) => {
      const expected = tokenRank(logits.subarray(row * vocabSize, (row + 1) * vocabSize), token);
      expect(f[row * RANK_WORDS]).toBeCloseTo(expected.logprob, 4);
      expect(f[row * RANK_WORDS + 1]).toBeCloseTo(expected.bestLogprob, 4);
      expect(u[row * RANK_WORDS + 2]).toBe(expected.rank);
    });
  });
});
