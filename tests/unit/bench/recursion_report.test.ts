/** What bench:recursion says of its measurements, on numbers made by hand. */
import { describe, expect, it } from "vitest";
import { CONTENDERS } from "../../../bench/recursion/decoding";
import { flopsOf, flopsOfModel } from "../../../bench/recursion/flops";
import { catalog } from "../../../src/models/catalog";
import { report, type LossRow, type Measured } from "../../../bench/recursion/report";

const loss = (label: string, depth: number, bitsPerByte: number, model = "story-loop"): LossRow => ({
  ...{ model, group: label.startsWith("fixed") ? "Fixed depth" : "Change of the latent" },
  ...{ label, depth, bitsPerByte, entries: 2 * depth },
});
const routed = [
  loss("all 1", 1, 0.9, "story-mor"),
  loss("all 3", 3, 0.8, "story-mor"),
  loss("gate 0.5, per-recurrence", 2, 0.82, "story-mor"),
  loss("all 1", 1, 0.9, "story-mor-token"),
  loss("choice, per-recurrence", 1.5, 0.85, "story-mor-token"),
];
const measured = (inARow: (label: string) => number): Measured[] =>
  CONTENDERS.map((contender) => ({
    ...{ contender, quality: 1, depth: 3, rows: 5 },
    inARow: inARow(contender.label),
  }));
const made = (loop: readonly LossRow[]) =>
  report(
    {
      losses: [...loop, ...routed],
      stories: measured((label) => (label.startsWith("fixed ") ? Number(label.slice(6)) : 1.5)),
      tasks: measured((label) => (label.startsWith("fixed ") ? Number(label.slice(6)) : 4)),
    },
    {
      ...{
        adapter: "a",
        isSoftware: true,
        command: "c",
        problems: 1,
        stories: 1,
        tokens: 1,
        windows: 1,
        asked: 7,
      },
      routedFlops: { once: 1000, each: 500 },
    },
  );
const noteOf = (result: ReturnType<typeof made>, method: string) =>
  result.notes.find((note) => note.method === method)!.text;

describe("the report of bench:recursion", () => {
  it("names the criterion that saves most within 1 % of the loss, and no fixed depth as one", () => {
    const note = noteOf(
      made([
        loss("fixed 12", 12, 1),
        loss("fixed 2", 2, 1.005),
        loss("latent-diff 0.1", 4, 1.001),
        loss("latent-diff 0.3", 2.5, 1.009),
        loss("latent-diff 1", 1.5, 1.011),
      ]),
      "recurrent",
    );
    expect(note).toContain("change of the latent below 0.3: 2.50 recurrences a token at 0.90 % more loss");
    expect(note).toContain("A fixed depth of 2 has 2.00 recurrences a token at 0.50 % more loss");
  });

  it("says so where no criterion stays within 1 %", () => {
    const note = noteOf(made([loss("fixed 12", 12, 1), loss("latent-diff 1", 1.5, 1.5)]), "recurrent");
    expect(note).toContain("no exit criterion stays within 1 %");
  });

  it("compares the wavefront with plain decoding at smaller depths as well, on tasks and stories", () => {
    const note = noteOf(made([loss("fixed 12", 12, 1), loss("latent-diff 1", 1.5, 1)]), "depth-wavefront");
    expect(note).toContain("Stories: 1.50 recurrences in a row a token, 8.0 times fewer than");
    expect(note).toContain("at full depth: 4.00 recurrences in a row a token, 3.0 times fewer than");
    expect(note.match(/12\.00 at depth 12, 6\.00 at depth 6, 2\.00 at depth 2[.;]/g)).toHaveLength(2);
  });

  it("gives the work of a mixture at each depth", () => {
    const { tables } = made([loss("fixed 12", 12, 1), loss("latent-diff 1", 1.5, 1)]);
    const table = tables.find(({ title }) => title.startsWith("story-mor"))!;
    expect(table.rows.map((row) => row["work"])).toEqual([1.5, 2.5, 2]);
  });
});

describe("work of a token", () => {
  it("counts two operations for each weight of a matrix, those of the core for each recurrence", () => {
    const weights = [
      { name: "embedding", source: "", shape: [10, 4] },
      { name: "layers.0.wq", source: "", shape: [4, 4] },
      { name: "layers.1.wq", source: "", shape: [4, 8] },
      { name: "layers.1.norm", source: "", shape: [4] },
      { name: "layers.2.wq", source: "", shape: [4, 2] },
    ];
    const flops = flopsOf(weights, { nPrelude: 1, nCore: 1 }, { vocabSize: 10, dim: 4 });
    expect(flops).toEqual({ once: 2 * (16 + 8 + 40), each: 2 * 32 });
  });

  it("of story-mor is at depth 1 twice its parameters without norms and routers", async () => {
    const { once, each } = await flopsOfModel("public/models/story-mor");
    const { parameters } = catalog.find(({ id }) => id === "story-mor")!;
    expect((once + each) / 2 / parameters).toBeGreaterThan(0.97);
    expect((once + each) / 2).toBeLessThan(parameters);
  });
});
