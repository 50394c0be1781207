/** The signal of one position over its recurrences, with the value at which it stops. */
import type { Ladder } from "./ladder";
import { levelOf } from "./signals";

const HEIGHT = 96;
const [LEFT, RIGHT, TOP, BOTTOM] = [38, 8, 8, 20];

export function SignalCurve({ ladder, width }: { readonly ladder: Ladder; readonly width: number }) {
  const { rungs, most, scale, threshold } = ladder;
  const columns = Math.max(2, most);
  const x = (r: number): number => LEFT + ((r - 1) / (columns - 1)) * (width - LEFT - RIGHT);
  const y = (v: number): number => TOP + (1 - levelOf(scale, v)) * (HEIGHT - TOP - BOTTOM);
  const points = rungs.flatMap(({ recurrences, value }) =>
    value === null ? [] : [`${x(recurrences).toFixed(1)},${y(value).toFixed(1)}`],
  );
  const every = Math.ceil(columns / 8);
  return (
    <svg
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={`${scale.label} over ${rungs.length} recurrences`}
      fontFamily="var(--sans)"
    >
      <g fontSize={10} fill="var(--ink-soft)" className="figures">
        {scale.stops.map((stop) => (
          <g key={stop}>
            <path d={`M${LEFT},${y(stop).toFixed(1)}H${width - RIGHT}`} stroke="var(--rule)" />
            <text x={LEFT - 6} y={y(stop) + 3.5} textAnchor="end">
              {stop}
            </text>
          </g>
        ))}
        {Array.from({ length: columns }, (_, i) => i + 1)
          .filter((r) => r % every === 0 || r === 1)
          .map((r) => (
            <text key={r} x={x(r).toFixed(1)} y={HEIGHT - 5} textAnchor="middle">
              {r}
            </text>
          ))}
      </g>
      {threshold !== null && (
        <path
          d={`M${LEFT},${y(threshold).toFixed(1)}H${width - RIGHT}`}
          stroke="var(--accepted)"
          strokeWidth={1.2}
          strokeDasharray="4 3"
        />
      )}
      <path
        d={points.length > 1 ? `M${points.join("L")}` : ""}
        fill="none"
        stroke="var(--ink)"
        strokeWidth={1.4}
      />
      {points.map((point) => (
        <circle key={point} cx={point.split(",")[0]} cy={point.split(",")[1]} r={2.6} fill="var(--ink)" />
      ))}
    </svg>
  );
}
