/** What is read off measurements and said of them, on outcomes made by hand. */
import { describe, expect, it } from "vitest";
import { checkExpectations, expectations } from "../../../src/parallel/expectations";
import { accuracy, guiderPassesOf, hasAny, passesOf, rowsOf } from "../../../src/parallel/measurement";
import type { Measurement, TaskId, TaskOutcome } from "../../../src/parallel/problems";
import { chartsOf, comparedWith, tableOf } from "../../../src/parallel/report";
import { mean, share } from "../../../src/parallel/statistics";
import { allStrategies, BASELINE, type Strategy } from "../../../src/parallel/strategies";

const outcome = (right: boolean[], passes: number, rows: number, judged = 0): TaskOutcome => ({
  right,
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
const measured = new Map([plain, judged].map((m) => [m.strategy.label, m]));

describe("measurements", () => {
  it("are means and shares over the problems of the tasks that were tried", () => {
    expect(accuracy(plain, ["copy", "sort", "shuffle"])).toMatchObject({ value: 0.75, count: 4 });
    expect(passesOf(plain, ["copy"]).value).toBe(8);
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
});

describe("what is said of a strategy", () => {
  it("counts the passes of both models", () => {
    expect(comparedWith(measured, guided.label, ["copy"], "one right answer")).toBe(
      `${guided.label}: on 2 problems with one right answer, 50.0 % right against 100.0 % one token a step; 75 % of the passes saved, 25 % of the row-layers computed, beside 3.0 passes of the guider an answer.`,
    );
    const row = tableOf(measured, 3, 2).rows.find(({ method }) => method === "guided-diffusion")!;
    expect(row).toMatchObject({ passes: 2, judged: 3, rowLayers: 75, ratio: 0.25, copy: 50, sort: null });
    const costs = chartsOf(measured, 2).find(({ title }) => title.startsWith("Every strategy"))!;
    const points = costs.series.flatMap((s) => s.points as { x: number; label?: string }[]);
    expect(points.find(({ label }) => label === guided.label)!.x).toBe(5);
  });

  it("is nothing where one side was not measured", () => {
    expect(comparedWith(measured, guided.label, ["sort"], "one right answer")).toBeNull();
  });
});

describe("expectations", () => {
  it("speak of strategies that there are", () => {
    const labels = allStrategies.map(({ label }) => label);
    for (const { left, right } of expectations) {
      expect(labels).toContain(left.strategy);
      expect(labels).toContain(right.strategy);
    }
  });

  it("hold or not by what was measured", () => {
    const all = (rate: number): TaskOutcome =>
      outcome(
        Array.from({ length: 100 }, (_, i) => i < rate),
        8,
        100,
      );
    const of = (label: string, rate: number): [string, Measurement] => [
      label,
      measurement(
        allStrategies.find((s) => s.label === label)!,
        [["shuffle", all(rate)]],
      ),
    ];
    const holds = (one: number, two: number): boolean =>
      checkExpectations(
        new Map([of("low confidence, 1 a step", one), of("low confidence, 2 a step", two)]),
        "full",
      ).find(({ expectation }) => expectation.says.startsWith("Several right answers"))!.holds;
    expect(holds(90, 10)).toBe(true);
    expect(holds(10, 90)).toBe(false);
  });
});
