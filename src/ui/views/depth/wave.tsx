/** The wave of a diffusion-forcing run: steps downwards, positions to the right, and plain decoding's stairs beside it. */
import type { WaveEvent } from "../../../trace/depth_events";
import type { RunView } from "../../../trace/view";
import { plural } from "../../format";
import { fitText, textWidth } from "../text_width";
import { tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { WAVE_HEAD } from "./head";
import { pressable } from "./press";
import { SignalKey } from "./shade";
import { inkOf, signals, thresholdOf } from "./signals";

const EDGE = 24;
const TOP = 98;
const BOTTOM = 20;
const LINE = 21;
const LEFT = 30;
/** Room of the bars on the right: rows of the core, tokens frozen. */
const RIGHT = 150;
const RIGHT_NARROW = 84;
const NARROW = 520;
/** Widest column, and narrowest one with text, in px. */
const WIDEST = 64;
const READABLE = 24;

export interface WaveRow {
  readonly step: number;
  readonly wave: WaveEvent;
  /** Rows of the core, sequential recurrences. */
  readonly coreRows: number;
  readonly coreForwards: number;
}

/** The waves of a run, in order. */
export const waveRows = (view: RunView): readonly WaveRow[] =>
  view.rounds.toArray().flatMap(({ step, recursion, cost }) => {
    const wave = recursion?.wave;
    return wave ? [{ step, wave, coreRows: cost?.coreRows ?? 0, coreForwards: cost?.coreForwards ?? 0 }] : [];
  });

/** Tokens and sequential recurrences, the prompt's not counted. */
export function wavePace(rows: readonly WaveRow[]): {
  readonly tokens: number;
  readonly forwards: number;
  readonly rows: number;
} {
  const sum = (of: (row: WaveRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    tokens: sum(({ wave }) => wave.frozenTo - wave.draftFrom),
    forwards: sum((row) => row.coreForwards),
    rows: sum((row) => row.coreRows),
  };
}

interface Plot {
  readonly first: number;
  readonly columns: number;
  readonly dx: number;
  /** Where the bars begin, and the length of the longest. */
  readonly right: number;
  readonly bar: number;
  readonly mostRows: number;
}
function plotOf(rows: readonly WaveRow[], width: number): Plot {
  const first = rows[0]?.wave.draftFrom ?? 0;
  const last = rows.reduce((most, { wave }) => Math.max(most, wave.draftFrom + wave.width), first + 1);
  const columns = last - first;
  const isNarrow = width < NARROW;
  const room = width - 2 * EDGE - LEFT - (isNarrow ? RIGHT_NARROW : RIGHT);
  const dx = Math.min(WIDEST, room / columns);
  const mostRows = rows.reduce((most, { coreRows }) => Math.max(most, coreRows), 1);
  return { first, columns, dx, right: LEFT + columns * dx + 14, bar: isNarrow ? 16 : 60, mostRows };
}

export function describeWave(view: RunView, { wave, step }: WaveRow): string {
  const frozen = wave.frozenTo - wave.draftFrom;
  const drafts = wave.tokens.map((token) => tokenLabel(view, token)).join(" ");
  return `Step ${step + 1}: ${wave.width} positions, ${frozen} frozen; ${drafts}`;
}

function Row({
  view,
  row,
  before,
  plot,
}: {
  view: RunView;
  row: WaveRow;
  before: WaveRow | undefined;
  plot: Plot;
}) {
  const { wave } = row;
  const { first, dx } = plot;
  return (
    <>
      {wave.tokens.map((token, i) => {
        const position = wave.draftFrom + i;
        const x = LEFT + (position - first) * dx;
        const isFrozen = position < wave.frozenTo;
        const old = before?.wave.tokens[position - before.wave.draftFrom];
        // The latent of the position itself; the last draft has none yet.
        const change = i + 1 < wave.width ? wave.relChange[i + 1] : undefined;
        const label = fitText(tokenLabel(view, token), dx - 4, 10);
        const isChanged = old !== undefined && old !== token;
        return (
          <g key={position} transform={`translate(${x.toFixed(1)},0)`}>
            <rect
              x={0.5}
              y={1}
              width={Math.max(1, dx - 1).toFixed(1)}
              height={LINE - 2}
              fill={
                isFrozen ? "var(--accepted)" : change === null || change === undefined ? "none" : "var(--ink)"
              }
              opacity={isFrozen ? 0.16 : change ? inkOf(signals.change, change) : 1}
              {...(!isFrozen &&
                (change === null || change === undefined) && { stroke: "var(--rule-strong)" })}
            />
            {dx >= READABLE && (
              <text
                x={3}
                y={LINE / 2 + 4}
                fontSize={10.5}
                fill={isFrozen ? "var(--accepted)" : "var(--ink)"}
                fontWeight={isFrozen ? 620 : 400}
                {...(isChanged && { textDecoration: "underline" })}
              >
                {label}
              </text>
            )}
            {dx < READABLE && isChanged && (
              <path
                d={`M1,${LINE - 4}h${Math.max(1, dx - 2).toFixed(1)}`}
                stroke="var(--ink)"
                strokeWidth={1.2}
              />
            )}
          </g>
        );
      })}
      <text x={LEFT - 8} y={LINE / 2 + 4} textAnchor="end" fontSize={10.5} fill="var(--ink-soft)">
        {row.step + 1}
      </text>
    </>
  );
}

/** Rows of the core and tokens frozen in a step. */
function Bars({ row, plot }: { readonly row: WaveRow; readonly plot: Plot }) {
  const { right, bar, mostRows } = plot;
  const frozen = row.wave.frozenTo - row.wave.draftFrom;
  const second = right + bar + 26;
  return (
    <g fontSize={10.5} fill="var(--ink-soft)">
      <rect
        x={right.toFixed(1)}
        y={LINE / 2 - 3}
        width={((bar * row.coreRows) / mostRows).toFixed(1)}
        height={6}
        fill="var(--ink-soft)"
        opacity={0.7}
      />
      <text x={(right + bar + 4).toFixed(1)} y={LINE / 2 + 4}>
        {row.coreRows}
      </text>
      {Array.from({ length: Math.min(frozen, 4) }, (_, i) => (
        <rect
          key={i}
          x={(second + i * 8).toFixed(1)}
          y={LINE / 2 - 3}
          width={6}
          height={6}
          fill="var(--accepted)"
        />
      ))}
      {frozen > 4 && (
        <text x={(second + 34).toFixed(1)} y={LINE / 2 + 4}>
          {frozen}
        </text>
      )}
    </g>
  );
}

/** Where the wave begins in each row, behind its anchor, and where it ends. */
function Edges({ plot, rows }: { readonly plot: Plot; readonly rows: readonly WaveRow[] }) {
  const at = (position: number): string => (LEFT + (position - plot.first) * plot.dx).toFixed(1);
  const stairs = (of: (row: WaveRow) => number): string =>
    rows
      .map((row, i) => `${i === 0 ? "M" : "H"}${at(of(row))}${i === 0 ? ",0" : ""}V${(i + 1) * LINE}`)
      .join("");
  return (
    <g fill="none" stroke="var(--ink)" pointerEvents="none">
      <path d={stairs(({ wave }) => wave.draftFrom)} strokeWidth={1.8} />
      <path d={stairs(({ wave }) => wave.draftFrom + wave.width)} strokeWidth={0.9} />
    </g>
  );
}

/** What marks stand for, in a line over the drawing. */
function MarkKey({ width, steps }: { readonly width: number; readonly steps: string }) {
  const marks = [
    {
      name: "new latent",
      art: <rect y={-8} width={14} height={9} fill="none" stroke="var(--rule-strong)" />,
    },
    {
      name: "frozen",
      art: <rect y={-8} width={14} height={9} fill="var(--accepted)" opacity={0.3} />,
    },
    { name: "another token", art: <path d="M0,0H14" stroke="var(--ink)" strokeWidth={1.2} /> },
    {
      name: "anchor, end of the wave",
      art: <path d="M5,-9V1M11,-9V1" stroke="var(--ink)" strokeWidth={1.4} />,
    },
    {
      name: steps,
      art: <path d="M0,-4H14" stroke="var(--rejected)" strokeWidth={1.4} strokeDasharray="4 3" />,
    },
  ];
  let x = 0;
  return (
    <g fontSize={10.5} fill="var(--ink-soft)">
      {marks.map(({ name, art }) => {
        const [at, own] = [x, 20 + textWidth(name, 10.5) + 16];
        if (at + own - 16 > width) return null;
        x += own;
        return (
          <g key={name} transform={`translate(${at.toFixed(1)},0)`}>
            {art}
            <text x={20}>{name}</text>
          </g>
        );
      })}
    </g>
  );
}

/** One column a token, with as many recurrences as the prompt had: what plain decoding does one after another. */
function Stairs({ plot, rows, depth }: { plot: Plot; rows: number; depth: number }) {
  let d = "";
  for (let column = 0; column < plot.columns; column++) {
    const [from, to] = [column * depth, (column + 1) * depth];
    if (from >= rows) break;
    const x = LEFT + column * plot.dx;
    const end = (Math.min(rows, to) * LINE).toFixed(1);
    d += `M${x.toFixed(1)},${(from * LINE).toFixed(1)}V${end}${to <= rows ? `h${plot.dx.toFixed(1)}` : ""}`;
  }
  return <path d={d} fill="none" stroke="var(--rejected)" strokeWidth={1.4} strokeDasharray="4 3" />;
}

function WaveDrawing({ view, step, size, onHover, onPin }: DrawingProps) {
  const rows = waveRows(view);
  const plot = plotOf(rows, size.width);
  const depth = view.rounds.at(0)?.cost?.coreForwards ?? 0;
  /** Rows of the drawing that plain decoding would take for a token. */
  const inner = rows[0]?.coreForwards ?? 1;
  const pace = wavePace(rows);
  const isNarrow = size.width < NARROW;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={`A wave of positions in ${rows.length} steps`}
      fontFamily="var(--sans)"
    >
      <g transform={`translate(${EDGE},10)`}>
        <SignalKey
          signal="change"
          threshold={thresholdOf(view, "change")}
          isNarrow={isNarrow}
          title="Change of the latent since the step before, |z \u2212 z before| / |z|"
        />
      </g>
      {rows.length > 0 && (
        <g transform={`translate(${EDGE},60)`}>
          <MarkKey
            width={size.width - 2 * EDGE}
            steps={`plain decoding, ${plural(depth, "recurrence")} a token`}
          />
        </g>
      )}
      {pace.tokens > 0 && (
        <text
          x={size.width - EDGE}
          y={19}
          textAnchor="end"
          fontSize={12}
          fill="var(--ink)"
          className="figures"
        >
          {`${(pace.forwards / pace.tokens).toFixed(2)} recurrences in a row a token`}
          {size.width >= 620 && depth > 0 ? `, plain decoding ${depth}` : ""}
        </text>
      )}
      {pace.tokens > 0 && !isNarrow && (
        <text
          x={size.width - EDGE}
          y={35}
          textAnchor="end"
          fontSize={11}
          fill="var(--ink-soft)"
          className="figures"
        >
          {`${(pace.rows / pace.tokens).toFixed(2)} rows of the core a token`}
        </text>
      )}
      <g transform={`translate(${EDGE},${TOP})`} className="figures">
        <g fontSize={10.5} fill="var(--ink-soft)">
          <text x={LEFT - 8} y={-8} textAnchor="end">
            step
          </text>
          {rows.length > 0 && (
            <>
              <text x={LEFT} y={-8}>
                {`position ${plot.first}`}
              </text>
              <text x={plot.right.toFixed(1)} y={-8}>
                {isNarrow ? "rows" : "rows of the core"}
              </text>
              <text x={(plot.right + plot.bar + (isNarrow ? 26 : 36)).toFixed(1)} y={-8}>
                frozen
              </text>
            </>
          )}
        </g>
        {rows.map((row, i) => {
          const target = { kind: "position", step: row.step, position: row.wave.anchor } as const;
          return (
            <g
              key={row.step}
              className="stamp"
              transform={`translate(0,${i * LINE})`}
              opacity={row.step > step ? 0.4 : 1}
              aria-label={describeWave(view, row)}
              data-testid="wave-row"
              {...pressable(target, onHover, onPin)}
            >
              <rect
                className="tree-hit"
                width={(plot.right + plot.bar + 60).toFixed(1)}
                height={LINE}
                fill="transparent"
                stroke={row.step === step ? "var(--rule-strong)" : "none"}
              />
              <Row view={view} row={row} before={rows[i - 1]} plot={plot} />
              <Bars row={row} plot={plot} />
            </g>
          );
        })}
        {rows.length > 0 && <Edges plot={plot} rows={rows} />}
        {rows.length > 0 && depth > 0 && <Stairs plot={plot} rows={rows.length} depth={depth / inner} />}
      </g>
      {rows.length === 0 && (
        <text x={EDGE} y={TOP} fontSize={13} fill="var(--ink-soft)">
          The prompt runs first: no wave yet.
        </text>
      )}
    </svg>
  );
}

export const waveView: ViewDefinition = {
  ...WAVE_HEAD,
  Drawing: WaveDrawing,
  inSight(view, step) {
    const at = waveRows(view).findIndex((row) => row.step === step);
    return at < 0 ? null : { top: TOP + (at - 2) * LINE, bottom: TOP + (at + 1) * LINE };
  },
  heightAt: (view) => TOP + LINE * Math.max(1, waveRows(view).length) + BOTTOM,
};
