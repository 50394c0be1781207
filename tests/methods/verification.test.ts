import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Purpose, uniformAt } from "../../src/base/rng";
import { enumerate } from "../reference/choice";
import type { TreeNodes } from "../reference/expand_tree";
import {
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
  type NodeRule,
} from "../reference/speculation";
import {
  kSeq,
  nodeScalars,
  recursiveRejection,
  residualProb,
  verifyTree,
  type DrawLaw,
  type VerifyResult,
} from "../reference/verify_tree";
import { tally } from "./statistics";

const P = [0.4, 0.3, 0.2, 0.1];
const Q = [0.1, 0.2, 0.3, 0.4];
const drafting = (law: DrawLaw, branching: readonly number[]): Drafting =>
  law === "wor" ? withoutReplacement(branching) : independent(branching);

/** Mean over the draft of the probability that some child of a node with `m` children is accepted. */
function acceptance(p: readonly number[], q: readonly number[], law: DrawLaw, m: number): number {
  let accepted = 0;
  enumerate(
    (choose) => {
      const kids = drafting(law, [m])(() => q, [], choose).map((k) => k.token);
      return "accepted" in rejectionRule(law)(kids, p, q, choose);
    },
    (isAccepted, prob) => (accepted += isAccepted ? prob : 0),
  );
  return accepted;
}

/** Mean number of tokens a round commits. */
function tokensPerRound(drafting: Drafting, rule: NodeRule): number {
  let mean = 0;
  enumerate(
    (choose) =>
      walk(
        drafting(() => Q, [], choose),
        () => P,
        () => Q,
        rule,
        choose,
      ).length,
    (length, prob) => (mean += length * prob),
  );
  return mean;
}

describe("golden vectors", () => {
  test.each([
    ["iid", [0.6, 0.72, 0.768, 0.7912]],
    ["wor", [0.6, 0.764286, 0.840298, 1]],
  ] as const)("acceptance of a node with 1 to 4 %s children", (law, expected) => {
    expected.forEach((value, i) => expect(acceptance(P, Q, law, i + 1)).toBeCloseTo(value, 6));
  });

  test("acceptance for a vocabulary of three", () => {
    const [p, q] = [
      [0.5, 0.3, 0.2],
      [0.2, 0.3, 0.5],
    ] as const;
    expect(acceptance(p, q, "wor", 1)).toBeCloseTo(0.7, 12);
    expect(acceptance(p, q, "iid", 2)).toBeCloseTo(0.76, 12);
    expect(acceptance(p, q, "wor", 2)).toBeCloseTo(0.82, 12);
  });

  test("single nodes", () => {
    const wor = (kids: readonly number[]) => recursiveRejection(P, Q, kids, "wor");
    expect(wor([3, 2]).a).toEqual([0.25, 0]);
    expect(wor([3, 2]).residual.map((v) => +v.toFixed(12))).toEqual([1, 0, 0, 0]);
    expect(wor([3, 1]).a[0]).toBeCloseTo(0.25, 12);
    // Reached with probability 0.75 and accepted with 0.75: 0.5625 in all, 0.1875 rejected.
    expect(wor([3, 1]).a[1]).toBeCloseTo(0.75, 12);
    expect(wor([3, 1]).residual.map((v) => +v.toFixed(12))).toEqual([1, 0, 0, 0]);
    const last = wor([2, 3, 1]).a;
    expect(last[0]).toBeCloseTo(2 / 3, 12);
    expect(last[1]).toBe(0);
    expect(last[2]).toBeCloseTo(0, 12);
    const iid = recursiveRejection(P, Q, [3, 1], "iid").a;
    expect(iid[0]).toBeCloseTo(0.25, 12);
    expect(iid[1]).toBeCloseTo(1, 12);
  });

  test.each([
    ["wor", [1, 1], 1.96],
    ["wor", [1, 1, 1], 2.176],
    ["iid", [2, 2], 2.2384],
    ["wor", [2, 2], 2.348418],
    ["wor", [2, 1], 2.222857],
  ] as const)("tokens per round of %s tree %j", (law, branching, expected) => {
    expect(tokensPerRound(drafting(law, branching), rejectionRule(law))).toBeCloseTo(expected, 6);
  });

  test.each([
    ["K-SEQ on a tree 2,2", independent([2, 2]), kSeqRule, 2.3125],
    ["SpecTr, two sequences of two", independentPaths(2, 2), kSeqRule, 2.224167],
    ["SpecTr, three sequences of two", independentPaths(3, 2), kSeqRule, 2.315779],
    ["the two most probable, sample and match", mostProbable([2, 2]), sampleAndMatch, 1.39],
  ] as const)("tokens per round of %s", (_, draft, rule, expected) => {
    expect(tokensPerRound(draft, rule)).toBeCloseTo(expected, 6);
  });

  test.each([
    [1, 1, 0.6, 0.6],
    [2, 1.5, 0.5, 0.75],
    [3, 1.9395, 0.409358, 0.79395],
    [4, 2.314383, 0.359248, 0.831438],
  ])("K-SEQ of %i draws: rho %f, beta %f, accepted %f", (k, rho, beta, any) => {
    const found = kSeq(P, Q, k);
    expect(found.rho).toBeCloseTo(rho, 5);
    expect(found.beta).toBeCloseTo(beta, 5);
    expect(found.any).toBeCloseTo(any, 5);
  });

  test("K-SEQ on the second pair", () => {
    const found = kSeq([0.5, 0.3, 0.2], [0.2, 0.3, 0.5], 2);
    expect(found.rho).toBeCloseTo(1.456776, 5);
    expect(found.any).toBeCloseTo(0.791355, 5);
  });

  test("output law of one fixed tree", () => {
    const tree: Draft[] = [
      { token: 3, children: [{ token: 2, children: [] }] },
      { token: 1, children: [] },
    ];
    const law = new Map<string, number>();
    enumerate(
      (choose) =>
        walk(
          tree,
          () => P,
          () => Q,
          rejectionRule("wor"),
          choose,
        ).join(),
      (tokens, prob) => tally(law, tokens, prob),
    );
    const expected = {
      "0": 0.1875,
      "1,0": 0.225,
      "1,1": 0.16875,
      "1,2": 0.1125,
      "1,3": 0.05625,
      "3,0": 0.0625,
      "3,1": 0.020833,
      "3,2,0": 0.066667,
      "3,2,1": 0.05,
      "3,2,2": 0.033333,
      "3,2,3": 0.016667,
    };
    expect([...law.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [tokens, prob] of Object.entries(expected)) expect(law.get(tokens)).toBeCloseTo(prob, 6);
  });
});

describe("scalar and direct form", () => {
  const law = fc
    .array(fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 1, noNaN: true })), {
      minLength: 6,
      maxLength: 6,
    })
    .filter((v) => v.some((x) => x > 0))
    .map((v) => v.map((x) => x / v.reduce((a, b) => a + b)));

  test.each(["wor", "iid"] as const)("agree on %s draws", (draws) => {
    fc.assert(
      fc.property(
        law,
        law,
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 1, maxLength: 4 }),
        (p, q, all) => {
          const kids = all.filter((x) => q[x]! > 0);
          const direct = recursiveRejection(p, q, kids, draws);
          const scalars = nodeScalars(p, q, kids, draws);
          // After a rejection of probability below 1e-7 both are quotients of rounding errors, and never used.
          const certain = scalars.Z.findIndex((Z) => Z < 1e-7);
          const meant = certain < 0 ? kids.length : certain + 1;
          for (let j = 0; j < meant; j++) expect(scalars.a[j]).toBeCloseTo(direct.a[j]!, 9);
          if (certain >= 0) return;
          for (let x = 0; x < p.length; x++) {
            expect(residualProb(p, q, kids, scalars, kids.length, x, draws)).toBeCloseTo(
              direct.residual[x]!,
              9,
            );
          }
        },
      ),
    );
  });

  test("the mean of rejecting child j over its draw is Z_j", () => {
    const rejected = Q.reduce((sum, q, x) => sum + q * (1 - nodeScalars(P, Q, [x]).a[0]!), 0);
    expect(rejected).toBeCloseTo(nodeScalars(P, Q, [0]).Z[0]!, 12);
    const second = [0, 1, 2].reduce((sum, x) => {
      const { a, s } = nodeScalars(P, Q, [3, x]);
      return sum + (Q[x]! / s[1]!) * (1 - a[1]!);
    }, 0);
    expect(second).toBeCloseTo(nodeScalars(P, Q, [3, 0]).Z[1]!, 12);
  });

  test("equal laws accept for certain instead of dividing by nothing", () => {
    expect(nodeScalars(P, P, [2, 0]).a).toEqual([1, 1]);
    expect(recursiveRejection(P, P, [2, 0]).a).toEqual([1, 1]);
  });
});

describe("worked example", () => {
  const tree: TreeNodes = {
    token: [0, 3, 1, 2],
    parent: [-1, 0, 0, 1],
    depth: [0, 1, 1, 2],
    sibling: [0, 0, 1, 0],
    logq: [0, Math.log(0.4), Math.log(0.2 / 0.6), Math.log(0.3)],
    phi: [0, Math.log(0.4), Math.log(0.2), Math.log(0.12)],
    perturbed: [0, 0, 0, 0],
  };
  const rows = (law: readonly number[]): number[][] => tree.token.map(() => law.map(Math.log));
  /** The first step whose two acceptance uniforms at the root satisfy a condition. */
  const stepWhere = (isWanted: (u0: number, u1: number) => boolean): number => {
    const u = (step: number, sibling: number): number =>
      uniformAt({ seed: 8, step, purpose: Purpose.ACCEPT, node: 0, sibling, index: 0 });
    for (let step = 0; ; step++) if (isWanted(u(step, 0), u(step, 1))) return step;
  };
  const verify = (step: number): VerifyResult =>
    verifyTree({ tree, target: rows(P), draft: rows(Q), rule: "recursive_rejection", seed: 8, step });

  test("scalars of the root", () => {
    const { s, a, Z, d } = nodeScalars(P, Q, [3, 1]);
    expect(s[0]).toBeCloseTo(1, 12);
    expect(s[1]).toBeCloseTo(0.6, 12);
    expect(a[0]).toBeCloseTo(0.25, 12);
    expect(a[1]).toBeCloseTo(0.75, 12);
    expect(Z[0]).toBeCloseTo(0.4, 12);
    expect(Z[1]).toBeCloseTo(0.583333, 6);
    expect(d[1]).toBeCloseTo(1 / 3, 12);
  });

  test("rejecting 3 and accepting 1 ends in a bonus token", () => {
    const out = verify(stepWhere((u0, u1) => u0 >= 0.25 && u1 < 0.75));
    expect(out.path).toEqual([0, 2]);
    expect(out.extra).toBe("bonus");
    expect(out.verdict).toEqual([0, 2, 1, 0]);
    expect(out.u[3]).toBe(-1);
    expect(out.acceptProb[2]).toBeCloseTo(0.75, 12);
    expect(out.r[2]).toBeCloseTo(0.25, 12);
    expect(out.d[2]).toBeCloseTo(1 / 3, 12);
  });

  test("rejecting both leaves only token 0", () => {
    const out = verify(stepWhere((u0, u1) => u0 >= 0.25 && u1 >= 0.75));
    expect(out).toMatchObject({ path: [0], extra: "residual", token: 0, verdict: [0, 2, 2, 0] });
  });

  test("accepting 3 leads to its child, below which the residual is drawn if that is rejected", () => {
    const step = stepWhere((u0) => u0 < 0.25);
    const out = verify(step);
    const u = uniformAt({ seed: 8, step, purpose: Purpose.ACCEPT, node: 1, sibling: 0, index: 0 });
    expect(out.u[3]).toBe(u);
    expect(out.path).toEqual(u < 0.2 / 0.3 ? [0, 1, 3] : [0, 1]);
    expect(out.extra).toBe(u < 0.2 / 0.3 ? "bonus" : "residual");
    expect(out.verdict[2]).toBe(0);
  });

  test("greedy follows the argmax and draws nothing", () => {
    const target = rows([0, 1, 0, 0]);
    const out = verifyTree({ tree, target, draft: [], rule: "greedy", seed: 8, step: 0 });
    expect(out).toMatchObject({ path: [0, 2], extra: "argmax", token: 1, verdict: [0, 2, 1, 0] });
    expect(out.u).toEqual([-1, -1, -1, -1]);
  });
});
