/** What is read off measurements and said of them, on outcomes made by hand. */
import { describe, expect, it } from "vitest";
import {
  accuracy,
  guiderPassesOf,
  hasAny,
  passesOf,
  rowsOf,
  stepsOf,
} from "../../../src/parallel/measurement";
import type { Measurement, TaskId, TaskOutcome } from "../../../src/parallel/problems";
import { boundChart, chartsOf, checksOf, comparedWith, notesOf, tableOf } from "../../../src/parallel/report";
import { checkedTable } from "../../../src/parallel/checked";
import { differenceOf, mean, ratioOf, share } from "../../../src/parallel/statistics";
import { allStrategies, BASELINE, type Strategy } from "../../../src/parallel/strategies";
import { readResult, RESULT_FORMAT } from "../../../src/ui/benchmarks/schema";

const outcome = (right: boolean[], passes: number, rows: number, judged = 0): TaskOutcome => ({
  right,
  steps: right.map(() => passes + 1),
  passes: right.map(() => passes),
  guiderPasses: right.map(() => judged),
  rows: right.map(() => rows),
});
const measurement = (strategy: Strategy, byTask: [TaskId, TaskOutcome][]): Measurement => ({
  strategy,
  byTask: new Map(byTask),
});
const guided = allStrategies.find(({ method }) => method === "guided-diffusion")!;

const plain = measurement(BASELINE, [
  ["copy", outcome([true, true], 8, 100)],
  ["sort", outcome([true, false], 8, 100)],
]);
const judged = measurement(guided, [["copy", outcome([true, false], 2, 25, 3)]]);
const measured = new Map([plain, judged].map((m) => [m.strategy.id, m]));

describe("measurements", () => {
  it("are means and shares over the problems of the tasks that were tried", () => {
    expect(accuracy(plain, ["copy", "sort", "shuffle"])).toMatchObject({ value: 0.75, count: 4 });
    expect(passesOf(plain, ["copy"]).value).toBe(8);
    expect(stepsOf(plain, ["copy"]).value).toBe(9);
    expect(rowsOf(judged, ["copy"]).value).toBe(25);
    expect(guiderPassesOf(judged, ["copy"]).value).toBe(3);
    expect(hasAny(judged, ["sort"])).toBe(false);
  });

  it("have Wilson's interval for shares and the normal one for means", () => {
    const half = share(5, 10);
    expect([half.low, half.high].map((v) => v.toFixed(3))).toEqual(["0.237", "0.763"]);
    const values = mean([1, 2, 3, 4]);
    expect(values.value).toBe(2.5);
    expect(values.high - values.value).toBeCloseTo(1.96 * Math.sqrt(5 / 3 / 4), 12);
    expect(() => share(0, 0)).toThrow("nothing");
    expect(() => mean([])).toThrow("nothing");
  });

  it("are compared problem by problem, which leaves out how hard each was", () => {
    const [a, b] = [
      [1, 3, 5],
      [0, 2, 4],
    ];
    expect(differenceOf(a, b, true)).toMatchObject({ value: 1, low: 1, high: 1 });
    const apart = differenceOf(a, b, false);
    expect(apart.value).toBe(1);
    expect(apart.high - 1).toBeCloseTo(1.96 * Math.sqrt(4 / 3 + 4 / 3), 12);
    expect(ratioOf([2, 4], [4, 8], true)).toMatchObject({ value: 50, low: 50, high: 50 });
    expect(ratioOf([2, 4], [4, 8], false).high).toBeGreaterThan(60);
  });
});

describe("what is said of a strategy", () => {
  it("counts the passes of both models", () => {
    expect(comparedWith(measured, guided.id, ["copy"], "one right answer")).toBe(
      `${guided.label}: on 2 problems with one right answer, 50.0 % right against 100.0 % one token a step; 75 % of the passes saved, 25 % of the row-layers computed, beside 3.0 passes of the guider an answer.`,
    );
    const row = tableOf(measured, 3, 2).rows.find(({ method }) => method === "guided-diffusion")!;
    expect(row).toMatchObject({
      steps: 3,
      passes: 2,
      judged: 3,
      rowLayers: 75,
      ratio: 0.25,
      copy: 50,
      sort: null,
    });
    const costs = chartsOf(measured, 2).find(({ title }) => title.startsWith("Every strategy"))!;
    const points = costs.series.flatMap((s) => s.points as { x: number; label?: string }[]);
    expect(points.find(({ label }) => label === guided.label)!.x).toBe(5);
  });

  it("is a result that the page can read, expectations and bound included", () => {
    const checked = checksOf(measured, "isolated");
    const read = readResult({
      ...{ format: RESULT_FORMAT, id: "made-up", title: "Made up", summary: "By hand.", command: "none" },
      ...{ adapter: "none", isSoftware: true, date: "2026-01-31", commit: null },
      charts: [...chartsOf(measured, 2), boundChart()],
      tables: [
        tableOf(measured, 3, 2),
        ...(["claim", "ordering"] as const).map((kind) => checkedTable(checked, kind)),
      ],
      notes: notesOf(measured, "isolated"),
    });
    expect(read).not.toHaveProperty("problems");
    expect(read).toHaveProperty("result");
    const bound = boundChart().series.find(({ label }) => label === "Latin square")!.points;
    expect(bound.map(({ y }) => y > 0)).toEqual([false, true, true, true]);
    bound.slice(1).forEach(({ y }, i) => expect(y).toBeGreaterThan(bound[i]!.y));
  });

  it("is nothing where one side was not measured", () => {
    expect(comparedWith(measured, guided.id, ["sort"], "one right answer")).toBeNull();
  });
});
