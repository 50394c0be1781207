/** The format of benchmark results (public/benchmarks/ID.json), documented in docs/benchmarks.md. Files are checked before they are drawn. */
import * as v from "valibot";

export const RESULT_FORMAT = 1;

const text = v.pipe(v.string(), v.minLength(1));
const finite = v.pipe(v.number(), v.finite());
const id = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]*$/, "expected lower-case letters, digits and dashes"),
);

/** A cell of a table. null is "not measured". */
const cell = v.nullable(v.union([finite, v.string(), v.boolean()]));

const column = v.strictObject({
  /** Name of the column's field in each row. */
  key: text,
  label: text,
  /** Such as "tokens/s"; left out for plain counts and names. */
  unit: v.optional(text),
  /** One sentence: what stands here and how it was measured. */
  help: text,
  /** Digits after the point; without it numbers are shown with three significant ones. */
  digits: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(6))),
  /** Cells are ids of methods or of models: shown by name, methods with a link to their card. */
  of: v.optional(v.picklist(["method", "model"])),
});

const table = v.strictObject({
  title: text,
  /** What the rows are and what to look for. */
  help: text,
  columns: v.pipe(v.array(column), v.minLength(1)),
  rows: v.array(v.record(v.string(), cell)),
});

const axis = v.strictObject({
  label: text,
  /** Left out for plain counts, shares and names. */
  unit: v.optional(text),
  /** "names" puts the points' x in a row as text, in the order they are first met. */
  scale: v.optional(v.picklist(["linear", "log", "names"]), "linear"),
  /** Shown range; without it that of the data (and of 0, for bars). */
  range: v.optional(v.strictTuple([finite, finite])),
});

const point = v.strictObject({
  x: v.union([finite, text]),
  y: finite,
  /** Ends of an interval around y, such as a 95 % confidence interval; say in `shows` which. */
  low: v.optional(finite),
  high: v.optional(finite),
  /** Said when the point is pointed at. */
  label: v.optional(text),
});

const series = v.strictObject({
  label: text,
  points: v.array(point),
});

/** What the series are to be compared with: a level, a place on the x axis, or a curve. */
const reference = v.variant("kind", [
  v.strictObject({ kind: v.literal("y"), label: text, value: finite }),
  v.strictObject({ kind: v.literal("x"), label: text, value: finite }),
  v.strictObject({
    kind: v.literal("curve"),
    label: text,
    points: v.pipe(v.array(v.strictObject({ x: finite, y: finite })), v.minLength(2)),
  }),
]);

const chart = v.strictObject({
  title: text,
  /** What is shown, how it was measured, what to look for. */
  shows: text,
  x: axis,
  y: axis,
  /** How points are drawn: joined by lines in order of x, alone, or as bars from 0 (x must be names). */
  mark: v.optional(v.picklist(["line", "points", "bars"]), "line"),
  series: v.pipe(v.array(series), v.minLength(1), v.maxLength(12)),
  references: v.optional(v.array(reference), []),
});

const note = v.strictObject({
  /** Id of the method it is about; null for all. */
  method: v.nullable(text),
  text,
});

const result = v.strictObject({
  format: v.literal(RESULT_FORMAT),
  id,
  title: text,
  /** One to three sentences: what was asked and what came out. */
  summary: text,
  /** The command that writes this file again. */
  command: text,
  /** As the device names itself. */
  adapter: text,
  /** Whether it is a software adapter, whose times say nothing about GPUs. */
  isSoftware: v.boolean(),
  /** Day of the measurement, YYYY-MM-DD. */
  date: v.pipe(v.string(), v.isoDate()),
  /** Commit that was measured; null if not known. */
  commit: v.nullable(text),
  /** SHA-256 of model.safetensors of the models that were measured, by model. */
  weights: v.optional(
    v.record(text, v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "expected 64 hex digits"))),
    {},
  ),
  charts: v.array(chart),
  tables: v.array(table),
  notes: v.array(note),
});

/** What a writer gives; optional parts may be left out. */
export type BenchmarkInput = v.InferInput<typeof result>;
/** What is drawn. */
export type BenchmarkResult = v.InferOutput<typeof result>;
export type BenchmarkChart = v.InferOutput<typeof chart>;
export type BenchmarkSeries = v.InferOutput<typeof series>;
export type BenchmarkPoint = v.InferOutput<typeof point>;
export type BenchmarkTable = v.InferOutput<typeof table>;
export type BenchmarkColumn = v.InferOutput<typeof column>;
export type BenchmarkCell = v.InferOutput<typeof cell>;

/** Schemas by the heading that documents them. */
export const SCHEMAS = { result, chart, axis, series, point, reference, table, column, note } as const;

/** What no shape can say: rows have the columns' fields, scales fit their points, intervals hold their values. */
function problemsOf(r: BenchmarkResult): string[] {
  const problems: string[] = [];
  r.tables.forEach((t, i) => {
    const keys = t.columns.map((c) => c.key);
    if (new Set(keys).size < keys.length) problems.push(`tables.${i}.columns: a key stands twice`);
    t.rows.forEach((row, n) => {
      const missing = keys.filter((key) => !Object.hasOwn(row, key));
      const unknown = Object.keys(row).filter((key) => !keys.includes(key));
      if (missing.length > 0)
        problems.push(`tables.${i}.rows.${n}: no ${missing.join(", ")} (null if it was not measured)`);
      if (unknown.length > 0) problems.push(`tables.${i}.rows.${n}: no column for ${unknown.join(", ")}`);
    });
  });
  r.charts.forEach((c, i) => {
    const at = `charts.${i}`;
    if (c.mark === "bars" && c.x.scale !== "names") problems.push(`${at}: bars need x.scale "names"`);
    if (c.y.scale === "names") problems.push(`${at}.y.scale: expected "linear" or "log"`);
    const labels = c.series.map((s) => s.label);
    if (new Set(labels).size < labels.length) problems.push(`${at}.series: two have the same label`);
    for (const [s, { points }] of c.series.entries())
      for (const [n, p] of points.entries()) {
        const where = `${at}.series.${s}.points.${n}`;
        const isName = typeof p.x === "string";
        if (isName !== (c.x.scale === "names"))
          problems.push(`${where}.x: expected ${c.x.scale === "names" ? "text" : "a number"}`);
        if (!isName && c.x.scale === "log" && (p.x as number) <= 0)
          problems.push(`${where}.x: a log scale needs numbers above 0`);
        if (c.y.scale === "log" && p.y <= 0) problems.push(`${where}.y: a log scale needs numbers above 0`);
        if ((p.low === undefined) !== (p.high === undefined))
          problems.push(`${where}: expected both low and high, or neither`);
        else if (p.low !== undefined && !(p.low <= p.y && p.y <= p.high!))
          problems.push(`${where}: expected low <= y <= high, found ${p.low}, ${p.y}, ${p.high}`);
      }
  });
  return problems;
}

export type ReadResult =
  { readonly result: BenchmarkResult } | { readonly problems: readonly [string, ...string[]] };

/** Reads a result file's JSON. Never throws: what is wrong comes back as one line a problem, "place: expected ..., found ...". */
export function readResult(json: unknown): ReadResult {
  const read = v.safeParse(result, json);
  const problems = read.success
    ? problemsOf(read.output)
    : read.issues.map((issue) => `${v.getDotPath(issue) ?? "file"}: ${issue.message}`);
  const [first, ...rest] = problems;
  if (first !== undefined) return { problems: [first, ...rest] };
  return { result: read.output as BenchmarkResult };
}

/** The list of files there are (public/benchmarks/index.json), with what they note of methods for the gallery's cards. */
export const INDEX = v.strictObject({
  results: v.array(id),
  notes: v.optional(v.array(v.strictObject({ result: id, method: text, text })), []),
  /** Results measured with other weights of some models than those that come with the page now. */
  outdated: v.optional(v.array(v.strictObject({ result: id, models: v.array(text) })), []),
});
export type BenchmarkIndex = v.InferOutput<typeof INDEX>;
