/** The wave of a diffusion-forcing run: steps downwards, positions to the right, and plain decoding's stairs beside it. */
import type { WaveEvent } from "../../../trace/depth_events";
import type { RunView } from "../../../trace/view";
import { truncate } from "../../format";
import { tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { WAVE_HEAD } from "./head";
import { pressable } from "./press";
import { ChangeScale, opacityOf } from "./shade";

const EDGE = 24;
const TOP = 78;
const BOTTOM = 20;
const LINE = 21;
const LEFT = 30;
const RIGHT = 86;
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
}
function plotOf(rows: readonly WaveRow[], width: number): Plot {
  const first = rows[0]?.wave.draftFrom ?? 0;
  const last = rows.reduce((most, { wave }) => Math.max(most, wave.draftFrom + wave.width), first + 1);
  const columns = last - first;
  return { first, columns, dx: Math.min(WIDEST, (width - 2 * EDGE - LEFT - RIGHT) / columns) };
}

export function describeWave(view: RunView, { wave, step }: WaveRow): string {
  const frozen = wave.frozenTo - wave.draftFrom;
  const text = wave.tokens.map((token) => tokenLabel(view, token)).join(" ");
  return `Step ${step + 1}: ${wave.width} positions, ${frozen} frozen; ${text}`;
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
        const label = truncate(tokenLabel(view, token), Math.max(1, Math.floor((dx - 4) / 5.8)));
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
              opacity={isFrozen ? 0.16 : change ? opacityOf(change) : 1}
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

/** One column a token, as many rows as the prompt had recurrences: what plain decoding does one after another. */
function Stairs({ plot, rows, depth }: { plot: Plot; rows: number; depth: number }) {
  let d = "";
  for (let column = 0; column < plot.columns; column++) {
    const [from, to] = [column * depth, (column + 1) * depth];
    if (from >= rows) break;
    const x = LEFT + column * plot.dx;
    d += `M${x.toFixed(1)},${from * LINE}V${Math.min(rows, to) * LINE}${to <= rows ? `h${plot.dx.toFixed(1)}` : ""}`;
  }
  return <path d={d} fill="none" stroke="var(--rejected)" strokeWidth={1.4} strokeDasharray="4 3" />;
}

function WaveDrawing({ view, step, size, selection = null, onHover, onPin }: DrawingProps) {
  const rows = waveRows(view);
  const plot = plotOf(rows, size.width);
  const depth = view.rounds.at(0)?.cost?.coreForwards ?? 0;
  const pace = wavePace(rows);
  const right = LEFT + plot.columns * plot.dx + 10;
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
        <ChangeScale
          title={size.width < 520 ? "Change of the latent" : "Change of the latent since the step before"}
        />
      </g>
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
      {pace.tokens > 0 && (
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
              <text x={right} y={-8}>
                rows, frozen
              </text>
            </>
          )}
        </g>
        {rows.map((row, i) => {
          const target = { kind: "extra", step: row.step } as const;
          const frozen = row.wave.frozenTo - row.wave.draftFrom;
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
                width={(right + 60).toFixed(1)}
                height={LINE}
                fill="transparent"
                stroke={selection?.step === row.step || row.step === step ? "var(--rule-strong)" : "none"}
              />
              <Row view={view} row={row} before={rows[i - 1]} plot={plot} />
              <text x={right} y={LINE / 2 + 4} fontSize={10.5} fill="var(--ink-soft)">
                {`${row.coreRows}, ${frozen}`}
              </text>
            </g>
          );
        })}
        {rows.length > 0 && depth > 0 && <Stairs plot={plot} rows={rows.length} depth={depth} />}
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
