/** The part of a model card that `npm run eval` writes: the figures of public/models/eval.json as a table. */
import type { Evaluation, Figure } from "./figures";

const START = "<!-- measured by npm run eval -->";
const END = "<!-- end -->";

const shown = ({ unit, value }: Figure): string =>
  unit === "share" ? `${Math.round(1000 * value) / 10} %` : value.toFixed(3);

/** Figures by how often a core ran: a row a curve, a column a number of recurrences. */
function curveTable(figures: readonly Figure[]): string[] {
  const points = figures.filter(({ curve }) => curve !== undefined);
  if (points.length === 0) return [];
  const labels = [...new Set(points.map((f) => f.curve!.label))];
  const depths = [...new Set(points.map((f) => f.curve!.recurrences))].sort((a, b) => a - b);
  const rows = labels.map((label) => {
    const own = points.filter((f) => f.curve!.label === label);
    const cells = depths.map((depth) => own.find((f) => f.curve!.recurrences === depth));
    const over = own[0]!;
    const values = cells.map((cell) => (cell ? shown(cell) : "")).join(" | ");
    return `| ${label} | ${values} | ${over.count.toLocaleString("en")} ${over.of} |`;
  });
  return [
    `| recurrences | ${depths.join(" | ")} | over |`,
    `| --- |${" --- |".repeat(depths.length + 1)}`,
    ...rows,
    "",
  ];
}

/** The section with its markers, as it must stand in the card. */
export function section(evaluation: Evaluation, model: string): string {
  const measured = evaluation.models[model];
  if (!measured) throw new Error(`public/models/eval.json has no figures of ${model}; run npm run eval`);
  const rows = measured.figures
    .filter(({ curve }) => curve === undefined)
    .map(
      (figure) =>
        `| ${figure.label} | ${shown(figure)} | ${figure.count.toLocaleString("en")} ${figure.of} |`,
    );
  const alone = rows.length === 0 ? [] : ["| figure | value | over |", "| --- | --- | --- |", ...rows, ""];
  return [
    START,
    "## Measured through this engine",
    "",
    "The stored weights, run by the project's own kernels and judged by its own checkers.",
    "",
    ...alone,
    ...curveTable(measured.figures),
    "```",
    measured.command,
    "```",
    "",
    END,
  ].join("\n");
}

/** The card with its section replaced, or with one before the last heading of the card. */
export function withSection(card: string, text: string): string {
  const start = card.indexOf(START);
  const end = card.indexOf(END);
  if (start >= 0 && end > start) return card.slice(0, start) + text + card.slice(end + END.length);
  const heading = card.indexOf("\n## Data and licence");
  if (heading < 0) throw new Error('expected the card to have a heading "Data and licence"');
  return `${card.slice(0, heading)}\n${text}\n${card.slice(heading)}`;
}
