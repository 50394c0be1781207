/** The benchmark result format: its page, its writer, its checks, and the files that are there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, describe, expect, it } from "vitest";
import { outdatedModels, writeResult, type Measured } from "../../bench/result";
import { knownBenchmarks } from "../../src/ui/benchmarks/known";
import { INDEX, readResult, SCHEMAS } from "../../src/ui/benchmarks/schema";
import { filesUnder, readText } from "../helpers/repository";
import { sampleBenchmark } from "../helpers/sample_benchmark";

const folder = mkdtempSync(join(tmpdir(), "benchmarks-"));
afterAll(() => rmSync(folder, { recursive: true }));

const problems = (json: unknown): readonly string[] => {
  const read = readResult(json);
  return "problems" in read ? read.problems : [];
};

describe("docs/benchmarks.md", () => {
  const page = readText("docs/benchmarks.md");
  const fieldsOf = (schema: { entries?: object; options?: readonly { entries: object }[] }): string[] => [
    ...new Set([schema, ...(schema.options ?? [])].flatMap((s) => Object.keys(s.entries ?? {}))),
  ];
  it.each(Object.entries(SCHEMAS))("has exactly the fields of %s", (name, schema) => {
    const section = page.split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";
    const named = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap((m) => m[1]!.match(/\w+/g) ?? []);
    expect([...named].sort()).toEqual(fieldsOf(schema).sort());
  });

  it("has an example that fits", () => {
    const example: unknown = JSON.parse(/```json\n([^`]*)```/.exec(page)?.[1] ?? "");
    expect(problems(example)).toEqual([]);
  });
});

describe("checking", () => {
  it("takes a right one", () => expect(problems(sampleBenchmark)).toEqual([]));

  const [chart] = sampleBenchmark.charts;
  const [table] = sampleBenchmark.tables;
  const wrong: readonly [what: string, change: Readonly<Record<string, unknown>>, RegExp][] = [
    ["a later format", { format: 2 }, /^format: .*Expected 1/],
    [
      "a number that is none",
      { charts: [{ ...chart, y: { label: "y", range: [0, null] } }] },
      /charts\.0\.y\.range/,
    ],
    ["an unknown field", { colour: "red" }, /^colour/],
    [
      "a row without a column",
      { tables: [{ ...table, rows: [{ method: "rsd-s" }] }] },
      /tables\.0\.rows\.0: no rate/,
    ],
    [
      "a row with too much",
      { tables: [{ ...table, rows: [{ method: "a", rate: 1, more: 2 }] }] },
      /no column for more/,
    ],
    [
      "an interval that does not hold its value",
      { charts: [{ ...chart, series: [{ label: "a", points: [{ x: 1, y: 5, low: 1, high: 2 }] }] }] },
      /expected low <= y <= high, found 1, 5, 2/,
    ],
    [
      "zero on a log scale",
      {
        charts: [
          { ...chart, x: { label: "x", scale: "log" }, series: [{ label: "a", points: [{ x: 0, y: 5 }] }] },
        ],
      },
      /log scale needs numbers above 0/,
    ],
    ["bars over numbers", { charts: [{ ...chart, mark: "bars" }] }, /bars need x\.scale "names"/],
  ];
  it.each(wrong)("names the place of %s", (_, change, says) => {
    expect(problems({ ...sampleBenchmark, ...change }).join("\n")).toMatch(says);
  });
});

describe("writing", () => {
  const measured: Measured = { ...sampleBenchmark, models: [] };
  it("writes a file that reads back, and the list", async () => {
    const path = await writeResult(measured, folder);
    const read = readResult(JSON.parse(readFileSync(path, "utf8")));
    expect(read).toMatchObject({ result: { id: "sample", format: 1 } });
    await writeResult({ ...measured, id: "another" }, folder);
    const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as unknown;
    const note = { method: "rsd-s", text: "Beam width 4, depth 4." };
    expect(v.parse(INDEX, index)).toEqual({
      results: ["another", "sample"],
      notes: [
        { result: "another", ...note },
        { result: "sample", ...note },
      ],
      outdated: [],
    });
  });

  it("names the models whose weights are not those that were measured", async () => {
    const path = await writeResult(
      { ...measured, models: ["story-draft", "task-loop", "not-bundled"] },
      folder,
    );
    const file = JSON.parse(readFileSync(path, "utf8")) as { weights: Record<string, string> };
    expect(Object.keys(file.weights)).toEqual(["story-draft", "task-loop"]);
    expect(outdatedModels(file)).toEqual([]);
    file.weights["task-loop"] = "0".repeat(64);
    expect(outdatedModels(file)).toEqual(["task-loop"]);
    writeFileSync(path, JSON.stringify(file));
    await writeResult({ ...measured, id: "another" }, folder);
    const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as unknown;
    expect(v.parse(INDEX, index).outdated).toEqual([{ result: "sample", models: ["task-loop"] }]);
  });

  it("writes nothing that does not fit", async () => {
    await expect(writeResult({ ...measured, id: "Not An Id" }, folder)).rejects.toThrow(/id: .*lower-case/);
  });
});

describe("the files that are there", () => {
  const files = filesUnder("public/benchmarks", /\.json$/).filter((path) => !path.endsWith("/index.json"));
  it("all are listed, and nothing else", () => {
    const { results, notes, outdated } = v.parse(INDEX, JSON.parse(readText("public/benchmarks/index.json")));
    const found = files.map(
      (path) => JSON.parse(readText(path)) as { id: string; weights?: Record<string, string> },
    );
    expect(outdated, "npm run bench:index writes the list anew").toEqual(
      found.flatMap((file) => {
        const models = outdatedModels(file);
        return models.length > 0 ? [{ result: file.id, models }] : [];
      }),
    );
    expect(results.map((id) => `public/benchmarks/${id}.json`)).toEqual(files);
    const inFiles = files.flatMap((path) => (JSON.parse(readText(path)) as Partial<Measured>).notes ?? []);
    expect(notes.map((n) => n.text)).toEqual(inFiles.filter((n) => n.method !== null).map((n) => n.text));
  });

  it("each fits the format and is named by its id", () => {
    for (const path of files) {
      const json = JSON.parse(readText(path)) as { id: string };
      expect(problems(json), path).toEqual([]);
      expect(path).toBe(`public/benchmarks/${json.id}.json`);
    }
  });

  it("each is made by a command there is", () => {
    const { scripts } = JSON.parse(readText("package.json")) as { scripts: Record<string, string> };
    const commands = [
      ...knownBenchmarks.map((b) => b.command),
      ...files.map((path) => (JSON.parse(readText(path)) as { command: string }).command),
    ];
    const missing = commands.filter(
      (c) => scripts[/^npm run (?:--silent )?([\w:-]+)/.exec(c)?.[1] ?? ""] === undefined,
    );
    expect(missing).toEqual([]);
  });
});
