/** How the series of a chart are told apart: colour, shape and line style together, never colour alone. */
import {
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
  type SymbolType,
} from "d3-shape";
import type { BenchmarkChart, BenchmarkSeries } from "./schema";

export interface SeriesMark {
  readonly colour: string;
  readonly symbol: SymbolType;
  readonly dash: string | undefined;
}

const COLOURS = 6;
const SYMBOLS: readonly SymbolType[] = [
  symbolCircle,
  symbolSquare,
  symbolTriangle,
  symbolDiamond,
  symbolCross,
  symbolStar,
  symbolWye,
];
const DASHES: readonly (string | undefined)[] = [undefined, "5 3", "2 3"];

/** The mark of the series at a place; different for at least 42 of them. */
export const markOf = (index: number): SeriesMark => ({
  colour: `var(--series-${(index % COLOURS) + 1})`,
  symbol: SYMBOLS[index % SYMBOLS.length]!,
  dash: DASHES[Math.floor(index / COLOURS) % DASHES.length],
});

/** The series that a line to compare with belongs to, as its name says: "sort, ideal" to "sort". */
export const ownerOf = (chart: BenchmarkChart, label: string): BenchmarkSeries | undefined =>
  chart.series.find((s) => label.startsWith(`${s.label}, `));

/** The colour of a line to compare with: that of its series, if it belongs to one. */
export function referenceColour(chart: BenchmarkChart, label: string): string {
  const owner = ownerOf(chart, label);
  return owner ? markOf(chart.series.indexOf(owner)).colour : "var(--ink-soft)";
}
