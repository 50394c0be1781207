/** Every step and every position at once: a number as a strength of ink, commits by shape, blocks, the shown step. */
import { ticks } from "d3-array";
import { memo, type MouseEvent } from "react";
import type { RunView } from "../../../trace/view";
import { truncate } from "../../format";
import { tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { MAP_HEAD } from "./heads";
import { canvasRounds } from "./cells";
import { type Channel, channelOf, scaleEnd } from "./channels";
import { positionAfterKey } from "./keys";
import { type CommitShape, REASON_SHAPE, SHAPE_NAME, shapePath } from "./signs";

const LEFT = 52;
const RIGHT = 16;
const TOP = 66;
const TOKENS = 62;
const LEVELS = 8;
/** Narrowest column with its token written under it, in px. */
const READABLE = 10;

type Rounds = ReturnType<typeof canvasRounds>;

interface Plot {
  readonly positions: number;
  readonly steps: number;
  readonly width: number;
  readonly height: number;
  /** Of one cell. */
  readonly dx: number;
  readonly dy: number;
}

/** Rows the map has: the planned steps, more if the run took more, and where nothing was planned a few to grow into. */
function stepsOf(view: RunView): number {
  const planned = view.canvas?.start.planned ?? null;
  const made = view.rounds.length;
  return Math.max(1, planned === null ? Math.ceil(made / 8) * 8 : Math.max(planned, made));
}

export function plotOf(view: RunView, width: number): Plot {
  const positions = Math.max(1, view.canvas?.cells.length ?? 0);
  const steps = stepsOf(view);
  const room = Math.max(60, width - LEFT - RIGHT);
  const dx = Math.min(22, room / positions);
  const dy = Math.max(3, Math.min(15, 400 / steps));
  return { positions, steps, width: dx * positions, height: dy * steps, dx, dy };
}

const f = (v: number): string => v.toFixed(1);
const opacityOf = (level: number): number => Number((0.05 + (0.87 * level) / (LEVELS - 1)).toFixed(2));

/** One path for each shade, neighbours of one shade joined: a map of 256 by 256 stays a few paths. */
function shades(rounds: Rounds, channel: Channel, end: number, { dx, dy, positions }: Plot): string[] {
  const paths: string[] = Array.from({ length: LEVELS }, () => "");
  for (const { step, canvas } of rounds) {
    let from = 0;
    let level = -1;
    const close = (to: number): void => {
      if (level >= 0)
        paths[level] =
          `${paths[level] ?? ""}M${f(from * dx)},${f(step * dy)}h${f((to - from) * dx)}v${f(dy)}h${f((from - to) * dx)}Z`;
    };
    for (let p = 0; p < positions; p++) {
      const value = channel.value(canvas, step, p);
      const next = value === null ? -1 : Math.min(LEVELS - 1, Math.floor((value / end) * LEVELS));
      if (next === level) continue;
      close(p);
      [from, level] = [p, next];
    }
    close(positions);
  }
  return paths;
}

/** Where tokens stand already, as one path. */
function settled(rounds: Rounds, { dx, dy }: Plot): string {
  let d = "";
  for (const { step, canvas } of rounds) {
    let from: number | null = null;
    const { cells } = canvas;
    for (let p = 0; p <= cells.length; p++) {
      const cell = cells[p];
      const isToken = cell !== undefined && (cell.status === "fixed" || (cell.step ?? step) < step);
      if (isToken && from === null) from = p;
      if (isToken || from === null) continue;
      d += `M${f(from * dx)},${f(step * dy)}h${f((p - from) * dx)}v${f(dy)}h${f((from - p) * dx)}Z`;
      from = null;
    }
  }
  return d;
}

/** Edges of the blocks at work, equal ones of neighbouring steps joined. */
function blockEdges(rounds: Rounds, { dx, dy }: Plot): string {
  let d = "";
  let open: { block: readonly [number, number]; from: number } | null = null;
  const close = (to: number): void => {
    if (!open) return;
    for (const x of open.block) d += `M${f(x * dx)},${f(open.from * dy)}V${f(to * dy)}`;
  };
  for (const { step, canvas } of rounds) {
    const block = canvas.denoise?.block;
    if (!block || (open && open.block[0] === block[0] && open.block[1] === block[1])) continue;
    close(step);
    open = { block, from: step };
  }
  const last = rounds.at(-1);
  if (last) close(last.step + 1);
  return d;
}

function commitMarks(rounds: Rounds, { dx, dy }: Plot): { shapes: Map<CommitShape, string>; back: string } {
  const r = Math.max(0.9, Math.min(4, 0.34 * Math.min(dx, dy)));
  const shapes = new Map<CommitShape, string>();
  let back = "";
  const at = (position: number, step: number): string =>
    `M${f((position + 0.5) * dx)},${f((step + 0.5) * dy)}`;
  for (const { step, canvas } of rounds) {
    for (const { positions, reason } of canvas.unmasked) {
      const shape = REASON_SHAPE[reason];
      const d = positions.map((p) => at(p, step) + shapePath(shape, r)).join("");
      shapes.set(shape, (shapes.get(shape) ?? "") + d);
    }
    const c = f(r * 0.9);
    const cc = f(r * 1.8);
    for (const p of canvas.remasked.flatMap((e) => e.positions))
      back += `${at(p, step)}m-${c},-${c}l${cc},${cc}m0,-${cc}l-${cc},${cc}`;
  }
  return { shapes, back };
}

interface HeatProps {
  readonly rounds: Rounds;
  readonly channel: Channel;
  readonly end: number;
  readonly plot: Plot;
}

const Heat = memo(
  function Heat({ rounds, channel, end, plot }: HeatProps) {
    const { shapes, back } = commitMarks(rounds, plot);
    return (
      <>
        <path d={settled(rounds, plot)} fill="var(--wash)" />
        {shades(rounds, channel, end, plot).map((d, level) =>
          d === "" ? null : <path key={level} d={d} fill="var(--ink)" opacity={opacityOf(level)} />,
        )}
        <path d={blockEdges(rounds, plot)} fill="none" stroke="var(--ink-soft)" strokeWidth={1.1} />
        {[...shapes].map(([shape, d]) => (
          <path key={shape} d={d} fill="var(--accepted)" stroke="var(--sheet)" strokeWidth={0.7} />
        ))}
        {back !== "" && <path d={back} fill="none" stroke="var(--rejected)" strokeWidth={1.5} />}
      </>
    );
  },
  // The newest round is another object whenever anything was added to it.
  (a, b) =>
    a.rounds.length === b.rounds.length &&
    a.rounds.at(-1)?.canvas === b.rounds.at(-1)?.canvas &&
    a.rounds[0]?.canvas === b.rounds[0]?.canvas &&
    a.channel === b.channel &&
    a.end === b.end &&
    a.plot.dx === b.plot.dx &&
    a.plot.dy === b.plot.dy &&
    a.plot.positions === b.plot.positions,
);

function Scale({ channel, end, shapes }: { channel: Channel; end: number; shapes: readonly CommitShape[] }) {
  const box = 13;
  const width = LEVELS * box;
  return (
    <g fontSize={10.5} fill="var(--ink-soft)" className="figures">
      <text y={9} fill="var(--ink)">
        {channel.unit}
      </text>
      {Array.from({ length: LEVELS }, (_, level) => (
        <rect
          key={level}
          x={level * box}
          y={14}
          width={box}
          height={8}
          fill="var(--ink)"
          opacity={opacityOf(level)}
        />
      ))}
      <text x={width + 6} y={22}>{`0 to ${channel.format(end)}`}</text>
      {shapes.map((shape, i) => (
        <g key={shape} transform={`translate(${width + 78 + i * 172},18)`}>
          <path d={`M0,0${shapePath(shape, 3.4)}`} fill="var(--accepted)" />
          <text x={9} y={4}>
            {SHAPE_NAME[shape]}
          </text>
        </g>
      ))}
    </g>
  );
}

/** What the model thought of a position in a step, for people who cannot see the shade. */
export function describePoint(view: RunView, step: number, position: number, channel: Channel): string {
  const round = view.rounds.toArray().find((r) => r.step === step)?.canvas;
  const value = round ? channel.value(round, step, position) : null;
  const cell = round?.cells[position];
  const said =
    value === null ? "nothing said of it" : `${channel.label.toLowerCase()} ${channel.format(value)}`;
  const token =
    cell && cell.status !== "masked" ? `, \u201c${tokenLabel(view, cell.token)}\u201d` : ", masked";
  return `Step ${step + 1}, position ${position}${cell ? token : ""}: ${said}`;
}

function MapDrawing({ view, step, size, choice, selection = null, onHover, onPin }: DrawingProps) {
  const channel = channelOf(choice);
  const rounds = canvasRounds(view, view.rounds.length - 1);
  const end = scaleEnd(channel, rounds);
  const plot = plotOf(view, size.width);
  const { dx, dy, positions, steps } = plot;
  const chosen = selection?.kind === "position" ? selection : null;
  const cursor = {
    step: Math.max(0, chosen?.step ?? step),
    position: chosen?.position ?? view.canvas?.first ?? 0,
  };
  const used = new Set(rounds.flatMap((r) => r.canvas.unmasked.map((e) => REASON_SHAPE[e.reason])));
  const isLive = onHover !== undefined && onPin !== undefined;
  const under = (e: MouseEvent) => {
    const box = e.currentTarget.getBoundingClientRect();
    const position = Math.floor((e.clientX - box.left) / dx);
    const row = Math.floor((e.clientY - box.top) / dy);
    if (position < 0 || position >= positions || row < 0 || row >= view.rounds.length) return null;
    return { kind: "position", step: row, position } as const;
  };
  const last = rounds.at(-1)?.canvas;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={`${channel.label} of ${positions} positions in ${view.rounds.length} steps`}
      fontFamily="var(--sans)"
    >
      <g transform={`translate(${LEFT},10)`}>
        <Scale channel={channel} end={end} shapes={size.width < 560 ? [] : [...used].slice(0, 3)} />
      </g>
      <g transform={`translate(${LEFT},${TOP})`}>
        <g fontSize={10.5} fill="var(--ink-soft)" className="figures">
          {ticks(0, positions - 1, Math.max(2, plot.width / 70))
            .filter(Number.isInteger)
            .map((p) => (
              <text key={p} x={f((p + 0.5) * dx)} y={-6} textAnchor="middle">
                {p}
              </text>
            ))}
          <text x={-LEFT + 10} y={-6}>
            position
          </text>
          {ticks(1, steps, Math.max(2, plot.height / 46))
            .filter(Number.isInteger)
            .map((s) => (
              <text key={s} x={-9} y={f((s - 0.5) * dy + 3.5)} textAnchor="end">
                {s}
              </text>
            ))}
          <text transform={`translate(${-LEFT + 18},${f(plot.height / 2)}) rotate(-90)`} textAnchor="middle">
            step
          </text>
        </g>
        <Heat rounds={rounds} channel={channel} end={end} plot={plot} />
        {step + 1 < rounds.length && (
          <rect
            y={f((step + 1) * dy)}
            width={f(plot.width)}
            height={f((rounds.length - step - 1) * dy)}
            fill="var(--sheet)"
            opacity={0.55}
          />
        )}
        <rect width={f(plot.width)} height={f(plot.height)} fill="none" stroke="var(--rule-strong)" />
        {step >= 0 && (
          <g transform={`translate(0,${f(step * dy)})`}>
            <rect
              x={-2}
              width={f(plot.width + 4)}
              height={f(dy)}
              fill="none"
              stroke="var(--ink)"
              strokeWidth={1.6}
            />
            <path d={`M-8,${f(dy / 2 - 4)}l6,4l-6,4Z`} fill="var(--ink)" />
          </g>
        )}
        {dx >= READABLE && last && (
          <g fontSize={10.5} fill="var(--ink-soft)">
            {last.cells.map((cell) =>
              cell.status === "masked" || cell.reason === "end_fill" ? null : (
                <text
                  key={cell.position}
                  transform={`translate(${f((cell.position + 0.5) * dx + 3.5)},${f(plot.height + 6)}) rotate(-90)`}
                  textAnchor="end"
                  fill={chosen?.position === cell.position ? "var(--ink)" : "var(--ink-soft)"}
                  fontWeight={chosen?.position === cell.position ? 640 : 400}
                >
                  {truncate(tokenLabel(view, cell.token), 9)}
                </text>
              ),
            )}
          </g>
        )}
        {chosen && (
          <path
            d={`M${f(chosen.position * dx)},0V${f(plot.height)}M${f((chosen.position + 1) * dx)},0V${f(plot.height)}`}
            stroke="var(--ink)"
            strokeWidth={0.9}
          />
        )}
        {isLive && (
          <>
            <rect
              className="map-hit"
              width={f(plot.width)}
              height={f(plot.height)}
              fill="transparent"
              onPointerMove={(e) => onHover(under(e))}
              onPointerLeave={() => onHover(null)}
              onClick={(e) => {
                const target = under(e);
                if (target) onPin(target);
              }}
            />
            <g
              className="stamp"
              transform={`translate(${f(cursor.position * dx)},${f(cursor.step * dy)})`}
              tabIndex={0}
              role="button"
              aria-label={describePoint(view, cursor.step, cursor.position, channel)}
              data-testid="map-cursor"
              style={{ pointerEvents: "none" }}
              onKeyDown={(e) => {
                if (!e.key.startsWith("Arrow") && e.key !== "Enter" && e.key !== " ") return;
                e.preventDefault();
                e.stopPropagation();
                const next = e.key.startsWith("Arrow")
                  ? positionAfterKey(e.key, { view, ...cursor, columns: null })
                  : ({ kind: "position", ...cursor } as const);
                if (next && next.step < view.rounds.length) onPin(next);
              }}
            >
              <rect
                className="tree-hit"
                x={-1}
                y={-1}
                width={f(dx + 2)}
                height={f(dy + 2)}
                fill="none"
                stroke={chosen ? "var(--accepted)" : "none"}
                strokeWidth={2}
              />
            </g>
          </>
        )}
      </g>
      {rounds.length === 0 && (
        <text x={LEFT + 12} y={TOP + 26} fontSize={13} fill="var(--ink-soft)">
          No step has been made yet.
        </text>
      )}
    </svg>
  );
}

export const mapView: ViewDefinition = {
  ...MAP_HEAD,
  Drawing: MapDrawing,
  inSight: (view, step, width) => {
    const { dy } = plotOf(view, width);
    return step < 0 ? null : { top: step === 0 ? 0 : TOP + step * dy, bottom: TOP + (step + 1) * dy };
  },
  heightAt: (view, _step, width) => {
    const plot = plotOf(view, width);
    return TOP + plot.height + (plot.dx >= READABLE ? TOKENS : 14);
  },
};
