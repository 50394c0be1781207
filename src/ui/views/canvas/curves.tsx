/** Numbers over the steps: how sure the model is, what decides, what was committed, what was computed. */
import { max, min, ticks } from "d3-array";
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { RunView } from "../../../trace/view";
import { count } from "../../format";
import type { DrawingProps, ViewDefinition } from "../view";
import { CURVES_HEAD } from "./heads";
import { layersOf, type Panel, panelsOf } from "./panels";
import { gapName, type StepNumbers, stepNumbers } from "./series";

const EDGE = 24;
const PANEL = 172;
const PLOT = { top: 40, bottom: 30, left: 44, right: 10 };
/** Two columns of panels from this width on. */
const WIDE = 620;

interface PanelProps {
  readonly panel: Panel;
  readonly numbers: readonly StepNumbers[];
  /** Of the horizontal axis. */
  readonly steps: number;
  readonly step: number;
  readonly width: number;
}

const f = (v: number): string => v.toFixed(1);

function PanelDrawing({ panel, numbers, steps, step, width }: PanelProps) {
  const values = numbers.flatMap((n) => [
    ...panel.lines.map((l) => l.of(n) ?? 0),
    panel.bars ? panel.bars(n) : 0,
  ]);
  const top = panel.most ?? Math.max(panel.least, max(values) ?? 0);
  const bottom = Math.min(0, min(values) ?? 0);
  const x = scaleLinear([0, steps], [PLOT.left, width - PLOT.right]);
  const y = scaleLinear([bottom, top], [PANEL - PLOT.bottom, PLOT.top]);
  if (panel.most === undefined) y.nice(3);
  const middle = (n: StepNumbers): number => x(n.step + 0.5);
  const bar = Math.max(0.8, (x(1) - x(0)) * 0.66);
  const dot = Math.min(4.5, Math.max(2.4, bar));
  return (
    <g>
      <text y={12} x={0} fontSize={13} fontWeight={620} fill="var(--ink)">
        {panel.title}
      </text>
      <text y={27} x={0} fontSize={11} fill="var(--ink-soft)">
        {panel.unit}
      </text>
      <g fontSize={10.5} fill="var(--ink-soft)" className="figures">
        {y.ticks(3).map((t) => (
          <g key={t} transform={`translate(0,${f(y(t))})`}>
            <path d={`M${PLOT.left},0H${f(width - PLOT.right)}`} stroke="var(--rule)" />
            <text x={PLOT.left - 6} y={3.5} textAnchor="end">
              {top - bottom > 10 ? count(t) : String(t)}
            </text>
          </g>
        ))}
        {ticks(1, steps, Math.max(2, width / 90))
          .filter(Number.isInteger)
          .map((t) => (
            <text key={t} x={f(x(t - 0.5))} y={PANEL - PLOT.bottom + 14} textAnchor="middle">
              {t}
            </text>
          ))}
        <text x={f(width - PLOT.right)} y={PANEL - 2} textAnchor="end">
          step
        </text>
      </g>
      {step >= 0 && (
        <path
          d={`M${f(x(step + 0.5))},${PLOT.top - 6}V${PANEL - PLOT.bottom}`}
          stroke="var(--rule-strong)"
          strokeWidth={Math.max(1.4, bar)}
          opacity={0.55}
        />
      )}
      {panel.bars &&
        numbers.map((n) => {
          const value = panel.bars!(n);
          return value === 0 ? null : (
            <rect
              key={n.step}
              x={f(middle(n) - bar / 2)}
              y={f(y(value))}
              width={f(bar)}
              height={f(y(0) - y(value))}
              fill={n.step === step ? "var(--ink)" : "var(--idle)"}
              opacity={n.step > step ? 0.4 : 0.85}
            />
          );
        })}
      {panel.lines.map((l) => {
        const path = line<StepNumbers>(middle, (n) => y(l.of(n) ?? 0)).defined((n) => l.of(n) !== null);
        const steady = line<readonly [number, number]>(
          ([at]) => at,
          ([, value]) => y(value),
        );
        const d = l.isStaircase
          ? steady(
              numbers.flatMap((n) => {
                const value = l.of(n);
                return value === null ? [] : [[x(n.step), value] as const, [x(n.step + 1), value] as const];
              }),
            )
          : path(numbers);
        // A line of no length with round ends is a dot.
        const dots = numbers
          .flatMap((n) => (l.of(n) === null ? [] : [`M${f(middle(n))},${f(y(l.of(n)!))}h0`]))
          .join("");
        // A staircase and the line that meets it end at one place: its name stands where it begins.
        const isFirst = l.isStaircase === true;
        const last = isFirst
          ? numbers.find((n) => l.of(n) !== null)
          : numbers.findLast((n) => l.of(n) !== null);
        return (
          <g key={l.name}>
            <path d={d ?? ""} fill="none" stroke={l.stroke} strokeWidth={1.7} strokeDasharray={l.dashes} />
            {l.isOfPasses && <path d={dots} stroke={l.stroke} strokeWidth={dot} strokeLinecap="round" />}
            {last && panel.lines.length + (panel.bars ? 1 : 0) > 1 && (
              <text
                x={f(Math.min(middle(last) + 4, width - PLOT.right))}
                y={f(y(l.of(last) ?? 0) - 5)}
                textAnchor={middle(last) > width - 60 ? "end" : "start"}
                fontSize={11}
                fill={l.stroke}
              >
                {l.name}
              </text>
            )}
          </g>
        );
      })}
      <path d={`M${PLOT.left},${f(y(0))}H${f(width - PLOT.right)}`} stroke="var(--rule-strong)" />
    </g>
  );
}

/** What the shown step has in each panel, for people who cannot see the curves. */
export function describeNumbers(n: StepNumbers | undefined, view: RunView): string {
  if (!n) return "no step yet";
  const words = [`step ${n.step + 1}`];
  if (n.confidence !== null) words.push(`mean confidence ${n.confidence.toFixed(2)}`);
  if (n.stop) words.push(`${gapName(view)} gap ${n.stop.gap.toFixed(2)}, bar ${n.stop.bar.toFixed(2)}`);
  else if (n.gap !== null) words.push(`mean gap ${n.gap.toFixed(2)}`);
  for (const [name, values] of n.probes)
    words.push(
      `${name} ${Object.entries(values)
        .map(([key, value]) => `${key} ${value.toFixed(2)}`)
        .join(", ")}`,
    );
  words.push(
    `${count(n.committed)} committed, ${count(n.total)} in all`,
    `${count(n.rows * layersOf(view))} row-layers`,
  );
  return words.join("; ");
}

function CurvesDrawing({ view, step, size }: DrawingProps) {
  const numbers = stepNumbers(view);
  const columns = size.width >= WIDE ? 2 : 1;
  const width = (size.width - 2 * EDGE - (columns - 1) * 28) / columns;
  const steps = Math.max(1, view.canvas?.start.planned ?? 0, view.rounds.length);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="img"
      aria-label={`Numbers over the steps; ${describeNumbers(numbers[step], view)}`}
      fontFamily="var(--sans)"
    >
      {panelsOf(view, numbers).map((panel, i) => (
        <g
          key={panel.title}
          transform={`translate(${EDGE + (i % columns) * (width + 28)},${12 + Math.floor(i / columns) * (PANEL + 16)})`}
        >
          <PanelDrawing panel={panel} numbers={numbers} steps={steps} step={step} width={width} />
        </g>
      ))}
    </svg>
  );
}

export const curvesView: ViewDefinition = {
  ...CURVES_HEAD,
  Drawing: CurvesDrawing,
  heightAt: (view, _step, width) =>
    12 + Math.ceil(panelsOf(view, stepNumbers(view)).length / (width >= WIDE ? 2 : 1)) * (PANEL + 16),
};
