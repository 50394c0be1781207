/** A chart of a benchmark as an svg, by Observable Plot. A pure function of the chart, a width and a document. */
import * as Plot from "@observablehq/plot";
import { markIn, type MarkedChart, referenceColour } from "./marks";
import type { BenchmarkChart, BenchmarkPoint, BenchmarkSeries } from "./schema";

const FONT = 11.5;
const NARROW = 520;
const BAR = 15;
/** Margins above and under a drawing of points. */
const TOP = 28;
const BOTTOM = 42;
/** Distance of series beside one another at one x, in px. */
const DODGE = 4;
/** So many different x are few enough to be the ticks themselves. */
const FEW = 6;
/** And so many where each is a power of two: evenly spaced on a log axis, and short. */
const FEW_DOUBLED = 10;

/** An axis by name and unit; "Bits per token" has said its unit. */
export const withUnit = ({
  label,
  unit,
}: {
  readonly label: string;
  readonly unit?: string | undefined;
}): string =>
  unit === undefined || label.toLowerCase().startsWith(`${unit.toLowerCase()} `)
    ? label
    : `${label} (${unit})`;

const number = (x: number): string =>
  Number.isInteger(x)
    ? x.toLocaleString("en-US")
    : Number(x.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 8 });

/** A point in words: what the tip and the chart's own table say of it. */
export function describePoint(chart: BenchmarkChart, series: BenchmarkSeries, p: BenchmarkPoint): string {
  const unit = (axis: { readonly unit?: string | undefined }): string =>
    axis.unit === undefined ? "" : ` ${axis.unit}`;
  const x = typeof p.x === "number" ? `${chart.x.label}: ${number(p.x)}${unit(chart.x)}` : p.x;
  const interval = p.low === undefined ? "" : ` (${number(p.low)} to ${number(p.high!)})`;
  return [
    series.label,
    x,
    `${chart.y.label}: ${number(p.y)}${unit(chart.y)}${interval}`,
    ...(p.label === undefined ? [] : [p.label]),
  ].join("\n");
}

const hasInterval = (p: BenchmarkPoint): boolean => p.low !== undefined;

/** Width of the widest of some names at the chart's font size, roughly. */
const widest = (names: readonly string[]): number => Math.max(...names.map((n) => n.length), 1) * FONT * 0.56;

function tip(chart: BenchmarkChart, place: Plot.TipOptions): Plot.Markish {
  return Plot.tip(
    chart.series.flatMap((series) =>
      series.points.map((p) => ({ ...p, says: describePoint(chart, series, p), of: series.label })),
    ),
    Plot.pointer({
      ...place,
      title: "says",
      fill: "var(--sheet)",
      stroke: "var(--rule-strong)",
      fontSize: FONT,
    }),
  );
}

function references(chart: MarkedChart): Plot.Markish[] {
  const text = { fill: "var(--ink-soft)", stroke: "var(--sheet)", strokeWidth: 3, fontSize: FONT } as const;
  return chart.references.flatMap((r): Plot.Markish[] => {
    switch (r.kind) {
      case "y":
        return [
          Plot.ruleY([r.value], { stroke: "var(--ink-soft)", strokeDasharray: "1 3" }),
          Plot.text([r.label], {
            ...text,
            y: r.value,
            frameAnchor: "right",
            textAnchor: "end",
            dx: -4,
            dy: -7,
          }),
        ];
      case "x":
        return [
          Plot.ruleX([r.value], { stroke: "var(--ink-soft)", strokeDasharray: "1 3" }),
          Plot.text([r.label], {
            ...text,
            x: r.value,
            frameAnchor: "top",
            textAnchor: "start",
            dx: 5,
            dy: 6,
          }),
        ];
      case "curve": {
        const points = [...r.points].sort((a, b) => a.x - b.x);
        return [
          Plot.line(points, {
            x: "x",
            y: "y",
            stroke: referenceColour(chart, r.label),
            strokeDasharray: "1 3",
          }),
        ];
      }
    }
  });
}

/** Ends of curves that are compared with, so far apart that their names do not touch. `perUnit` is px a unit of y. */
export function spreadEnds(
  ends: readonly { readonly label: string; readonly y: number }[],
  perUnit: number,
): readonly { readonly label: string; readonly y: number }[] {
  const gap = (FONT + 2) / perUnit;
  const placed: { readonly label: string; readonly y: number }[] = [];
  for (const end of [...ends].sort((a, b) => a.y - b.y))
    placed.push({ ...end, y: Math.max(end.y, (placed.at(-1)?.y ?? -Infinity) + gap) });
  return placed;
}

/** Names of the curves that are compared with, in the margin on the right. */
function curveNames(chart: MarkedChart, height: number): Plot.Markish[] {
  const curves = chart.references.filter((r) => r.kind === "curve");
  if (curves.length === 0 || chart.y.scale === "log") return [];
  const ends = curves.map(({ label, points }) => ({
    label,
    ...points.reduce((last, p) => (p.x > last.x ? p : last)),
  }));
  const ys = chart.series.flatMap((s) => s.points.map((p) => p.y));
  const [low, high] = chart.y.range ?? [Math.min(...ys), Math.max(...ys)];
  const x = Math.max(...ends.map((end) => end.x));
  const names = spreadEnds(ends, (height - TOP - BOTTOM) / (high - low || 1));
  return [
    Plot.text(names, {
      x: () => x,
      y: "y",
      text: "label",
      textAnchor: "start",
      dx: 12,
      fill: "var(--ink-soft)",
      fontSize: FONT,
      clip: false,
    }),
  ];
}

/** Domain and ticks of the x axis. */
function xScale(chart: MarkedChart, xs: readonly (number | string)[], isNarrow: boolean): Plot.ScaleOptions {
  if (chart.x.scale === "names") return { domain: xs };
  const numbers = xs.filter((x) => typeof x === "number");
  const isLog = chart.x.scale === "log";
  const few =
    numbers.length <= FEW || (isLog && numbers.length <= FEW_DOUBLED && numbers.every(isPowerOfTwo));
  // A log scale made "nice" reaches from one power of ten to another; the data with some room is enough.
  const domain =
    chart.x.range ?? (isLog ? [Math.min(...numbers) / 1.25, Math.max(...numbers) * 1.25] : undefined);
  return {
    ...(domain ? { domain } : { nice: true }),
    ticks: (few ? numbers : isNarrow ? 4 : 8) as number,
    tickFormat: (d: number) => (isLog && !few && !isTidy(d) ? "" : number(d)),
  };
}

function drawPoints(chart: MarkedChart, width: number, document: Document): Element {
  const isNarrow = width < NARROW;
  const isNames = chart.x.scale === "names";
  // Intervals of several series at one x would cover one another: they stand side by side, a few px apart.
  const isDodged = chart.series.length > 1 && chart.series.some((s) => s.points.some(hasInterval));
  const xs = [...new Set(chart.series.flatMap((s) => s.points.map((p) => p.x)))];
  const marks = chart.series.flatMap((series, i): Plot.Markish[] => {
    const dx = isDodged ? (i - (chart.series.length - 1) / 2) * DODGE : 0;
    const { colour, symbol, dash } = markIn(chart, i);
    const points = isNames
      ? [...series.points]
      : [...series.points].sort((a, b) => (a.x as number) - (b.x as number));
    return [
      ...(chart.mark === "line"
        ? [
            Plot.line(points, {
              x: "x",
              y: "y",
              dx,
              stroke: colour,
              strokeWidth: 1.6,
              ...(dash === undefined ? {} : { strokeDasharray: dash }),
            }),
          ]
        : []),
      Plot.ruleX(points.filter(hasInterval), {
        x: "x",
        y1: "low",
        y2: "high",
        dx,
        stroke: colour,
        strokeOpacity: 0.65,
      }),
      Plot.dot(points, {
        x: "x",
        y: "y",
        dx,
        fill: colour,
        stroke: "var(--sheet)",
        strokeWidth: 0.8,
        symbol,
        r: 4,
      }),
    ];
  });
  const height = isNarrow ? 270 : 340;
  // Where there is no room for the names of curves, the legend has them.
  const names = isNarrow ? [] : curveNames(chart, height);
  const room = widest(chart.references.flatMap((r) => (r.kind === "curve" ? [r.label] : [])));
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 52,
    marginRight: names.length > 0 ? room + 18 : 18,
    marginTop: TOP,
    marginBottom: BOTTOM,
    style: { fontSize: `${FONT}px` },
    x: {
      type: isNames ? "point" : chart.x.scale === "log" ? "log" : "linear",
      label: withUnit(chart.x),
      labelAnchor: "right",
      // What stands side by side stays inside the frame.
      inset: isDodged ? ((chart.series.length - 1) / 2) * DODGE + 4 : 0,
      ...xScale(chart, xs, isNarrow),
    },
    y: {
      type: chart.y.scale === "log" ? "log" : "linear",
      label: withUnit(chart.y),
      labelAnchor: "top",
      grid: true,
      ticks: 6,
      ...(chart.y.range ? { domain: chart.y.range } : { nice: true }),
      tickFormat: (d: number) => (chart.y.scale === "log" && !isTidy(d) ? "" : number(d)),
    },
    marks: [...references(chart), ...names, ...marks, tip(chart, { x: "x", y: "y" })],
  });
}

const isPowerOfTwo = (x: number): boolean => Number.isInteger(Math.log2(x));
/** 1, 2 or 5 times a power of ten: what a log axis writes out. */
const isTidy = (d: number): boolean => {
  const leading = d / 10 ** Math.floor(Math.log10(d) + 1e-9);
  return [1, 2, 5].some((n) => Math.abs(leading - n) < 1e-6);
};

/** Bars lie, so that names have room. */
function drawBars(chart: MarkedChart, width: number, document: Document): Element {
  const names = [...new Set(chart.series.flatMap((s) => s.points.map((p) => p.x as string)))];
  const labels = chart.series.map((s) => s.label);
  const rows = chart.series.flatMap((series, i) =>
    series.points.map((p) => ({ ...p, of: series.label, mark: markIn(chart, i) })),
  );
  const left = Math.min(widest(names) + 14, width * 0.4);
  return Plot.plot({
    document,
    width,
    height: 62 + names.length * (labels.length * BAR + 12),
    marginLeft: left,
    marginRight: 24,
    marginTop: 10,
    marginBottom: 42,
    style: { fontSize: `${FONT}px` },
    x: {
      type: chart.y.scale === "log" ? "log" : "linear",
      label: withUnit(chart.y),
      grid: true,
      ticks: width < NARROW ? 4 : 8,
      ...(chart.y.range ? { domain: chart.y.range } : { nice: true }),
    },
    y: { axis: null, domain: labels, padding: 0.18 },
    fy: { label: null, domain: names, padding: 0.12 },
    marks: [
      Plot.axisFy({
        anchor: "left",
        label: null,
        tickSize: 0,
        textAnchor: "end",
        dx: 0,
        fontSize: FONT,
        // Short of the margin, so that no line is cut at the frame.
        lineWidth: (left - 18) / FONT,
      }),
      Plot.barX(rows, {
        fy: "x",
        y: "of",
        x: "y",
        fill: (d: (typeof rows)[number]) => d.mark.colour,
        fillOpacity: 0.8,
      }),
      Plot.ruleY(rows.filter(hasInterval), { fy: "x", y: "of", x1: "low", x2: "high", stroke: "var(--ink)" }),
      Plot.dot(rows, {
        fy: "x",
        y: "of",
        x: "y",
        fill: (d: (typeof rows)[number]) => d.mark.colour,
        stroke: "var(--sheet)",
        symbol: (d: (typeof rows)[number]) => d.mark.symbol,
        r: 4,
      }),
      Plot.ruleX([chart.y.scale === "log" ? (chart.y.range?.[0] ?? 1) : 0], { stroke: "var(--rule-strong)" }),
      ...chart.references
        .filter((r) => r.kind === "y")
        .flatMap((r) => [Plot.ruleX([r.value], { stroke: "var(--ink-soft)", strokeDasharray: "1 3" })]),
      tip(chart, { fy: "x", y: "of", x: "y" }),
    ],
    // Colours and shapes are given, not mapped.
    color: { type: "identity" },
    symbol: { type: "identity" } as unknown as Plot.ScaleOptions,
  });
}

/** The chart's svg, `width` px wide; colours and faces are the page's variables. */
export function drawChart(chart: MarkedChart, width: number, document: Document): Element {
  return chart.mark === "bars" ? drawBars(chart, width, document) : drawPoints(chart, width, document);
}
