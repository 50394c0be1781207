/** Figures of the models as `npm run eval` wrote them (public/models/eval.json), checked and as a table. */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import type { BenchmarkTable } from "../benchmarks/schema";
import { fetchJson } from "../fetched";
import { bytes, percent } from "../format";

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
        }),
      ),
    }),
  ),
  storages: v.optional(
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
            weightBytes: v.number(),
            bitsPerByte: v.number(),
            perplexity: v.number(),
            greedyAgreement: v.number(),
          }),
        ),
      }),
    ),
  ),
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

/** What each storage type costs, one row each; null where nobody measured it. */
export const storagesOf = ({ storages }: Evaluation): BenchmarkTable | null =>
  storages === undefined
    ? null
    : {
        title: "Smaller weights",
        help: "The same model with its weights rounded while loading, on stories it was not trained on.",
        columns: [
          { key: "model", label: "Model", help: "Of this page.", of: "model" },
          { key: "storage", label: "Kept as", help: "How the device keeps the weights." },
          { key: "bytes", label: "Memory", help: "Of the weights on the device, with their scales." },
          { key: "bits", label: "Bits per byte", help: "Of text: less is better." },
          { key: "perplexity", label: "Perplexity", help: "Of a token: less is better." },
          {
            key: "greedy",
            label: "Same choice",
            help: "Positions at which the most likely token is that of f32.",
          },
        ],
        rows: Object.entries(storages).flatMap(([model, { rows }]) =>
          rows.map((r) => ({
            model,
            storage: r.storage,
            bytes: bytes(r.weightBytes),
            bits: r.bitsPerByte.toFixed(3),
            perplexity: r.perplexity.toFixed(3),
            greedy: percent(r.greedyAgreement),
          })),
        ),
      };

/** All figures, one row each. */
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
    figures.map((f) => ({
      model,
      figure: f.label,
      value: f.unit === "share" ? percent(f.value) : `${f.value.toFixed(3)} ${f.unit}`,
      over: `${f.count.toLocaleString("en-US")} ${f.of}`,
    })),
  ),
});
