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

/** A chart and, by series, the place among the marks; without that it is the series' place in the chart. */
export type MarkedChart = BenchmarkChart & { readonly slots?: readonly number[] };

export const markIn = ({ slots }: MarkedChart, series: number): SeriesMark =>
  markOf(slots?.[series] ?? series);

/** The charts of one result, a name that several of them have with the same mark in all; others take the first marks free. */
export function markedAlike(charts: readonly BenchmarkChart[]): readonly MarkedChart[] {
  const known = new Map<string, number>();
  return charts.map((chart) => {
    const taken = new Set<number>();
    const claim = (slot: number): number => (taken.add(slot), slot);
    const kept = chart.series.map(({ label }) => {
      const slot = known.get(label);
      return slot === undefined || taken.has(slot) ? null : claim(slot);
    });
    const slots = kept.map((slot, i) => {
      if (slot !== null) return slot;
      let free = 0;
      while (taken.has(free)) free++;
      const { label } = chart.series[i]!;
      if (!known.has(label)) known.set(label, free);
      return claim(free);
    });
    return { ...chart, slots };
  });
}

/** The series that a line to compare with belongs to, as its name says: "sort, ideal" to "sort". */
export const ownerOf = (chart: BenchmarkChart, label: string): BenchmarkSeries | undefined =>
  chart.series.find((s) => label.startsWith(`${s.label}, `));

/** The colour of a line to compare with: that of its series, if it belongs to one. */
export function referenceColour(chart: MarkedChart, label: string): string {
  const owner = ownerOf(chart, label);
  return owner ? markIn(chart, chart.series.indexOf(owner)).colour : "var(--ink-soft)";
}
