/** How sure the model was of one position over the steps, as a small curve for the inspector. */
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { InspectedPosition, Past } from "../../inspect_position";
import { REASON_SHAPE, shapePath } from "./signs";

const HEIGHT = 92;
const PLOT = { top: 10, bottom: 22, left: 30, right: 8 };

interface HistoryProps {
  readonly inspected: InspectedPosition;
  /** Steps of the run, for the horizontal axis. */
  readonly steps: number;
  readonly width: number;
}

export function History({ inspected, steps, width }: HistoryProps) {
  const { past, favourites, commit, step } = inspected;
  const x = scaleLinear([0, Math.max(1, steps - 1)], [PLOT.left, width - PLOT.right]);
  const y = scaleLinear([0, 1], [HEIGHT - PLOT.bottom, PLOT.top]);
  const path = line<Past>(
    (o) => x(o.step),
    (o) => y(o.p),
  );
  const f = (v: number): string => v.toFixed(1);
  const last = past.at(-1);
  return (
    <svg
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={`Probability of the most likely token over ${past.length} steps${last ? `, at last ${last.p.toFixed(2)}` : ""}`}
    >
      <g fontSize={10} fill="var(--ink-soft)" className="figures">
        {[0, 0.5, 1].map((t) => (
          <g key={t} transform={`translate(0,${f(y(t))})`}>
            <path d={`M${PLOT.left},0H${width - PLOT.right}`} stroke="var(--rule)" />
            <text x={PLOT.left - 5} y={3.5} textAnchor="end">
              {t}
            </text>
          </g>
        ))}
        <text x={PLOT.left} y={HEIGHT - 7}>
          step 1
        </text>
        <text x={width - PLOT.right} y={HEIGHT - 7} textAnchor="end">
          {steps}
        </text>
      </g>
      <path
        d={`M${f(x(Math.max(0, step)))},${PLOT.top - 4}V${HEIGHT - PLOT.bottom}`}
        stroke="var(--rule-strong)"
      />
      <path d={path(past) ?? ""} fill="none" stroke="var(--ink)" strokeWidth={1.6} />
      {past.length === 1 && <circle cx={x(past[0]!.step)} cy={y(past[0]!.p)} r={2} fill="var(--ink)" />}
      {favourites.slice(1).map((run) => {
        const first = past.find((o) => o.step === run.from);
        return first ? (
          <circle
            key={run.from}
            cx={x(first.step)}
            cy={y(first.p)}
            r={2.6}
            fill="var(--paper)"
            stroke="var(--ink)"
            strokeWidth={1.3}
          />
        ) : null;
      })}
      {commit && commit.reason !== "end_fill" && (
        <path
          d={`M${f(x(commit.step))},${f(y(commit.p))}${shapePath(REASON_SHAPE[commit.reason], 4.2)}`}
          fill="var(--accepted)"
        />
      )}
    </svg>
  );
}
