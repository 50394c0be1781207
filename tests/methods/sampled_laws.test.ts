/** The law of whole methods on the fake session, pipelined as in the page: counts of texts against the exact law. */
import { expect, test } from "vitest";
import type { SamplerSettings } from "../../src/trace/events";
import { hashModel, type FakeModel } from "../helpers/fake_session_models";
import { runFake, SAMPLER } from "../helpers/fake_session_run";
import { processLogits } from "../reference/process_logits";
import { chiSquare, chiSquareLimit, tally } from "./statistics";

const target = hashModel({ vocabSize: 4, salt: 31, spread: 1.5 });
const draft = hashModel({ vocabSize: 4, salt: 32, spread: 1.5 });
const prompt = [1, 0, 3];
const RUNS = 3000;

/** Probabilities of the first two tokens after the prompt. */
function exactLaw(model: FakeModel, sampler: SamplerSettings): Map<string, number> {
  const law = (text: readonly number[]): number[] =>
    Array.from(processLogits(model.logits(text), sampler, { role: "target", text }), Math.exp);
  const exact = new Map<string, number>();
  law(prompt).forEach((p, x) => {
    law([...prompt, x]).forEach((r, y) => exact.set(`${x},${y}`, p * r));
  });
  return exact;
}

async function countTexts(
  method: string,
  params: Readonly<Record<string, unknown>>,
  sampler: SamplerSettings,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < RUNS; seed++) {
    const run = { method, params, sampler, target, draft, prompt, seed, maxNewTokens: 2 };
    tally(counts, (await runFake({ ...run, detail: "light" })).tokens.join());
  }
  return counts;
}

const CUT: SamplerSettings = { temperature: 0.8, topK: 3, topP: 0.95, minP: 0.02, repetitionPenalty: 1.3 };

test.each([
  ["autoregressive", {}, SAMPLER],
  ["autoregressive", {}, CUT],
  ["speculative-chain", { draftLength: 1 }, SAMPLER],
  ["speculative-chain", { draftLength: 3 }, CUT],
  ["rsd-c", { branching: [2, 2] }, SAMPLER],
  ["rsd-c", { branching: [3], draftTemperature: 0.5 }, CUT],
  ["rsd-s", { width: 3, depth: 2 }, SAMPLER],
  ["rsd-s", { width: 2, depth: 3, draftTemperature: 1.6 }, CUT],
  ["sequoia", { nodes: 4, depth: 2 }, CUT],
  ["dyspec", { nodes: 4, depth: 2 }, SAMPLER],
  ["dyspec", { nodes: 6, depth: 2, stop: "threshold", threshold: 0.2, draftTemperature: 0.6 }, CUT],
  ["specinfer", { expansion: [3, 1] }, SAMPLER],
  ["specinfer", { expansion: [2, 2], draftTemperature: 0.6 }, CUT],
  ["spectr", { sequences: 3, draftLength: 2 }, SAMPLER],
  ["spectr", { sequences: 4, draftLength: 1, draftTemperature: 1.5 }, CUT],
  ["token-recycling", { nodes: 6 }, CUT],
  ["prompt-lookup", { longest: 1, draftLength: 2 }, CUT],
  ["jacobi", { block: 2 }, CUT],
  ["eagle-tree", { nodes: 4, topK: 2, depth: 2 }, CUT],
] as const)("%s %j samples the target's law under %j", async (method, params, sampler) => {
  const exact = exactLaw(target, sampler);
  expect(chiSquare(await countTexts(method, params, sampler), exact)).toBeLessThan(chiSquareLimit(exact));
});

test("the check sees a wrong law", async () => {
  const counts = await countTexts("autoregressive", {}, { ...SAMPLER, temperature: 0.85 });
  const exact = exactLaw(target, SAMPLER);
  expect(chiSquare(counts, exact)).toBeGreaterThan(chiSquareLimit(exact));
});
