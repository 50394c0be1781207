/** Tests of siblings recomputed from lists of candidates: the numbers of the trace, and the reference's residual laws. */
import { describe, expect, it } from "vitest";
import type { MethodEvent, TraceEvent } from "../../../src/trace/events";
import { foldEvents } from "../../../src/trace/fold";
import { siblingTests } from "../../../src/trace/sibling_tests";
import { candidatesOf, type RoundView } from "../../../src/trace/view";
import { hashModel, mixModel } from "../../helpers/fake_session_models";
import { GREEDY_SAMPLER, methodOf, runFake, SAMPLER } from "../../helpers/fake_session_run";
import { sampleTrace } from "../../helpers/sample_trace";
import { residualLaw } from "../../reference/verify_tree";

const [sampleStart] = sampleTrace(1);

/** Rounds of a method on fake models; with at most ten tokens the lists of candidates are whole laws. */
async function roundsOf(
  method: string,
  options: { params?: Record<string, unknown>; isGreedy?: boolean; vocabSize?: number } = {},
): Promise<readonly RoundView[]> {
  const vocabSize = options.vocabSize ?? 8;
  const target = hashModel({ vocabSize, salt: 1, spread: 2 });
  const draft = mixModel(target, hashModel({ vocabSize, salt: 2, spread: 2 }), 0.5);
  const { events } = await runFake({
    method,
    target,
    draft: methodOf(method).requires === "causal" ? null : draft,
    params: options.params ?? {},
    sampler: options.isGreedy ? GREEDY_SAMPLER : SAMPLER,
    prompt: [1, 2, 3, 1, 2],
    seed: 5,
    maxNewTokens: 60,
  });
  if (sampleStart?.kind !== "run_start") throw new Error("no start");
  const timed = (e: MethodEvent): TraceEvent => ({ ...e, ms: 0 });
  return foldEvents([
    { ...sampleStart, promptTokens: [1, 2, 3, 1, 2] },
    ...events.map(timed),
  ]).rounds.toArray();
}

const lawOf = (round: RoundView, of: "target" | "draft", node: number, size: number): number[] => {
  const law = Array.from({ length: size }, () => 0);
  for (const c of candidatesOf(round, of, node)?.top ?? []) law[c.token] = Math.exp(c.logprob);
  return law;
};

const parentsOf = (round: RoundView): number[] =>
  round.nodes.filter((n) => n.children.length > 0).map((n) => n.id);

describe.each([
  ["speculative-chain", "recursive_rejection"],
  ["rsd-c", "recursive_rejection"],
  ["rsd-s", "recursive_rejection"],
  ["specinfer", "multi_round"],
  ["spectr", "k_seq"],
  ["token-recycling", "sample_and_match"],
] as const)("%s", (method, rule) => {
  it("has the trace's r and d at every test, and laws", async () => {
    let seen = 0;
    for (const round of await roundsOf(method)) {
      for (const parent of parentsOf(round)) {
        const story = siblingTests(round, parent)!;
        expect(story).toMatchObject({ rule, isTruncated: false });
        for (const { child, bars } of story.tests) {
          const own = bars.find((b) => b.token === child?.token);
          if (child) {
            expect(own?.target).toBeCloseTo(child.verdict!.r, 4);
            expect(own?.draft).toBeCloseTo(child.verdict!.d, 4);
            seen++;
          }
          const mass = bars.reduce((sum, b) => sum + (b.target ?? 0), 0);
          if (rule !== "k_seq" || !child) expect(mass === 0 ? 1 : mass).toBeCloseTo(1, 4);
        }
      }
    }
    expect(seen).toBeGreaterThan(8);
  });

  it("leaves what the reference says is left when all are rejected", async () => {
    let seen = 0;
    for (const round of await roundsOf(method)) {
      for (const parent of parentsOf(round)) {
        const { tests } = siblingTests(round, parent)!;
        const left = tests.find((t) => t.child === null);
        const kids = round.nodes[parent]!.children.map((id) => round.nodes[id]!.token);
        const p = lawOf(round, "target", parent, 8);
        const expected =
          rule === "sample_and_match"
            ? p.map((v, x) =>
                kids.includes(x) ? 0 : v / p.reduce((sum, w, y) => sum + (kids.includes(y) ? 0 : w), 0),
              )
            : residualLaw(rule, p, lawOf(round, "draft", parent, 8), kids);
        // Next to nothing is left: a quotient of rounding errors on both sides.
        if (!left || round.nodes[parent]!.children.some((id) => round.nodes[id]!.verdict!.acceptProb > 0.999))
          continue;
        for (const b of left.bars) expect(b.target ?? 0).toBeCloseTo(expected[b.token]!, 3);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(0);
  });
});

it("greedy: the law is the most probable token, and nothing is left to draw from", async () => {
  for (const round of await roundsOf("rsd-c", { isGreedy: true })) {
    const { rule, tests } = siblingTests(round, 0)!;
    expect(rule).toBe("greedy");
    expect(tests.every((t) => t.child !== null)).toBe(true);
    for (const { child, bars } of tests) {
      const own = bars.find((b) => b.token === child!.token)!;
      expect(own.target).toBeCloseTo(child!.state === "accepted" ? 1 : own.target === 1 ? 1 : 0, 6);
    }
  }
});

it("with lists that break off, the tested tokens still have the trace's numbers", async () => {
  let truncated = 0;
  for (const round of await roundsOf("rsd-c", { vocabSize: 48, params: { branching: [4, 2] } })) {
    const story = siblingTests(round, 0)!;
    if (story.isTruncated) truncated++;
    for (const { child, bars } of story.tests) {
      if (!child) continue;
      const own = bars.find((b) => b.token === child.token)!;
      expect(own.target).toBeCloseTo(child.verdict!.r, 4);
    }
  }
  expect(truncated).toBeGreaterThan(0);
});

it("has nothing to tell before verification or without children", () => {
  const view = foldEvents(sampleTrace(2).slice(0, 6));
  const round = view.rounds.at(0);
  if (round) expect(siblingTests({ ...round, rule: null }, 0)).toBeNull();
});
