/** Names in place of ids, in what result files say. */
import { methods, models } from "../definitions";
import type { BenchmarkResult } from "./schema";

const LABELS = new Map(
  [...methods, ...models].filter(({ id }) => id.includes("-")).map(({ id, label }) => [id, label]),
);
const IDS = new RegExp(
  `(?<![\\w/.-])(${[...LABELS.keys()].sort((a, b) => b.length - a.length).join("|")})(?![\\w/-])`,
  "g",
);

/** A sentence of a result file with the ids of methods and models replaced by the names that the page has for them. */
export const withNames = (text: string): string => text.replace(IDS, (id) => LABELS.get(id) ?? id);

/** What is no sentence: made by a machine for a machine, or looked up by other code. */
const VERBATIM: ReadonlySet<string> = new Set([
  "id",
  "command",
  "adapter",
  "date",
  "commit",
  "key",
  "of",
  "method",
  "rows",
]);

function named(value: unknown): unknown {
  if (typeof value === "string") return withNames(value);
  if (Array.isArray(value)) return value.map(named);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, VERBATIM.has(key) ? inner : named(inner)]),
  );
}

/** A result with names in place of ids in everything that is read: titles, legends, axes, notes. Cells of tables keep theirs. */
export const resultWithNames = (result: BenchmarkResult): BenchmarkResult => named(result) as BenchmarkResult;
