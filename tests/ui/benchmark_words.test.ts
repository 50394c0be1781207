/** What the place of benchmarks says: names in place of ids, and names of curves that do not touch. */
import * as v from "valibot";
import { expect, it } from "vitest";
import { spreadEnds, withUnit } from "../../src/ui/benchmarks/draw";
import { referenceColour } from "../../src/ui/benchmarks/marks";
import { resultWithNames, withNames } from "../../src/ui/benchmarks/names";
import { SCHEMAS } from "../../src/ui/benchmarks/schema";
import { sampleBenchmark } from "../helpers/sample_benchmark";

const sample = v.parse(SCHEMAS.result, sampleBenchmark);

it("ids of methods and models become names, paths and commands stay", () => {
  expect(withNames("after stories (story-target, drafted by story-draft)")).not.toMatch(
    /story-(target|draft)/,
  );
  expect(withNames("rsd-s beside fast-dllm")).toBe("RSD-S beside Fast-dLLM");
  expect(withNames("npm run bench:denoise writes models/story-target/card.md")).toBe(
    "npm run bench:denoise writes models/story-target/card.md",
  );
});

it("titles, legends and notes have names, and cells that are looked up keep their ids", () => {
  const [chart] = sample.charts;
  const [table] = sample.tables;
  const result = resultWithNames({
    ...sample,
    command: "npm run eval -- --model story-loop",
    charts: [{ ...chart!, title: "story-loop: loss" }],
    tables: [{ ...table!, title: "Stored: task-diffusion-full", rows: [{ method: "rsd-s" }] }],
    notes: [{ method: "rsd-s", text: "rsd-s beside spectr-x" }],
  });
  expect(result.charts[0]?.title).toBe("Stories by recurrence, 1.1 M: loss");
  expect(result.tables[0]?.title).toBe("Stored: Tasks, prompt sees canvas, 0.3 M");
  expect(result.tables[0]?.rows).toEqual([{ method: "rsd-s" }]);
  expect(result.notes).toEqual([{ method: "rsd-s", text: "RSD-S beside spectr-x" }]);
  expect(result.command).toBe("npm run eval -- --model story-loop");
});

it("a line to compare with has the colour of the series it is named after", () => {
  const [chart] = sample.charts;
  const labels = ["copy", "sort"];
  const drawn = { ...chart!, series: labels.map((label) => ({ label, points: [] })) };
  expect(referenceColour(drawn, "sort, ideal")).toBe("var(--series-2)");
  expect(referenceColour(drawn, "sorted, ideal")).toBe("var(--ink-soft)");
});

it("names of curves stand apart", () => {
  const ys = spreadEnds(
    [
      { label: "a", y: 10 },
      { label: "b", y: 9.5 },
      { label: "c", y: 60 },
    ],
    2.7,
  ).map(({ y }) => y);
  expect(ys[0]).toBe(9.5);
  for (let i = 1; i < ys.length; i++) expect((ys[i]! - ys[i - 1]!) * 2.7).toBeGreaterThan(13);
});

it("an axis says its unit once", () => {
  expect(withUnit({ label: "Bits per token", unit: "bits" })).toBe("Bits per token");
  expect(withUnit({ label: "Lower bound", unit: "bits" })).toBe("Lower bound (bits)");
  expect(withUnit({ label: "Rows" })).toBe("Rows");
});
