/** What was measured on a device, as a result that can be drawn and as Markdown. */
import { describe, expect, it } from "vitest";
import { markdownOf, resultOf } from "../../src/ui/device_bench/result";
import type { Measured } from "../../src/ui/device_bench/store";
import type { DeviceFigures } from "../../src/worker/api";

const device = {
  ...{ adapter: "vendor | gen-9", isSoftware: false, features: [], subgroupSize: 32 },
  ...{ maxBufferBytes: 1 << 30, maxBindingBytes: 1 << 27, avoided: [] },
};
const figures: DeviceFigures = {
  copy: { bytes: 2 ** 26, ms: 2, bytesPerSecond: 64e9 },
  variants: { reduce: "subgroup", f16: true, "matvec.lanes": 32 },
  prefill: { rows: 255, ms: 51, tokensPerSecond: 5000 },
  decode: {
    ...{ tokens: 48, ms: 96, tokensPerSecond: 500, dispatchesPerToken: 29, readbacksPerToken: 0.125 },
    ...{ bytesPerToken: 4.8e6, bytesPerSecond: 2.4e9 },
  },
  passes: [1, 2, 4, 8].map((rows) => ({ rows, ms: 2 + rows / 4 })),
};
const measured = (part: Partial<DeviceFigures>): Measured => ({
  model: "story-target",
  device,
  figures: part,
});

describe("a device's figures", () => {
  it("are nothing before the first, and grow part by part", () => {
    expect(resultOf(measured({}), "M")).toBeNull();
    const { copy, variants } = figures;
    const first = resultOf(measured({ copy, variants }), "M")!;
    expect(first.tables.map((t) => t.title)).toEqual(["Speed", "Variants"]);
    expect(first.charts).toEqual([]);
    // No share of the copy's speed before anything else has one.
    expect(first.tables[0]!.rows).toHaveLength(1);
  });

  it("have the bytes a token reads beside the copy, and c(N) from passes", () => {
    const result = resultOf(measured(figures), "M")!;
    const value = (figure: RegExp) =>
      result.tables[0]!.rows.find((r) => figure.test(String(r["figure"])))?.["value"];
    expect(value(/^Prompt read, 255/)).toBe(5000);
    expect(value(/^Weights read, while/)).toBe(2.4);
    expect(value(/^A copy of 64 MiB/)).toBe(64);
    expect(value(/of the copy's speed/)).toBe(3.75);
    expect(result.charts[0]!.series[0]!.points.map((p) => [p.x, p.y])).toEqual([
      [1, 1],
      [2, 2.5 / 2.25],
      [4, 3 / 2.25],
      [8, 4 / 2.25],
    ]);
  });

  it("have a line of rows that share nothing that goes on to the chart's edge", () => {
    for (const ms of [(n: number) => 2 + n / 4, (n: number) => 2 * n]) {
      const passes = [1, 2, 4, 8, 16, 32, 64].map((rows) => ({ rows, ms: ms(rows) }));
      const [chart] = resultOf(measured({ ...figures, passes }), "M")!.charts;
      const top = chart!.y.range![1];
      const end = chart!.references.find((r) => r.kind === "curve")!.points.at(-1)!;
      expect(end.y).toBeCloseTo(Math.min(64, top), 9);
      expect(end.x).toBe(end.y);
      expect(top).toBeGreaterThan(Math.max(...chart!.series[0]!.points.map((p) => p.y)));
    }
  });

  it("say of each variant who chose it", () => {
    const by = resultOf(measured(figures), "M")!
      .tables.at(-1)!
      .rows.map((r) => [r["name"], r["by"]]);
    expect(by).toContainEqual(["matvec.lanes", "a measurement here"]);
    expect(by).toContainEqual(["16-bit arithmetic there", "what the device can do"]);
  });

  it("say nothing of bytes where these are not known", () => {
    const decode = { ...figures.decode, bytesPerToken: null, bytesPerSecond: null };
    const rows = resultOf(measured({ ...figures, decode }), "M")!.tables[0]!.rows;
    expect(rows.filter((r) => r["value"] === null)).toHaveLength(2);
    expect(rows.some((r) => /of the copy's/.test(String(r["figure"])))).toBe(false);
  });

  it("are tables in Markdown, whatever stands in a cell", () => {
    const text = markdownOf(resultOf(measured(figures), "Stories | 1.2 M")!);
    expect(text).toContain("vendor | gen-9, 20");
    expect(text).not.toContain("software adapter");
    expect(text).toContain("| Text written, 48 tokens | 500 | tokens/s |");
    expect(text).toContain("| Rows, N | Time (ms) | c(N) (passes over one row) |\n| --- | --- | --- |");
    expect(text).toContain("| 16-bit arithmetic there | yes |");
    const software = { ...measured(figures), device: { ...device, isSoftware: true } };
    expect(markdownOf(resultOf(software, "M")!)).toContain("vendor | gen-9, software, 20");
  });
});
