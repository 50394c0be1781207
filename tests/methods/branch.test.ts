/** Branches: what a run does that begins with the text of another one, at the end of one of its rounds. */
import { describe, expect, test } from "vitest";
import { textMethods } from "../../src/decoding/index";
import { checkTrace } from "../../src/trace/grammar";
import { hashModel, mixModel } from "../helpers/fake_session_models";
import {
  committed,
  GREEDY_SAMPLER,
  methodOf,
  ofKind,
  runFake,
  SAMPLER,
  type FakeRun,
} from "../helpers/fake_session_run";

const target = hashModel({ vocabSize: 24, salt: 1, spread: 3 });
const draft = mixModel(target, hashModel({ vocabSize: 24, salt: 2, spread: 3 }), 0.3);
const prompt = [3, 1, 4, 1, 5];
const LENGTH = 30;

const runOf = (method: string): FakeRun => ({
  method,
  target,
  draft: methodOf(method).requires === "causal" ? null : draft,
  prompt,
  seed: 11,
  maxNewTokens: LENGTH,
});

/** The branch that has the tokens of the first `rounds` rounds, as worker/run.ts opens it. */
async function branchOf(parent: FakeRun, rounds: number): Promise<{ whole: number[]; steps: number[] }> {
  const { events } = await runFake(parent);
  const given = committed(events.filter((e) => e.step < rounds));
  const text = [...prompt, ...given];
  const branch = await runFake({
    ...parent,
    prompt: text,
    firstStep: rounds,
    maxNewTokens: LENGTH - given.length,
  });
  expect(checkTrace(branch.events, { methodPrompt: text })).toBeNull();
  return {
    whole: [...given, ...branch.tokens],
    steps: ofKind(branch.events, "commit").map((e) => e.step),
  };
}

describe("a branch that forces what its parent had", () => {
  /** Their drafts depend on the text alone, so nothing is missing in a branch. */
  const FORGETFUL = ["autoregressive", "speculative-chain", "rsd-c", "rsd-s", "specinfer", "spectr"];

  test.each(FORGETFUL)("%s draws what its parent drew", async (method) => {
    const parent = { ...runOf(method), sampler: SAMPLER };
    const { tokens } = await runFake(parent);
    for (const rounds of [1, 2, 4]) {
      const { whole, steps } = await branchOf(parent, rounds);
      expect(whole).toEqual(tokens);
      // Told from 0, whatever numbers they draw.
      expect(steps).toEqual(steps.map((_, i) => i));
    }
  });

  test("with other random numbers it would not", async () => {
    const parent = { ...runOf("autoregressive"), sampler: SAMPLER };
    const { tokens } = await runFake(parent);
    const text = [...prompt, ...tokens.slice(0, 4)];
    const other = await runFake({ ...parent, prompt: text, firstStep: 0, maxNewTokens: LENGTH - 4 });
    expect(other.tokens).not.toEqual(tokens.slice(4));
  });

  test.each(textMethods.map((m) => m.id))("%s writes the same text at temperature 0", async (method) => {
    const parent = { ...runOf(method), sampler: GREEDY_SAMPLER };
    const { tokens } = await runFake(parent);
    expect((await branchOf(parent, 2)).whole).toEqual(tokens);
  });
});
