import { describe, expect, test } from "vitest";
import { gumbelAt, Purpose } from "../../src/base/rng";
import { Ctl, Outcome, outcomeArray, OutcomeArray, outcomeWords } from "../../src/kernels/layouts";
import { sampleCommit } from "../../src/kernels/sample_commit";
import type { Tuning } from "../../src/kernels/tuning";
import { sampleRow } from "../reference/sample";
import { ctlOf, REDUCTIONS, useBench } from "./harness";
import { chiSquare, constantLaws, joined, randomLaws } from "./trees";

const bench = useBench();

interface Run {
  readonly seq: Uint32Array;
  readonly ctl: Uint32Array;
  readonly outcome: Uint32Array;
}
async function run(
  laws: readonly Float32Array[],
  row: number,
  ctl: Uint32Array,
  greedy: boolean,
  times = 1,
  tuning: Partial<Tuning> = {},
): Promise<Run> {
  const [c, seq, outcome] = [
    bench().buffer(ctl),
    bench().empty(ctl[Ctl.N]! + times + 1),
    bench().empty(outcomeWords(1)),
  ];
  const args = {
    laws: bench().buffer(joined(laws)),
    row,
    ctl: c,
    seq,
    outcome,
    vocabSize: laws[0]!.length,
    greedy,
  };
  await bench().run((rec) => sampleCommit(rec, args), tuning, times);
  return { seq: await bench().u32(seq), ctl: await bench().u32(c), outcome: await bench().u32(outcome) };
}

describe.each(REDUCTIONS)("sample_commit, %s", (_, tuning) => {
  test.each([1, 7, 9, 97, 2048])(
    "the same tokens as the reference, %i in the vocabulary",
    async (vocabSize) => {
      const laws = randomLaws(2, vocabSize, vocabSize, 2, 0.2);
      const rounds = 16;
      const { seq } = await run(laws, 1, ctlOf({ N: 3, SEED: 5, STEP: 40 }), false, rounds, tuning);
      let nearTies = 0;
      for (let i = 0; i < rounds; i++) {
        const address = { seed: 5, step: 40 + i, purpose: Purpose.SAMPLE, node: 0, sibling: 0 };
        const [found, expected] = [seq[3 + i]!, sampleRow(laws[1]!, address)];
        if (found === expected) continue;
        const value = (x: number): number => laws[1]![x]! + gumbelAt({ ...address, index: x });
        expect(Math.abs(value(found) - value(expected))).toBeLessThan(1e-4);
        nearTies++;
      }
      expect(nearTies).toBeLessThanOrEqual(1);
    },
  );
});

describe("sample_commit", () => {
  const flat = constantLaws(1, [0.1, 0.4, 0.4, 0.1]);

  test("greedy takes the smallest argmax and says what it did", async () => {
    const { seq, ctl, outcome } = await run(flat, 0, ctlOf({ N: 3, STEP: 6 }), true);
    expect(seq[3]).toBe(1);
    expect([ctl[Ctl.N], ctl[Ctl.STEP], ctl[Ctl.DONE], ctl[Ctl.ACCEPTED], ctl[Ctl.BASE]]).toEqual([
      4, 7, 0, 0, 2,
    ]);
    const head = [
      Outcome.ACTIVE,
      Outcome.STEP,
      Outcome.N,
      Outcome.EMITTED,
      Outcome.ACCEPTED,
      Outcome.EXTRA,
      Outcome.STOP,
    ];
    expect(head.map((f) => outcome[f])).toEqual([1, 6, 3, 1, 0, 2, 0]);
    expect(outcome[Outcome.FINAL_TOKEN]).toBe(1);
    expect(outcome[outcomeArray(OutcomeArray.TOKENS, 1)]).toBe(1);
    const logprob = new Float32Array(outcome.buffer)[outcomeArray(OutcomeArray.LOGPROBS, 1)];
    expect(logprob).toBeCloseTo(Math.log(0.4), 6);
  });

  test.each([
    ["an end token", ctlOf({ N: 3 }, [9, 1]), 1],
    ["the token limit", ctlOf({ N: 3, LIMIT: 4 }), 2],
    ["the context's end", ctlOf({ N: 3, CONTEXT: 4 }), 3],
  ])("%s ends the text, and later rounds do nothing", async (_, start, reason) => {
    const { seq, ctl, outcome } = await run(flat, 0, start, true, 3);
    expect([ctl[Ctl.N], ctl[Ctl.STEP], ctl[Ctl.DONE]]).toEqual([4, 1, reason]);
    expect([...seq.subarray(3, 6)]).toEqual([1, 0, 0]);
    expect(outcome[Outcome.ACTIVE]).toBe(0);
  });

  test("the law of 4,000 draws, chi-square", async () => {
    const probs = [0.05, 0.3, 0, 0.15, 0.25, 0.125, 0.1, 0.025];
    const rounds = 4000;
    const { seq } = await run(constantLaws(1, probs), 0, ctlOf({ N: 1, SEED: 2024 }), false, rounds);
    const counts = probs.map((_, x) => seq.subarray(1, 1 + rounds).filter((t) => t === x).length);
    expect(counts[2]).toBe(0);
    const present = probs.flatMap((p, x) => (p > 0 ? [x] : []));
    // 27.9 is exceeded with probability 1e-4 at 6 degrees of freedom.
    expect(
      chiSquare(
        present.map((x) => counts[x]!),
        present.map((x) => rounds * probs[x]!),
      ),
    ).toBeLessThan(27.9);
  });
});
