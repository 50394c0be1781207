/** What bench:drafts reports: means over the tests of a round, shapes, intervals, and that claims are judged by them. */
import { describe, expect, test } from "vitest";
import { withoutLayers } from "../../bench/drafts/early_exit";
import { expectedTokens } from "../../bench/drafts/measure";
import { orders, report, type Kept } from "../../bench/drafts/report";
import { bestBeam, bestBranching, METHODS, paramsOf } from "../../bench/drafts/shapes";
import { difference, estimate } from "../../bench/drafts/statistics";
import { writeSafetensors } from "../helpers/safetensors";
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import { parseSafetensors } from "../../src/models/safetensors";
import { readResult } from "../../src/ui/benchmarks/schema";

const node = (id: number, parent: number, sibling: number, token: number) => ({
  ...{ id, parent, sibling, token, depth: 0 },
  ...{ logq: 0, phi: 0, perturbed: 0 },
});
const verdict = (id: number, acceptProb: number) => ({
  ...{ id, acceptProb, logp: 0, r: 0, d: 0, u: null },
  outcome: "not_reached" as const,
});

describe("the mean over the tests of a round", () => {
  test("of the tree whose output law is a golden vector", () => {
    const nodes = [node(0, -1, 0, 9), node(1, 0, 0, 3), node(2, 0, 1, 1), node(3, 1, 0, 2)];
    const tests = [verdict(1, 0.25), verdict(2, 0.75), verdict(3, 2 / 3)];
    // Lengths 1, 2 and 3 have probabilities 0.1875, 0.645833 and 0.166667 there.
    expect(expectedTokens(nodes, tests)).toBeCloseTo(0.1875 + 2 * 0.645833 + 3 * 0.166667, 5);
  });

  test("goes on below the first of equal draws, whichever of them was accepted", () => {
    const nodes = [node(0, -1, 0, 9), node(1, 0, 0, 3), node(2, 0, 1, 3), node(3, 1, 0, 2)];
    const tests = [verdict(1, 0.5), verdict(2, 0.5), verdict(3, 0.5)];
    expect(expectedTokens(nodes, tests)).toBeCloseTo(1 + 0.75 * 1.5, 12);
  });

  test("an accepted end token is the last", () => {
    const nodes = [node(0, -1, 0, 9), node(1, 0, 0, 2), node(2, 1, 0, 5)];
    const tests = [verdict(1, 0.5), verdict(2, 0.5)];
    expect(expectedTokens(nodes, tests)).toBeCloseTo(1 + 0.5 * 1.5, 12);
    expect(expectedTokens(nodes, tests, [2])).toBeCloseTo(1, 12);
  });
});

describe("a model cut off after its first layers", () => {
  test("has the other tensors with their bytes", () => {
    const tensor = (values: readonly number[], name: string) => ({
      name,
      dtype: "f32" as const,
      shape: [values.length],
      values,
    });
    const whole = writeSafetensors([
      tensor([1, 2], "model.embed_tokens.weight"),
      tensor([3], "model.layers.0.mlp.weight"),
      tensor([4, 5], "model.layers.1.mlp.weight"),
      tensor([6, 7, 8], "model.norm.weight"),
    ]);
    const left = parseSafetensors(withoutLayers(whole, 1), "cut");
    const valuesOf = (name: string) => [...new Float32Array(left.get(name)!.bytes.slice().buffer)];
    expect([...left.keys()].sort()).toEqual([
      "model.embed_tokens.weight",
      "model.layers.0.mlp.weight",
      "model.norm.weight",
    ]);
    expect(valuesOf("model.layers.0.mlp.weight")).toEqual([3]);
    expect(valuesOf("model.norm.weight")).toEqual([6, 7, 8]);
  });
});

describe("shapes", () => {
  test("are the best by what was measured", () => {
    expect(bestBranching([0.9, 0.01], 5, null)).toEqual([1, 1, 1, 1, 1]);
    expect(bestBranching([0.3, 0.29], 6, null)).toEqual([2, 2]);
    expect(bestBranching([0.3, 0.29], 30, 2)).toEqual([2, 2]);
    expect(bestBeam([0.9, 0.01], 6, null)).toEqual({ width: 1, depth: 6 });
    expect(bestBeam([0.3, 0.29, 0.28], 9, 3)).toEqual({ width: 3, depth: 3 });
  });

  test("are legal for every method, and no larger than allowed", () => {
    for (const nodes of [6, 10, 14, 21, 30, 60])
      for (const length of [null, 2, 5])
        for (const id of METHODS) {
          const params = paramsOf(id, { nodes, length }, 0.6, { target: "a", draft: "b" });
          const method = findMethod(id)!;
          const { values, issues } = readParams(method.params, { ...params });
          expect(issues, id).toEqual([]);
          // The others draft more than they verify.
          if (id !== "dyspec" && id !== "eagle-tree")
            expect(method.treeNodes(values as never), id).toBeLessThanOrEqual(nodes + 1);
        }
  });
});

describe("the report", () => {
  /** `means[story]` tokens a pass. */
  const kept = (method: Kept["method"], means: readonly number[]): Kept[] =>
    means.map((mean, story) => ({
      ...{ texts: "tasks" as const, method, fixed: "nodes", size: 6, temperature: 1, params: "{}", story },
      ...{ rounds: 5, tokens: 5 * Math.round(mean), expected: 5 * mean },
    }));

  test("intervals hold the mean, and are of differences on the same stories", () => {
    const a = kept("rsd-s", [2, 3, 4, 5]);
    const b = kept("rsd-c", [1.5, 2.5, 3.5, 4.5]);
    const e = estimate(a);
    expect(e.value).toBe(3.5);
    expect(e.low).toBeLessThan(3.1);
    expect(e.high).toBeGreaterThan(3.9);
    const d = difference(a, b)!;
    expect([d.value, d.low, d.high].map((v) => +v.toFixed(9))).toEqual([0.5, 0.5, 0.5]);
  });

  test("says which orders hold, and fits the page's format", () => {
    const all = [
      ...kept("rsd-s", [2, 3, 4]),
      ...kept("rsd-c", [1.5, 2.5, 3.5]),
      ...kept("spectr", [1.7, 2.7, 3.6]),
      ...kept("speculative-chain", [1, 3.9, 3.5]),
      ...kept("dyspec", [2.5, 3.5, 4.5]),
    ];
    const device = { adapter: "none", isSoftware: true };
    const result = report(all, [], device, []);
    const words = result.tables[0]!.rows.map((r) => `${r.first as string} ${r.verdict as string}`);
    expect(words).toEqual(["rsd-s holds", "rsd-c does not hold", "spectr too close to tell", "dyspec holds"]);
    expect(orders(all).at(-1)!.second).toBe("rsd-s");
    expect(result.notes.find((n) => n.method === "rsd-c")!.text).toContain("worse in 1");
    // No texts are given here, so no models either; writeResult puts their weights in their place.
    const { models, ...said } = result;
    expect(models).toEqual([]);
    const read = readResult({ format: 1, ...said, date: "2026-01-31", commit: null });
    expect("problems" in read ? read.problems : []).toEqual([]);
  });
});
