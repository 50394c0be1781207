/** What a round costs over its rows, as measured, and where the run stands: above the line the tree pays. */
import { scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import type { Pays } from "../pays";
import type { PassTime } from "../../worker/api";
import { ratio } from "../format";

const WIDTH = 290;
const HEIGHT = 168;
const MARGIN = { top: 20, right: 12, bottom: 34, left: 34 };

export function CostCurve({ pays, target }: { readonly pays: Pays; readonly target: readonly PassTime[] }) {
  const plain = target[0]!.ms;
  const { N, L, d } = pays;
  const points = target.map((t) => ({ rows: t.rows, cost: t.ms / plain + d }));
  const most = Math.max(points.at(-1)!.rows, N);
  const x = scaleLog([1, Math.max(2, most)], [MARGIN.left, WIDTH - MARGIN.right]).base(2);
  const top = Math.max(L, ...points.filter((p) => p.rows <= 2 * N).map((p) => p.cost)) * 1.15;
  const y = scaleLinear([0, top], [HEIGHT - MARGIN.bottom, MARGIN.top])
    .nice(4)
    .clamp(true);
  const path = line<{ rows: number; cost: number }>(
    (p) => x(p.rows),
    (p) => y(p.cost),
  )(points);
  const area = `${path ?? ""}V${MARGIN.top}H${x(1)}Z`;
  const isRight = x(N) > WIDTH - 96;
  return (
    <svg
      className="cost-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Cost of a round in passes of one row: ${points.map((p) => `${p.rows} rows ${ratio(p.cost)}`).join(", ")}. This run: ${ratio(L)} tokens at ${ratio(N, 1)} rows, cost ${ratio(pays.c + d)}`}
    >
      <path d={area} fill="var(--accepted)" opacity={0.08} />
      {y.ticks(4).map((t) => (
        <g key={t} transform={`translate(0,${y(t)})`}>
          <path d={`M${MARGIN.left},0H${WIDTH - MARGIN.right}`} stroke="var(--rule)" />
          <text x={MARGIN.left - 5} y={3} textAnchor="end" fontSize={9.5} fill="var(--ink-soft)">
            {t}
          </text>
        </g>
      ))}
      {points.map((p) => (
        <g key={p.rows}>
          <text
            x={x(p.rows)}
            y={HEIGHT - MARGIN.bottom + 13}
            textAnchor="middle"
            fontSize={9.5}
            fill="var(--ink-soft)"
          >
            {p.rows}
          </text>
          {p.cost <= y.domain()[1]! && (
            <circle cx={x(p.rows)} cy={y(p.cost)} r={2.6} fill="var(--ink-soft)" />
          )}
        </g>
      ))}
      <path d={path ?? ""} fill="none" stroke="var(--ink-soft)" strokeWidth={1.6} />
      <path
        d={`M${x(N)},${y(L)}V${y(pays.c + d)}`}
        stroke="var(--accepted)"
        strokeWidth={1.4}
        strokeDasharray="3 2"
      />
      <circle
        cx={x(N)}
        cy={y(pays.c + d)}
        r={3.4}
        fill="var(--sheet)"
        stroke="var(--ink)"
        strokeWidth={1.4}
      />
      <path d={`M${x(N) - 5},${y(L)}l5,-5l5,5l-5,5z`} fill="var(--accepted)" />
      <text
        x={x(N) + (isRight ? -9 : 9)}
        y={y(L) + 3.5}
        textAnchor={isRight ? "end" : "start"}
        fontSize={10}
        fill="var(--ink)"
      >
        L {ratio(L)}
      </text>
      <text x={0} y={10} fontSize={9.5} fill="var(--ink-soft)">
        c(N) + d, in passes of one row; L, in tokens
      </text>
      <text x={WIDTH - MARGIN.right} y={HEIGHT - 5} textAnchor="end" fontSize={9.5} fill="var(--ink-soft)">
        rows through the target, N
      </text>
    </svg>
  );
}
