/** Acceptance by depth and by sibling: how many drafts were tested and how many passed, against what was expected. */
import { max } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";
import { acceptanceOfTested, expectedAcceptance, type Acceptance } from "../../trace/metrics";
import { percent } from "../format";
import { ACCEPTANCE_HEAD } from "./heads";
import type { DrawingProps, ViewDefinition } from "./view";

interface ChartProps {
  readonly title: string;
  readonly axis: string;
  readonly classes: readonly Acceptance[];
  /** Name of class k under its bar. */
  readonly nameOf: (k: number) => string;
  readonly width: number;
  readonly height: number;
}

const MARGIN = { top: 62, right: 8, bottom: 52, left: 40 };

/** Room a bar needs for "12 of 34" below it, and for "100 %" above it, in px. */
const ROOM = { counts: 48, fraction: 34, rate: 36 };

function Chart({ title, axis, classes: all, nameOf, width, height }: ChartProps) {
  // Classes behind the last one that was tested hold nothing and would take the others' room.
  const lastTested = all.findLastIndex(({ tested }) => tested > 0);
  const classes = all.slice(0, Math.max(1, lastTested + 1));
  const untested =
    classes.length === all.length
      ? ""
      : classes.length + 1 === all.length
        ? `; ${nameOf(all.length - 1)} was not tested`
        : `; ${nameOf(classes.length)} to ${nameOf(all.length - 1)} were not tested`;
  const most = max(classes, (c) => c.tested) ?? 0;
  const y = scaleLinear([0, Math.max(1, most)], [height - MARGIN.bottom, MARGIN.top]).nice(4);
  const x = scaleBand(
    classes.map((_, k) => k),
    [MARGIN.left, Math.min(width - MARGIN.right, MARGIN.left + classes.length * 84)],
  ).padding(0.34);
  const ticks = y.ticks(4).filter(Number.isInteger);
  return (
    <g>
      <text x={0} y={14} fontSize={13} fontWeight={620} fill="var(--ink)">
        {title}
      </text>
      {ticks.map((t) => (
        <g key={t} transform={`translate(0,${y(t)})`}>
          <path d={`M${MARGIN.left},0H${width - MARGIN.right}`} stroke="var(--rule)" />
          <text
            x={MARGIN.left - 8}
            y={3.5}
            textAnchor="end"
            fontSize={10.5}
            fill="var(--ink-soft)"
            className="figures"
          >
            {t}
          </text>
        </g>
      ))}
      {classes.map((c, k) => {
        const left = x(k)!;
        const rate = acceptanceOfTested(c);
        const expected = expectedAcceptance(c);
        return (
          <g
            key={k}
            role="img"
            aria-label={`${nameOf(k)}: ${c.accepted} of ${c.tested} tested drafts accepted`}
          >
            <rect
              x={left + 0.75}
              y={y(c.tested)}
              width={x.bandwidth() - 1.5}
              height={y(0) - y(c.tested)}
              fill="none"
              stroke="var(--idle)"
              strokeWidth={1.5}
            />
            <rect
              x={left}
              y={y(c.accepted)}
              width={x.bandwidth()}
              height={y(0) - y(c.accepted)}
              fill="var(--accepted)"
            />
            {expected !== null && (
              <path
                d={`M${left - 5},${y(c.expected)}H${left + x.bandwidth() + 5}`}
                stroke="var(--ink)"
                strokeWidth={1.6}
                strokeDasharray="3 2"
              />
            )}
            {rate !== null && (
              <text
                x={left + x.bandwidth() / 2}
                y={y(c.tested) - 7}
                textAnchor="middle"
                fontSize={x.step() < ROOM.rate ? 9.5 : 12}
                fontWeight={560}
                fill="var(--ink)"
                className="figures"
              >
                {percent(rate)}
              </text>
            )}
            <text
              x={left + x.bandwidth() / 2}
              y={height - MARGIN.bottom + 16}
              textAnchor="middle"
              fontSize={11}
              fill="var(--ink-soft)"
              className="figures"
            >
              {nameOf(k)}
            </text>
            <text
              x={left + x.bandwidth() / 2}
              y={height - MARGIN.bottom + 29}
              textAnchor="middle"
              fontSize={10.5}
              fill="var(--ink-soft)"
              className="figures"
            >
              {x.step() >= ROOM.counts
                ? `${c.accepted} of ${c.tested}`
                : x.step() >= ROOM.fraction && `${c.accepted}/${c.tested}`}
            </text>
          </g>
        );
      })}
      <path d={`M${MARGIN.left},${y(0)}H${width - MARGIN.right}`} stroke="var(--rule-strong)" />
      <text x={MARGIN.left} y={height - 6} fontSize={11} fill="var(--ink-soft)">
        {axis + untested}
      </text>
      <text x={0} y={34} fontSize={11} fill="var(--ink-soft)">
        drafted tokens
      </text>
    </g>
  );
}

const isNarrow = (width: number): boolean => width < 620;
const EDGE = 24;

function Key({ y }: { readonly y: number }) {
  return (
    <g fontSize={11.5} fill="var(--ink-soft)" transform={`translate(${EDGE},${y})`}>
      <rect x={0} y={-9} width={10} height={10} fill="var(--accepted)" />
      <text x={16}>accepted</text>
      <rect x={84.75} y={-8.25} width={8.5} height={8.5} fill="none" stroke="var(--idle)" strokeWidth={1.5} />
      <text x={100}>tested</text>
      <path d="M154,-4h16" stroke="var(--ink)" strokeWidth={1.6} strokeDasharray="3 2" />
      <text x={176}>expected</text>
    </g>
  );
}

function AcceptanceDrawing({ view, size }: DrawingProps) {
  const { byDepth, bySibling } = view.metrics;
  const stacked = isNarrow(size.width);
  const half = stacked ? size.width - 2 * EDGE : (size.width - 3 * EDGE) / 2;
  const height = stacked ? (size.height - 60) / 2 : size.height - 52;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label="Acceptance of drafted tokens"
      fontFamily="var(--sans)"
    >
      {byDepth.length === 0 ? (
        <text x={EDGE} y={40} fontSize={13} fill="var(--ink-soft)">
          No draft has been tested up to this step.
        </text>
      ) : (
        <>
          <Key y={24} />
          <g transform={`translate(${EDGE},46)`}>
            <Chart
              title="By depth"
              axis="Depth in the tree"
              classes={byDepth}
              nameOf={(k) => String(k + 1)}
              width={half}
              height={height}
            />
          </g>
          <g transform={stacked ? `translate(${EDGE},${46 + height})` : `translate(${2 * EDGE + half},46)`}>
            <Chart
              title="By test order"
              axis="Place among siblings, in test order"
              classes={bySibling}
              nameOf={(k) => String(k + 1)}
              width={half}
              height={height}
            />
          </g>
        </>
      )}
    </svg>
  );
}

export const acceptanceView: ViewDefinition = {
  ...ACCEPTANCE_HEAD,
  Drawing: AcceptanceDrawing,
  // As high as its frame, so that the axes are always in sight; lower than this nothing could be read.
  heightAt: (_view, _step, width, room) =>
    isNarrow(width) ? 620 : Math.min(420, Math.max(240, room ?? 372)),
};
