/** Figures of the models as `npm run eval` wrote them (public/models/eval.json), checked and as a table. */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import type { BenchmarkChart, BenchmarkTable } from "../benchmarks/schema";
import { labelOf } from "../definitions";
import { fetchJson } from "../fetched";
import { bytes, percent } from "../format";

/** What was compared by how something is kept: the quality of a row, and where it was measured. */
const compared = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.optional(
    v.record(
      v.string(),
      v.object({
        command: v.string(),
        date: v.string(),
        adapter: v.string(),
        count: v.number(),
        of: v.string(),
        rows: v.array(
          v.object({
            storage: v.string(),
            bitsPerByte: v.number(),
            perplexity: v.number(),
            greedyAgreement: v.number(),
            ...entries,
          }),
        ),
      }),
    ),
  );

const EVALUATION = v.object({
  models: v.record(
    v.string(),
    v.object({
      command: v.string(),
      date: v.string(),
      adapter: v.string(),
      figures: v.array(
        v.object({
          label: v.string(),
          value: v.number(),
          unit: v.picklist(["bits/byte", "share"]),
          count: v.number(),
          of: v.string(),
          curve: v.optional(v.object({ label: v.string(), recurrences: v.number() })),
        }),
      ),
    }),
  ),
  storages: compared({ weightBytes: v.number() }),
  caches: compared({ tokenBytes: v.number() }),
});
export type Evaluation = v.InferOutput<typeof EVALUATION>;

export const EVALUATION_PATH = "models/eval.json";

/** @throws DecoscopeError naming what does not fit */
export async function loadEvaluation(path: string): Promise<Evaluation> {
  return readEvaluation(await fetchJson(path), path);
}

/** @throws DecoscopeError naming what does not fit */
export function readEvaluation(json: unknown, path = EVALUATION_PATH): Evaluation {
  const read = v.safeParse(EVALUATION, json);
  if (read.success) return read.output;
  const [issue] = read.issues;
  throw new DecoscopeError(
    "load",
    `${path}: ${v.getDotPath(issue) ?? "file"}: ${issue.message}. npm run eval writes it anew.`,
  );
}

interface QualityRow {
  readonly storage: string;
  readonly bitsPerByte: number;
  readonly perplexity: number;
  readonly greedyAgreement: number;
}
interface Words {
  readonly title: string;
  readonly help: string;
  /** Of the columns that say how it is kept, and in how many bytes. */
  readonly storage: string;
  readonly bytes: string;
}

function qualityTable<Row extends QualityRow>(
  words: Words,
  models: Readonly<Record<string, { readonly rows: readonly Row[] }>> | undefined,
  bytesOf: (row: Row) => number,
): BenchmarkTable | null {
  if (models === undefined) return null;
  return {
    title: words.title,
    help: words.help,
    columns: [
      { key: "model", label: "Model", help: "Of this page.", of: "model" },
      { key: "storage", label: "Kept as", help: words.storage },
      { key: "bytes", label: "Memory", help: words.bytes },
      { key: "bits", label: "Bits per byte", help: "Of text: less is better." },
      { key: "perplexity", label: "Perplexity", help: "Of a token: less is better." },
      {
        key: "greedy",
        label: "Same choice",
        help: "Positions at which the most likely token is that of f32.",
      },
    ],
    rows: Object.entries(models).flatMap(([model, { rows }]) =>
      rows.map((r) => ({
        model,
        storage: r.storage,
        bytes: bytes(bytesOf(r)),
        bits: r.bitsPerByte.toFixed(3),
        perplexity: r.perplexity.toFixed(3),
        greedy: percent(r.greedyAgreement),
      })),
    ),
  };
}

/** What each storage type of the weights costs, one row each; null where nobody measured it. */
export const storagesOf = ({ storages }: Evaluation): BenchmarkTable | null =>
  qualityTable(
    {
      title: "Smaller weights",
      help: "The same model with its weights rounded while loading, on stories it was not trained on.",
      storage: "How the device keeps the weights.",
      bytes: "Of the weights on the device, with their scales.",
    },
    storages,
    (row) => row.weightBytes,
  );

/** The same of keys and values. */
export const cachesOf = ({ caches }: Evaluation): BenchmarkTable | null =>
  qualityTable(
    {
      title: "Smaller keys and values",
      help: "The same model, what it keeps of each token rounded when it is stored, on stories it was not trained on.",
      storage: "How the device keeps keys and values.",
      bytes: "Of one token, in all layers together.",
    },
    caches,
    (row) => row.tokenBytes,
  );

/** Figures of models of recurrent depth by how often the core ran: a chart a model and unit, a line a curve. */
export const depthChartsOf = ({
  models,
}: Evaluation): readonly { readonly model: string; readonly chart: BenchmarkChart }[] =>
  Object.entries(models).flatMap(([model, { figures }]) => {
    const points = figures.flatMap((f) => (f.curve ? [{ ...f, curve: f.curve }] : []));
    return [...new Set(points.map(({ unit }) => unit))].map((unit) => {
      const own = points.filter((f) => f.unit === unit);
      const isShare = unit === "share";
      const { count, of } = own[0]!;
      const chart: BenchmarkChart = {
        title: `${labelOf(model)}: ${isShare ? "right answers" : "loss"} by recurrences`,
        shows: `How often the same layers ran, for every token alike. ${count.toLocaleString("en-US")} ${of}${isShare ? " a line, greedy: higher is better" : ": lower is better"}.`,
        x: { label: "Recurrences", scale: "linear" },
        y: isShare
          ? { label: "Right answers", unit: "%", scale: "linear" }
          : { label: "Loss", unit: "bits per byte", scale: "linear" },
        mark: "line",
        series: [...new Set(own.map(({ curve }) => curve.label))].map((label) => ({
          label,
          points: own
            .filter(({ curve }) => curve.label === label)
            .map(({ curve, value }) => ({ x: curve.recurrences, y: isShare ? 100 * value : value })),
        })),
        references: [],
      };
      return { model, chart };
    });
  });

/** All other figures, one row each. */
export const tableOf = ({ models }: Evaluation): BenchmarkTable => ({
  title: "Figures of the stored weights",
  help: "Measured through this engine and judged by the project's own checkers.",
  columns: [
    { key: "model", label: "Model", help: "Of this page.", of: "model" },
    { key: "figure", label: "Figure", help: "What was measured." },
    { key: "value", label: "Value", help: "Bits per byte: less is better. Shares: more is better." },
    { key: "over", label: "Over", help: "How many things were looked at, and what they are." },
  ],
  rows: Object.entries(models).flatMap(([model, { figures }]) =>
    figures
      .filter(({ curve }) => curve === undefined)
      .map((f) => ({
        model,
        figure: f.label,
        value: f.unit === "share" ? percent(f.value) : `${f.value.toFixed(3)} ${f.unit}`,
        over: `${f.count.toLocaleString("en-US")} ${f.of}`,
      })),
  ),
});
