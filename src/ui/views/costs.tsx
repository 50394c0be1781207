/** What each step took: time and committed tokens by round, and GPU time by kernel. */
import { max, sum, ticks } from "d3-array";
import { scaleLinear } from "d3-scale";
import { count, duration, percent } from "../format";
import { COSTS_HEAD } from "./heads";
import { textWidth, wrapText } from "./text_width";
import type { DrawingProps, ViewDefinition } from "./view";

const EDGE = 24;
const ROW = 24;
const CHART = 150;
/** What the axis says, the longest first: as much as there is room for. */
const STEPS = [
  "Steps, by the clock; the first runs from when the prompt had been read",
  "Steps; the first from when the prompt was read",
  "Steps",
];
const NARROW = 560;
const NO_KERNELS =
  "No kernel times: this run did not measure them, or its device cannot. Switch on Kernel times and run again.";

function RoundTimes({ view, step, width }: { view: DrawingProps["view"]; step: number; width: number }) {
  const rounds = view.rounds.slice(0, step + 1);
  // A round's own events may all come at its end, so its time runs from the end of what came before it.
  const times = rounds.map((r, i) => r.endMs - (rounds[i - 1]?.endMs ?? view.readyMs));
  const y = scaleLinear([0, max(times) || 1], [CHART - 24, 34]).nice(3);
  const room = width - 52;
  const bar = Math.min(22, room / Math.max(1, rounds.length));
  return (
    <g>
      <text y={14} fontSize={13} fontWeight={620} fill="var(--ink)">
        Time of each step
      </text>
      {y.ticks(3).map((t) => (
        <g key={t} transform={`translate(0,${y(t)})`}>
          <path d={`M48,0H${width}`} stroke="var(--rule)" />
          <text x={42} y={3.5} textAnchor="end" fontSize={10.5} fill="var(--ink-soft)" className="figures">
            {t === 0 ? "0" : duration(t)}
          </text>
        </g>
      ))}
      {times.map((ms, i) => (
        <rect
          key={i}
          role="img"
          aria-label={`Step ${i + 1}: ${duration(ms)}`}
          x={50 + i * bar + bar * 0.14}
          y={y(ms)}
          width={bar * 0.72}
          height={Math.max(0.5, y(0) - y(ms))}
          fill={i === step ? "var(--ink)" : "var(--idle)"}
        />
      ))}
      <path d={`M48,${y(0)}H${width}`} stroke="var(--rule-strong)" />
      <g fontSize={10.5} fill="var(--ink-soft)" className="figures" textAnchor="middle">
        {ticks(1, rounds.length, Math.max(2, (rounds.length * bar) / 60))
          .filter(Number.isInteger)
          .map((t) => (
            <text key={t} x={50 + (t - 0.5) * bar} y={CHART - 10}>
              {t}
            </text>
          ))}
      </g>
      <text x={48} y={CHART + 6} fontSize={11} fill="var(--ink-soft)">
        {STEPS.find((words) => textWidth(words, 11) <= room) ?? STEPS.at(-1)}
      </text>
    </g>
  );
}

function Kernels({ view, width }: { readonly view: DrawingProps["view"]; readonly width: number }) {
  const kernels = [...view.metrics.kernels].sort((a, b) => b.timeMs - a.timeMs);
  const total = sum(kernels, (k) => k.timeMs);
  const nameWidth = width < 460 ? 120 : 200;
  const barWidth = Math.max(40, width - nameWidth - 190);
  const x = scaleLinear([0, kernels[0]?.timeMs || 1], [0, barWidth]);
  return (
    <g fontSize={12}>
      <text y={14} fontSize={13} fontWeight={620} fill="var(--ink)">
        GPU time by kernel
      </text>
      {kernels.length === 0 &&
        wrapText(NO_KERNELS, width, 13).map((line, i) => (
          <text key={line} y={40 + i * 18} fontSize={13} fill="var(--ink-soft)">
            {line}
          </text>
        ))}
      {kernels.map((k, i) => (
        <g key={k.name} transform={`translate(0,${30 + i * ROW})`}>
          <text y={13} fill="var(--ink)">
            {k.name}
          </text>
          <rect x={nameWidth} y={3} width={Math.max(1, x(k.timeMs))} height={12} fill="var(--target)" />
          <g className="figures" textAnchor="end" fill="var(--ink-soft)">
            <text x={width - 112} y={13}>{`${count(k.calls)}\u00d7`}</text>
            <text x={width - 46} y={13} fill="var(--ink)">
              {duration(k.timeMs)}
            </text>
            <text x={width} y={13}>
              {percent(k.timeMs / total)}
            </text>
          </g>
        </g>
      ))}
    </g>
  );
}

function CostsDrawing({ view, step, size }: DrawingProps) {
  const width = size.width - 2 * EDGE;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label="Time by step and by kernel"
      fontFamily="var(--sans)"
    >
      <g transform={`translate(${EDGE},${EDGE - 6})`}>
        <RoundTimes view={view} step={step} width={Math.min(width, size.width < NARROW ? width : 760)} />
      </g>
      <g transform={`translate(${EDGE},${EDGE + CHART + 16})`}>
        <Kernels view={view} width={Math.min(width, 760)} />
      </g>
    </svg>
  );
}

export const costsView: ViewDefinition = {
  ...COSTS_HEAD,
  Drawing: CostsDrawing,
  heightAt: (view) => EDGE + CHART + 16 + 40 + Math.max(1, view.metrics.kernels.length) * ROW + EDGE,
};
