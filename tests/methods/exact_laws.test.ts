/**
 * The main test of losslessness: the law of one round, over every draft and every verdict, completed by plain
 * sampling, must be the target's law. The negative controls are mistakes that the same check must see.
 */
import { describe, expect, test } from "vitest";
import { kinds, randomLaw, sampled, speculate, TOKENS, type Models } from "./laws";
import {
  greedyMatch,
  independent,
  independentPaths,
  kSeqRule,
  mostProbable,
  rejectionRule,
  sampleAndMatch,
  withoutReplacement,
  type Draft,
  type Drafting,
  type NodeRule,
} from "../reference/speculation";

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
