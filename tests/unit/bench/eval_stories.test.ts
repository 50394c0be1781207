/** What `npm run eval` counts of tokens' depths and latents. */
import { describe, expect, it } from "vitest";
import { contractions, routingAgreement } from "../../../bench/eval/stories";
import type { RowOutcome } from "../../../src/decoding/depth/session";

const outcome = (depth: number, changes: readonly number[] = []): RowOutcome =>
  ({ depth, signals: changes.map((relChange) => ({ relChange })) }) as unknown as RowOutcome;

describe("agreement of two ways to route", () => {
  it("is counted for each recursion from the second on", () => {
    const one = [1, 2, 3].map((depth) => outcome(depth));
    const other = [1, 3, 1].map((depth) => outcome(depth));
    // Second recursion: no, yes, yes beside no, yes, no. Third: no, no, yes beside no, yes, no.
    expect(routingAgreement(one, other, 3)).toEqual({ agreed: 3, count: 6 });
    expect(routingAgreement(one, one, 3)).toEqual({ agreed: 6, count: 6 });
  });
});

describe("contraction", () => {
  it("compares each recurrence with the one before of the same token", () => {
    expect(contractions([outcome(3, [1, 0.5, 0.6]), outcome(2, [2, 1]), outcome(1, [9])])).toEqual({
      smaller: 2,
      count: 3,
    });
  });
});
