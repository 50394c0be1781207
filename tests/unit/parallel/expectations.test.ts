/** What is expected of the methods: every side exists, margins are kept, and outcomes made by hand meet them or not. */
import { describe, expect, it } from "vitest";
import { evaluationsDeviation, expectedEvaluations } from "../../../src/decoding/canvas/radd_rates";
import {
  checkedNotes,
  checkedTable,
  holds,
  inWords,
  isClear,
  type Checked,
} from "../../../src/parallel/checked";
import { claims } from "../../../src/parallel/claims";
import { checkExpectations } from "../../../src/parallel/expectations";
import { sidesOf } from "../../../src/parallel/expected";
import { orderings } from "../../../src/parallel/orderings";
import type { Measured, TaskId, TaskOutcome } from "../../../src/parallel/problems";
import {
  allStrategies,
  firstStrategies,
  promptStrategies,
  quickStrategies,
  strategyOf,
} from "../../../src/parallel/strategies";

const COUNT = 200;
/** `rate` percent of the problems right: the first ones. */
const outcome = (rate: number, cost = 8): TaskOutcome => {
  const each = <T>(value: (i: number) => T): T[] => Array.from({ length: COUNT }, (_, i) => value(i));
  return {
    right: each((i) => i < (rate * COUNT) / 100),
    ...{ steps: each(() => cost), passes: each(() => cost) },
    ...{ guiderPasses: each(() => 0), rows: each(() => 10 * cost) },
  };
};
type Row = [id: string, tasks: readonly TaskId[], outcome: TaskOutcome];
const measuredOf = (...rows: Row[]): Measured =>
  new Map(
    rows.map(([id, tasks, o]) => [
      id,
      { strategy: strategyOf(id), byTask: new Map(tasks.map((task) => [task, o])) },
    ]),
  );
const check = (m: Measured): Checked[] => checkExpectations(m, "isolated", (tasks) => tasks.join("+"));
const found = (m: Measured, says: string): Checked => {
  const all = check(m).filter((c) => c.says.includes(says));
  expect(all).toHaveLength(1);
  return all[0]!;
};
const ONE: TaskId[] = ["copy", "reverse", "sort", "replace_index", "insert_index", "remove_index"];

describe("strategies", () => {
  it("have ids and labels of their own", () => {
    expect(new Set(allStrategies.map(({ id }) => id)).size).toBe(allStrategies.length);
    expect(new Set(allStrategies.map(({ label }) => label)).size).toBe(allStrategies.length);
    expect(() => strategyOf("none")).toThrow("no strategy none");
  });

  it("are what every selection and every expectation names", () => {
    for (const some of [quickStrategies, firstStrategies, promptStrategies])
      for (const { id } of some) expect(strategyOf(id).id).toBe(id);
    for (const e of [...claims, ...orderings])
      for (const id of sidesOf(e)) expect(strategyOf(id).id).toBe(id);
  });
});

describe("promises", () => {
  it("Prophet: half of the steps, and less than a point", () => {
    const of = (rate: number, steps: number) =>
      measuredOf(["confidence-1", ONE, outcome(100, 8)], ["prophet", ONE, outcome(rate, steps)]);
    expect(holds(found(of(100, 3), "saves half"))).toBe(true);
    expect(holds(found(of(100, 4), "saves half"))).toBe(false);
    expect(holds(found(of(99.5, 3), "Prophet keeps"))).toBe(true);
    expect(holds(found(of(99, 3), "Prophet keeps"))).toBe(false);
    expect(holds(found(of(98, 3), "Prophet keeps"))).toBe(false);
  });

  it("losing with parallelism is a trend over 1, 2, 4 and 8, not one pair", () => {
    const of = (rates: readonly number[]) =>
      found(
        measuredOf(...[1, 2, 4, 8].map((n, i): Row => [`confidence-${n}`, ["shuffle"], outcome(rates[i]!)])),
        "Shuffling",
      );
    // Slope of a line through 90, 60, 30, 0 over log2.
    expect(of([90, 60, 30, 0]).value.value).toBeCloseTo(-30, 10);
    expect(holds(of([90, 60, 30, 0]))).toBe(true);
    expect(isClear(of([90, 60, 30, 0]))).toBe(true);
    expect(holds(of([90, 80, 90, 85]))).toBe(false);
    expect(holds(of([0, 30, 60, 90]))).toBe(false);
  });

  it("the cache: rows beside a margin, in the words of the page", () => {
    const lists: TaskId[] = [...ONE, "shuffle", "replace_random", "insert_random", "remove_random"];
    const m = measuredOf(["confidence-1", lists, outcome(100, 8)], ["decode-8", lists, outcome(97, 3)]);
    expect(holds(found(m, "at most half"))).toBe(true);
    const keeps = check(m).find((c) => c.says.startsWith("dKV-Cache keeps"))!;
    expect(holds(keeps)).toBe(false);
    expect(keeps.value.value).toBeCloseTo(-3, 10);
    expect(inWords(keeps)).toMatch(/^Did not come out: dKV-Cache keeps answers right\. .*-3\.00 points/);
    const notes = checkedNotes(check(m));
    expect(notes.every(({ method }) => method === "dkv-cache")).toBe(true);
    const table = checkedTable(check(m), "claim");
    expect(table.help).toContain("1 of 2 hold");
    expect(table.rows.map((r) => r.holds)).toEqual([true, false]);
  });

  it("are not spoken of where a side or a task was not measured, nor of models of another kind", () => {
    const half = measuredOf(["confidence-1", ["copy"], outcome(100)], ["prophet", ["copy"], outcome(100)]);
    expect(check(half)).toEqual([]);
    const stored = measuredOf(
      ["decode-never", ["shuffle"], outcome(90)],
      ["no-delay", ["shuffle"], outcome(0)],
    );
    expect(check(stored)).toHaveLength(1);
    expect(checkExpectations(stored, "full", () => "")).toEqual([]);
  });
});

it("RADD's passes have the mean and spread of boxes that are hit", () => {
  // 2 boxes, 2 balls: both are hit half of the time.
  expect(expectedEvaluations(2, 2)).toBeCloseTo(1.5, 4);
  expect(evaluationsDeviation(2, 2)).toBeCloseTo(0.5, 10);
  // 3 boxes, 2 balls: 2 boxes with probability 2/3, else 1.
  expect(expectedEvaluations(3, 2)).toBeCloseTo(5 / 3, 4);
  expect(evaluationsDeviation(3, 2)).toBeCloseTo(Math.sqrt(2) / 3, 10);
  expect(evaluationsDeviation(1, 5)).toBe(0);
});
