/** What was measured on this device in the form that files of results have, and as text to paste elsewhere. */
import { adapterName } from "../adapter";
import type { DeviceFigures } from "../../worker/api";
import type { BenchmarkInput, BenchmarkResult, BenchmarkTable } from "../benchmarks/schema";
import { readResult, RESULT_FORMAT } from "../benchmarks/schema";
import type { Measured } from "./store";

type Rows = NonNullable<BenchmarkInput["tables"]>[number]["rows"];

const row = (figure: string, value: number | string | boolean | null, unit: string) => ({
  figure,
  value,
  unit,
});

function speeds({ copy, prefill, decode }: Partial<DeviceFigures>): Rows {
  const giga = (bytes: number): number => bytes / 1e9;
  return [
    ...(prefill ? [row(`Prompt read, ${prefill.rows} tokens`, prefill.tokensPerSecond, "tokens/s")] : []),
    ...(decode
      ? [
          row(`Text written, ${decode.tokens} tokens`, decode.tokensPerSecond, "tokens/s"),
          row("Dispatches", decode.dispatchesPerToken, "per token"),
          row("Readbacks", decode.readbacksPerToken, "per token"),
          row(
            "Weights read",
            decode.bytesPerToken === null ? null : decode.bytesPerToken / 1e6,
            "MB per token",
          ),
          row(
            "Weights read, while writing",
            decode.bytesPerSecond === null ? null : giga(decode.bytesPerSecond),
            "GB/s",
          ),
        ]
      : []),
    ...(copy
      ? [row(`A copy of ${copy.bytes / 2 ** 20} MiB, read and written`, giga(copy.bytesPerSecond), "GB/s")]
      : []),
    ...(copy && decode && decode.bytesPerSecond !== null
      ? [row("Weights read, of the copy's speed", (100 * decode.bytesPerSecond) / copy.bytesPerSecond, "%")]
      : []),
  ];
}

const WORDS: Readonly<Record<string, string>> = {
  reduce: "Sums among lanes by",
  cache: "Keys and values",
  packedDot: "Packed dot product there",
  f16: "16-bit arithmetic there",
  storage: "Weights kept in",
};

/** y = x from one row on, close enough together to be smooth on a log axis; so far that it ends at the chart's edge. */
const straight = (end: number): readonly { readonly x: number; readonly y: number }[] =>
  Array.from({ length: 33 }, (_, i) => end ** (i / 32)).map((x) => ({ x, y: x }));

/** The result so far; null while there is nothing to show. */
export function resultOf({ model, device, figures }: Measured, label: string): BenchmarkResult | null {
  const { variants, passes = [] } = figures;
  const table = speeds(figures);
  if (table.length === 0) return null;
  const one = passes.find((p) => p.rows === 1)?.ms;
  const most = Math.max(...passes.map((p) => p.rows));
  // A little above the dearest pass, and never so low that the line of rows that share nothing could not be seen to rise.
  const top = 1.1 * Math.max(4, ...passes.map((p) => p.ms / (one ?? p.ms)));
  const read = readResult({
    format: RESULT_FORMAT,
    id: "this-device",
    title: `${label} on this device`,
    summary: `Medians of a few tries, made just now${device.isSoftware ? " on a software adapter, which is a CPU" : ""}. Other tabs and programs slow them down.`,
    command: `npm run --silent headless -- benchmark --model ${model}`,
    adapter: device.adapter,
    isSoftware: device.isSoftware,
    date: new Date().toISOString().slice(0, 10),
    commit: null,
    charts:
      one === undefined || passes.length < 2
        ? []
        : [
            {
              title: "What it costs to verify",
              shows:
                "A pass checks N rows (drafted tokens) at once. How many passes over a single row does that cost: c(N) = time(N) / time(1), 64 tokens into a text. Lower is better: along the dotted line at 1 more rows cost nothing, along the rising one they share nothing, and each costs a pass of its own. A draft of N rows pays if it yields more tokens a round than c(N) and the drafting together.",
              x: { label: "Rows in one pass, N", scale: "log" as const },
              y: { label: "Cost of the pass", unit: "passes over one row", range: [0, top] },
              series: [
                {
                  label: "measured here",
                  points: passes.map(({ rows, ms }) => ({
                    x: rows,
                    y: ms / one,
                    label: `${rows} rows: ${ms.toPrecision(3)} ms`,
                  })),
                },
              ],
              references: [
                { kind: "y" as const, label: "as one row", value: 1 },
                {
                  kind: "curve" as const,
                  label: "N times one row",
                  points: straight(Math.min(most, top)),
                },
              ],
            },
          ],
    tables: [
      {
        title: "Speed",
        help: "Writing goes as in the playground, with everything from a readback to an event; reading is one prompt fed in chunks of 128.",
        columns: [
          { key: "figure", label: "Figure", help: "What was measured." },
          { key: "value", label: "Value", help: "Median of three, of five for the copy." },
          { key: "unit", label: "Unit", help: "GB are 1e9 bytes, MiB are 2^20." },
        ],
        rows: table,
      },
      ...(passes.length > 0
        ? [
            {
              title: "Passes",
              help: "One forward pass by itself, without readback, 64 tokens into a text.",
              columns: [
                { key: "rows", label: "Rows, N", help: "Each with its logits." },
                { key: "ms", label: "Time", unit: "ms", help: "Median of five, each of three passes." },
                {
                  key: "cost",
                  label: "c(N)",
                  unit: "passes over one row",
                  help: "Beside one row.",
                  digits: 2,
                },
              ],
              rows: passes.map(({ rows, ms }) => ({ rows, ms, cost: one === undefined ? null : ms / one })),
            },
          ]
        : []),
      ...(variants
        ? [
            {
              title: "Variants",
              help: "What the kernels were built with.",
              columns: [
                { key: "name", label: "Choice", help: "Of the kernels." },
                { key: "value", label: "Value", help: "In words or as the kernel counts." },
                {
                  key: "by",
                  label: "Chosen by",
                  help: "The fastest of a few tries, or what the device offers.",
                },
              ],
              rows: Object.entries(variants).map(([name, value]) => ({
                name: WORDS[name] ?? name,
                value,
                // The tuner's choices are named by kernel and size, with a dot between.
                by: name.includes(".") ? "a measurement here" : "what the device can do",
              })),
            },
          ]
        : []),
    ],
    notes: [],
  });
  return "result" in read ? read.result : null;
}

const cellText = (value: number | string | boolean | null): string =>
  value === null
    ? "not measured"
    : typeof value === "number"
      ? Number.isInteger(value)
        ? String(value)
        : String(Number(value.toPrecision(4)))
      : typeof value === "boolean"
        ? value
          ? "yes"
          : "no"
        : value;

function tableText({ title, columns, rows }: BenchmarkTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const safe = (text: string): string => text.replaceAll("|", "\\|");
  return [
    `### ${title}`,
    "",
    line(columns.map((c) => safe(c.unit ? `${c.label} (${c.unit})` : c.label))),
    line(columns.map(() => "---")),
    ...rows.map((r) => line(columns.map((c) => safe(cellText(r[c.key] ?? null))))),
  ].join("\n");
}

/** A result as Markdown: where it was measured, then its tables. */
export const markdownOf = (r: BenchmarkResult): string =>
  [
    `## ${r.title}`,
    "",
    `${adapterName(r.adapter, r.isSoftware)}, ${r.date}`,
    "",
    r.tables.map(tableText).join("\n\n"),
    "",
  ].join("\n");
