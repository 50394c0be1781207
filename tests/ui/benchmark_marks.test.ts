/** What tells series apart in charts of one result. */
import { describe, expect, it } from "vitest";
import { markedAlike, markIn, markOf } from "../../src/ui/benchmarks/marks";
import { sampleBenchmark } from "../helpers/sample_benchmark";
import { readResult } from "../../src/ui/benchmarks/schema";

const read = readResult(sampleBenchmark);
if ("problems" in read) throw new Error(read.problems.join("\n"));
const [chart] = read.result.charts;
const chartOf = (...labels: string[]) => ({
  ...chart!,
  series: labels.map((label) => ({ label, points: [] })),
});

describe("marks of series", () => {
  it("are a name's own in all charts of a result, whichever others are there", () => {
    const [, without] = markedAlike([chartOf("a", "b", "c"), chartOf("a", "c")]);
    expect([0, 1].map((i) => markIn(without!, i))).toEqual([markOf(0), markOf(2)]);
  });

  it("are different within a chart, and the first free ones for new names", () => {
    const charts = markedAlike([chartOf("a", "b"), chartOf("x", "b", "y"), chartOf("y", "a", "x")]);
    expect(charts.map(({ slots }) => slots)).toEqual([
      [0, 1],
      [0, 1, 2],
      [2, 0, 1],
    ]);
  });

  it("are those of the place where a chart stands alone", () => {
    expect(markIn(chartOf("a", "b"), 1)).toEqual(markOf(1));
  });
});
