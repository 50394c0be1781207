/** One chart: heading, legend, drawing, and the same numbers as a table for those who cannot or will not read drawings. */
import { symbol } from "d3-shape";
import { useEffect, useRef } from "react";
import { savePicture, withStyles } from "../export";
import { SaveMenu } from "../panels/SaveMenu";
import { useSize } from "../panels/use_size";
import { drawChart } from "./draw";
import { markIn, type MarkedChart, ownerOf } from "./marks";
import { ResultTable } from "./ResultTable";
import type { BenchmarkChart, BenchmarkTable } from "./schema";
import { type ChartOrigin, standalone } from "./standalone";

/** What dotted lines are: each by its name, those that belong to a series by what they have in common, since they have its colour. */
export function referenceNames(chart: BenchmarkChart): readonly string[] {
  const names = chart.references.map((r) => {
    const own = r.kind === "curve" ? ownerOf(chart, r.label) : undefined;
    return own ? `${r.label.slice(own.label.length + 2)}, in the colour of its series` : r.label;
  });
  return [...new Set(names)];
}

function Legend({ chart }: { readonly chart: MarkedChart }) {
  return (
    <ul className="chart-legend" aria-label="Series">
      {chart.series.map((series, i) => {
        const { colour, symbol: shape, dash } = markIn(chart, i);
        return (
          <li key={series.label}>
            <svg width="26" height="14" viewBox="-13 -7 26 14" aria-hidden="true">
              {chart.mark === "line" && (
                <path d="M-13,0H13" stroke={colour} strokeWidth="1.6" strokeDasharray={dash} />
              )}
              <path d={symbol(shape, 46)() ?? ""} fill={colour} />
            </svg>
            {series.label}
          </li>
        );
      })}
      {referenceNames(chart).map((name) => (
        <li key={name}>
          <svg width="26" height="14" viewBox="-13 -7 26 14" aria-hidden="true">
            <path d="M-13,0H13" stroke="var(--ink-soft)" strokeDasharray="1 3" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

/** The points of a chart as a table. */
function tableOf(chart: BenchmarkChart): BenchmarkTable {
  const points = chart.series.flatMap((s) => s.points.map((p) => ({ ...p, series: s.label })));
  const hasInterval = points.some((p) => p.low !== undefined);
  const hasLabel = points.some((p) => p.label !== undefined);
  const { unit } = chart.y;
  return {
    title: chart.title,
    help: "",
    columns: [
      { key: "series", label: "Series", help: "" },
      { key: "x", label: chart.x.label, unit: chart.x.unit, help: "" },
      { key: "y", label: chart.y.label, unit, help: "" },
      ...(hasInterval
        ? [
            { key: "low", label: "from", unit, help: "" },
            { key: "high", label: "to", unit, help: "" },
          ]
        : []),
      ...(hasLabel ? [{ key: "label", label: "", help: "" }] : []),
    ],
    rows: points.map(({ series, x, y, low = null, high = null, label = "" }) => ({
      ...{ series, x, y },
      ...(hasInterval ? { low, high } : {}),
      ...(hasLabel ? { label } : {}),
    })),
  };
}

interface ChartFigureProps {
  readonly chart: MarkedChart;
  readonly result: ChartOrigin;
  /** Name of the file it is saved to. */
  readonly name: string;
}

export function ChartFigure({ chart, result, name }: ChartFigureProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSize(frame)?.width ?? 0;
  useEffect(() => {
    if (width <= 0) return;
    const drawing = drawChart(chart, width, document);
    // Plot names its groups by how they are drawn; the frame's own name says what is drawn.
    for (const named of drawing.querySelectorAll("[aria-label]")) named.removeAttribute("aria-label");
    frame.current?.replaceChildren(drawing);
  }, [chart, width]);
  const save = (format: "svg" | "png") => {
    const drawing = frame.current?.querySelector("svg");
    if (!drawing) return;
    const { svg, size } = standalone(drawing, chart, result);
    void savePicture(withStyles(svg), size, name, format);
  };
  return (
    <figure className="chart" data-testid="chart">
      <figcaption>
        <div className="chart-head">
          <h4>{chart.title}</h4>
          <SaveMenu label={`Save picture: ${chart.title}`} onSave={save} />
        </div>
        <p className="help">{chart.shows}</p>
        <Legend chart={chart} />
      </figcaption>
      <div
        className="chart-frame"
        ref={frame}
        role="img"
        aria-label={`${chart.title}. The numbers follow as a table.`}
      />
      <details className="more">
        <summary>Numbers of this chart</summary>
        <ResultTable table={tableOf(chart)} isBare />
      </details>
    </figure>
  );
}
