/**
 * The main test of losslessness: the law of one round, over every draft and every verdict, completed by plain
 * sampling, must be the target's law. The negative controls are mistakes that the same check must see.
 */
import { describe, expect, test } from "vitest";
import { pcg4d, toUniform } from "../../src/base/rng";
import type { SamplerSettings } from "../../src/trace/events";
import { enumerate } from "../reference/choice";
import { processLogits } from "../reference/process_logits";
import {
  greedyMatch,
  independent,
  independentPaths,
  kSeqRule,
  mostProbable,
  rejectionRule,
  sampleAndMatch,
  walk,
  withoutReplacement,
  type Draft,
  type Drafting,
  type LawOf,
  type NodeRule,
} from "../reference/speculation";
import { tally } from "./statistics";

const V = 4;
const TOKENS = [0, 1, 2, 3];
interface Models {
  readonly p: LawOf;
  readonly q: LawOf;
}
const plain: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

/** Random laws by context: normalised exponentials, Dirichlet(1); `zeros` of each law's entries are 0. */
function randomLaw(seed: number, zeros: number): LawOf {
  const cache = new Map<string, readonly number[]>();
  return (context) => {
    const key = context.join();
    const known = cache.get(key);
    if (known) return known;
    const h = context.reduce((a, x, i) => pcg4d(a, x, i, 7)[0], seed);
    const weights = TOKENS.map((x) => -Math.log(toUniform(pcg4d(h, x, 1, seed)[0])));
    const gone = pcg4d(h, 0, 2, seed)[0];
    for (let i = 0; i < zeros; i++) weights[(gone + i) % V] = 0;
    const sum = weights.reduce((a, b) => a + b);
    const law = weights.map((w) => w / sum);
    cache.set(key, law);
    return law;
  };
}

/** A law after sampling settings, as both models get them. */
function sampled(law: LawOf, settings: Partial<SamplerSettings>): LawOf {
  const sampler = { ...plain, ...settings };
  return (context) =>
    Array.from(
      processLogits(
        law(context).map((v) => Math.max(-1e30, Math.log(v))),
        sampler,
        { role: "target", text: [] },
      ),
      Math.exp,
    );
}

/** Largest error of the law of the first `depth` + 1 tokens when a round is followed by plain sampling. */
function lawError(
  models: Models,
  depth: number,
  round: (choose: Parameters<Drafting>[2]) => number[],
): number {
  const emitted = new Map<string, number>();
  enumerate(round, (tokens, prob) => tally(emitted, tokens.join(), prob));
  const law = new Map<string, number>();
  const exact = new Map<string, number>();
  const complete = (into: Map<string, number>, tokens: readonly number[], prob: number): void => {
    if (tokens.length > depth) tally(into, tokens.join(), prob);
    else for (const x of TOKENS) complete(into, [...tokens, x], prob * models.p(tokens)[x]!);
  };
  for (const [tokens, prob] of emitted) complete(law, tokens.split(",").map(Number), prob);
  complete(exact, [], 1);
  let error = 0;
  for (const key of new Set([...law.keys(), ...exact.keys()])) {
    error = Math.max(error, Math.abs((law.get(key) ?? 0) - (exact.get(key) ?? 0)));
  }
  return error;
}

const speculate = (models: Models, depth: number, drafting: Drafting, rule: NodeRule): number =>
  lawError(models, depth, (choose) => walk(drafting(models.q, [], choose), models.p, models.q, rule, choose));

const kinds: readonly { name: string; models: (seed: number) => Models }[] = [
  { name: "full support", models: (s) => ({ p: randomLaw(s, 0), q: randomLaw(s + 1, 0) }) },
  { name: "zeros in p", models: (s) => ({ p: randomLaw(s, 1), q: randomLaw(s + 1, 0) }) },
  { name: "zeros in q", models: (s) => ({ p: randomLaw(s, 0), q: randomLaw(s + 1, 2) }) },
  { name: "zeros in both", models: (s) => ({ p: randomLaw(s, 1), q: randomLaw(s + 1, 2) }) },
  {
    name: "top-p target, cooler draft",
    models: (s) => ({
      p: sampled(randomLaw(s, 0), { topP: 0.8, temperature: 0.9 }),
      q: sampled(randomLaw(s + 1, 0), { temperature: 0.6 }),
    }),
  },
];

describe.each(kinds)("exact law with $name", ({ models }) => {
  test.each([
    ["chain of 2", [1, 1]],
    ["chain of 3", [1, 1, 1]],
    ["tree 2,2", [2, 2]],
    ["tree 3,1", [3, 1]],
    ["tree 4,1", [4, 1]],
  ] as const)("%s", (_, branching) => {
    for (const seed of [10, 20]) {
      const error = speculate(
        models(seed),
        branching.length,
        withoutReplacement(branching),
        rejectionRule("wor"),
      );
      expect(error).toBeLessThan(1e-12);
    }
  });

  test("one target and one draft token at temperature 0", () => {
    const { p, q } = models(30);
    const best = sampled(p, { temperature: 0 });
    expect(speculate({ p: best, q }, 2, withoutReplacement([2, 2]), greedyMatch)).toBeLessThan(1e-12);
  });

  test("independent children", () => {
    expect(speculate(models(40), 1, independent([3]), rejectionRule("iid"))).toBeLessThan(1e-12);
    expect(speculate(models(50), 2, independent([2, 1]), rejectionRule("iid"))).toBeLessThan(1e-12);
  });
});

describe.each(kinds)("exact law with $name", ({ models }) => {
  test.each([
    ["of independent children", independent([3]), 1],
    ["of a tree of them", independent([2, 1]), 2],
    ["of two sequences", independentPaths(2, 2), 2],
    ["of three sequences", independentPaths(3, 2), 2],
  ] as const)("K-SEQ %s", (_, drafting, depth) => {
    expect(speculate(models(70), depth, drafting, kSeqRule)).toBeLessThan(1e-12);
  });

  test.each([
    ["the most probable", mostProbable([2, 2])],
    ["drawn ones", withoutReplacement([2, 1])],
    ["independent ones", independentPaths(2, 2)],
  ] as const)("sample and match of %s", (_, drafting) => {
    expect(speculate(models(80), 2, drafting, sampleAndMatch)).toBeLessThan(1e-12);
  });
});

describe("negative controls: the check sees", () => {
  const models: Models = { p: () => [0.4, 0.3, 0.2, 0.1], q: () => [0.1, 0.2, 0.3, 0.4] };
  const varied: Models = { p: randomLaw(61, 0), q: randomLaw(62, 0) };
  const both = [models, varied];
  /** At least this on the worse of the two pairs; correct methods stay below 1e-12. */
  const worst = (depth: number, drafting: Drafting, rule: NodeRule): number =>
    Math.max(...both.map((m) => speculate(m, depth, drafting, rule)));
  const mapDrafts =
    (drafting: Drafting, change: (kids: Draft[], law: readonly number[]) => Draft[]): Drafting =>
    (q, context, choose) => {
      const deep = (kids: readonly Draft[], at: readonly number[]): Draft[] =>
        change(
          kids.map((k) => ({ token: k.token, children: deep(k.children, [...at, k.token]) })),
          q(at),
        );
      return deep(drafting(q, context, choose), context);
    };

  test("top-k children taken for drawn ones", () => {
    const best: Drafting = (q, context) => {
      const law = q(context);
      const top = [...TOKENS].sort((a, b) => law[b]! - law[a]!).slice(0, 2);
      return top.map((token) => ({
        token,
        children: context.length < 1 ? best(q, [...context, token], () => 0) : [],
      }));
    };
    expect(worst(2, best, rejectionRule("wor"))).toBeGreaterThan(0.05);
  });

  test("draws without replacement under the rule for independent ones", () => {
    expect(worst(2, withoutReplacement([2, 2]), rejectionRule("iid"))).toBeGreaterThan(0.003);
  });

  test("independent draws under the rule for draws without replacement", () => {
    expect(worst(1, independent([2]), rejectionRule("wor"))).toBeGreaterThan(0.01);
  });

  test("siblings sorted by probability", () => {
    const sorted = mapDrafts(withoutReplacement([2, 2]), (kids, law) =>
      [...kids].sort((a, b) => law[b.token]! - law[a.token]!),
    );
    expect(worst(2, sorted, rejectionRule("wor"))).toBeGreaterThan(0.01);
  });

  test("drawn children dropped for being improbable", () => {
    const dropped = mapDrafts(withoutReplacement([2, 2]), (kids, law) =>
      kids.filter((k) => law[k.token]! > 0.25),
    );
    expect(worst(2, dropped, rejectionRule("wor"))).toBeGreaterThan(0.01);
  });

  test("only the best drawn nodes of the whole tree kept", () => {
    const pruned: Drafting = (q, context, choose) => {
      const kids = withoutReplacement([2, 2])(q, context, choose);
      const scores: number[] = [];
      const visit = (level: readonly Draft[], at: readonly number[], mass: number): void => {
        for (const k of level) {
          const own = mass * q(at)[k.token]!;
          scores.push(own);
          visit(k.children, [...at, k.token], own);
        }
      };
      visit(kids, context, 1);
      const limit = scores.sort((a, b) => b - a)[3]!;
      const keep = (level: readonly Draft[], at: readonly number[], mass: number): Draft[] =>
        level
          .filter((k) => mass * q(at)[k.token]! >= limit)
          .map((k) => ({
            token: k.token,
            children: keep(k.children, [...at, k.token], mass * q(at)[k.token]!),
          }));
      return keep(kids, context, 1);
    };
    expect(worst(2, pruned, rejectionRule("wor"))).toBeGreaterThan(0.003);
  });

  test("the target law where the residual belongs", () => {
    const rule: NodeRule = (kids, p, q, choose) => {
      const outcome = rejectionRule("wor")(kids, p, q, choose);
      return "residual" in outcome ? { residual: p } : outcome;
    };
    expect(worst(2, withoutReplacement([2, 2]), rule)).toBeGreaterThan(0.01);
  });

  test("K-SEQ with its factor too small", () => {
    const factorOne: NodeRule = (kids, p, q, choose) => {
      for (const [j, x] of kids.entries()) {
        const accept = Math.min(1, p[x]! / q[x]!);
        if (choose([accept, 1 - accept], "accept") === 0) return { accepted: j };
      }
      const left = p.map((v, x) => Math.max(0, v - q[x]!));
      const sum = left.reduce((a, b) => a + b, 0);
      return { residual: left.map((v) => v / sum) };
    };
    expect(worst(1, independent([2]), factorOne)).toBeGreaterThan(0.01);
  });

  test("the target sampled once per path instead of once per node", () => {
    // Every path is tested with draws of its own and the longest is kept, as nucleus modes of two systems do.
    const perPath: NodeRule = (kids, p, _, choose) => {
      const hits = kids.map((x) => choose(p, "match") === x);
      const accepted = hits.indexOf(true);
      return accepted >= 0 ? { accepted } : { residual: p };
    };
    expect(worst(1, mostProbable([2]), perPath)).toBeGreaterThan(0.03);
  });

  test("equal independent draws tested once", () => {
    const rule: NodeRule = (kids, p, q, choose) => rejectionRule("iid")([...new Set(kids)], p, q, choose);
    expect(worst(1, independent([3]), rule)).toBeGreaterThan(0.001);
  });
});
