import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Purpose } from "../../src/base/rng";
import type { SamplerSettings } from "../../src/trace/events";
import { compactSlots, slotMoves } from "../reference/compact_slots";
import { processLogits } from "../reference/process_logits";
import { logSumExp, MASKED, rowStats, topK } from "../reference/row_stats";
import { sampleRow } from "../reference/sample";
import { chiSquare, chiSquareLimit, tally } from "./statistics";

const plain: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
const target = { role: "target", text: [] } as const;
const row = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 40 });
const logs = (probs: readonly number[]): number[] => probs.map(Math.log);
const probs = (law: ArrayLike<number>): number[] => Array.from(law, (v) => Math.exp(v));
const close = (actual: readonly number[], expected: readonly number[]): void => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 12));
};

describe("row statistics", () => {
  test("of a known row", () => {
    const stats = rowStats(logs([0.1, 0.4, 0.4, 0.1]));
    expect(stats.argmax).toBe(1);
    expect(stats.margin).toBeCloseTo(0, 12);
    expect(stats.logSumExp).toBeCloseTo(0, 12);
    expect(stats.entropy).toBeCloseTo(-0.8 * Math.log(0.4) - 0.2 * Math.log(0.1), 12);
  });

  test("ignore a shift, and survive extreme and masked rows", () => {
    fc.assert(
      fc.property(row, fc.double({ min: -100, max: 100, noNaN: true }), (logits, shift) => {
        const a = rowStats(logits);
        const b = rowStats(logits.map((v) => v + shift));
        expect(b.logSumExp - shift).toBeCloseTo(a.logSumExp, 8);
        expect(b.entropy).toBeCloseTo(a.entropy, 8);
        expect(b.margin).toBeCloseTo(a.margin, 8);
      }),
    );
    expect(logSumExp([1e4, -1e4])).toBe(1e4);
    expect(rowStats([MASKED, 3, MASKED])).toEqual({
      max: 3,
      logSumExp: 3,
      argmax: 1,
      second: null,
      gap: -MASKED,
      margin: 1,
      entropy: 0,
    });
    expect(rowStats([7])).toMatchObject({ argmax: 0, margin: 1, entropy: 0 });
  });

  test("top-k breaks ties by index and stops at the row's end", () => {
    expect(topK([1, 3, 3, 2], 3)).toEqual([1, 2, 3]);
    expect(topK([1, 2], 5)).toEqual([1, 0]);
  });
});

describe("sampling settings", () => {
  test("temperature scales before the softmax; 0 is one-hot for targets and plain for drafts", () => {
    const logits = logs([0.2, 0.3, 0.5]);
    close(probs(processLogits(logits, { ...plain, temperature: 0.5 }, target)), [
      0.04 / 0.38,
      0.09 / 0.38,
      0.25 / 0.38,
    ]);
    expect([...processLogits([1, 5, 5], { ...plain, temperature: 0 }, target)]).toEqual([MASKED, 0, MASKED]);
    close(
      probs(processLogits(logits, { ...plain, temperature: 0 }, { role: "draft", text: [] })),
      [0.2, 0.3, 0.5],
    );
  });

  test("top-k keeps ties of the k-th", () => {
    const logits = logs([0.4, 0.2, 0.2, 0.1, 0.1]);
    close(probs(processLogits(logits, { ...plain, topK: 2 }, target)), [0.5, 0.25, 0.25, 0, 0]);
    close(probs(processLogits(logits, { ...plain, topK: 9 }, target)), [0.4, 0.2, 0.2, 0.1, 0.1]);
  });

  test("top-p keeps the token that crosses, its ties, and at least one", () => {
    const logits = logs([0.4, 0.3, 0.1, 0.1, 0.1]);
    close(probs(processLogits(logits, { ...plain, topP: 0.6 }, target)), [4 / 7, 3 / 7, 0, 0, 0]);
    close(probs(processLogits(logits, { ...plain, topP: 0.75 }, target)), [0.4, 0.3, 0.1, 0.1, 0.1]);
    close(probs(processLogits(logits, { ...plain, topP: 1e-9 }, target)), [1, 0, 0, 0, 0]);
  });

  test("top-p counts the mass of what top-k left", () => {
    const logits = logs([0.4, 0.2, 0.15, 0.15, 0.1]);
    // Of the two kept by top-k the first has 2/3 >= 0.6; of all five the first two would be needed.
    close(probs(processLogits(logits, { ...plain, topK: 2, topP: 0.6 }, target)), [1, 0, 0, 0, 0]);
  });

  test("min-p drops by ratio to the best", () => {
    close(probs(processLogits(logs([0.5, 0.3, 0.15, 0.05]), { ...plain, minP: 0.2 }, target)), [
      0.5 / 0.95,
      0.3 / 0.95,
      0.15 / 0.95,
      0,
    ]);
  });

  test("the repetition penalty acts once on each token of the text, by sign, before the temperature", () => {
    const law = processLogits(
      [2, -2, 1, 0],
      { ...plain, repetitionPenalty: 2, temperature: 0.5 },
      {
        role: "target",
        text: [0, 1, 0],
      },
    );
    const expected = [2, -8, 2, 0].map(Math.exp);
    const sum = expected.reduce((a, b) => a + b);
    close(
      probs(law),
      expected.map((v) => v / sum),
    );
  });

  test("allowed tokens come first of all", () => {
    const law = processLogits(
      [9, 1, 1],
      { ...plain, temperature: 0 },
      { ...target, allowed: new Set([1, 2]) },
    );
    expect([...law]).toEqual([MASKED, 0, MASKED]);
    close(probs(processLogits([9, 1, 1], plain, { ...target, allowed: new Set([1, 2]) })), [0, 0.5, 0.5]);
  });

  test("every law sums to 1 and keeps the argmax", () => {
    const sampler = fc.record({
      temperature: fc.double({ min: 0, max: 3, noNaN: true }).filter((t) => t === 0 || t > 0.01),
      topK: fc.nat(45),
      topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
      minP: fc.double({ min: 0, max: 1, noNaN: true }),
      repetitionPenalty: fc.constant(1),
    });
    fc.assert(
      fc.property(
        row,
        sampler,
        fc.constantFrom("target" as const, "draft" as const),
        (logits, settings, role) => {
          const law = processLogits(logits, settings, { role, text: [] });
          expect(probs(law).reduce((a, b) => a + b)).toBeCloseTo(1, 9);
          expect(law[rowStats(logits).argmax]).toBe(Math.max(...law));
        },
      ),
    );
  });
});

describe("plain draws", () => {
  test("follow the law", () => {
    const law = [0.5, 0.3, 0.15, 0.05];
    const counts = new Map<string, number>();
    for (let step = 0; step < 20_000; step++) {
      tally(
        counts,
        String(sampleRow(logs(law), { seed: 3, step, purpose: Purpose.SAMPLE, node: 0, sibling: 0 })),
      );
    }
    const exact = new Map(law.map((p, x) => [String(x), p]));
    expect(chiSquare(counts, exact)).toBeLessThan(chiSquareLimit(exact));
  });

  test("never take a masked token, and take the first of equals without noise", () => {
    for (let step = 0; step < 200; step++) {
      expect(
        sampleRow([MASKED, -700, MASKED], { seed: 1, step, purpose: Purpose.SAMPLE, node: 0, sibling: 0 }),
      ).toBe(1);
    }
    expect(sampleRow([1, 2, 2], null)).toBe(1);
  });
});

describe("slot compaction", () => {
  test("of path 2, 5 reads slot 2 before it is overwritten", () => {
    const slots = ["x", "a0", "a1", "a2", "a3", "a4", "a5"];
    expect(slotMoves(1, [0, 2, 5])).toEqual([
      [3, 2],
      [6, 3],
    ]);
    compactSlots(slots, 1, [0, 2, 5]);
    expect(slots.slice(0, 4)).toEqual(["x", "a0", "a2", "a5"]);
  });

  test("of a chain moves nothing", () => {
    expect(slotMoves(7, [0, 1, 2])).toEqual([]);
  });

  test("makes any increasing path contiguous", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 30 })), fc.nat(5), (ids, base) => {
        const path = [0, ...ids.sort((a, b) => a - b)];
        const slots = Array.from({ length: base + 31 }, (_, i) => i - base);
        compactSlots(slots, base, path);
        expect(slots.slice(base, base + path.length)).toEqual(path);
      }),
    );
  });
});
