/** The canvas position by position: state, likely tokens, confidence, block and cache. */
import { max } from "d3-array";
import { shortProbability } from "../../format";
import { fitText } from "../text_width";
import { isBlank, tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { CANVAS_HEAD } from "./heads";
import { CacheBar } from "./cache_bar";
import { canvasRound, type CellState, type ShownCell, shownCells } from "./cells";
import { onPositionKey } from "./keys";
import { cellLabel, describeCell, STATE_COLOUR } from "./signs";

const EDGE = 24;
const ROW = 58;
const TOP = 20;
const LABEL_SIZE = 14;
const NUMBER_SIZE = 10;
const NARROWEST = 62;
const PHONE = 520;

interface Place {
  readonly shown: ShownCell;
  readonly x: number;
  readonly y: number;
}

/** Columns of one width, so that nothing moves when a mask becomes a token. */
export function gridOf(width: number): { readonly columns: number; readonly cell: number } {
  const room = width - 2 * EDGE;
  const columns = Math.max(1, Math.floor(room / (width < PHONE ? NARROWEST - 6 : NARROWEST + 12)));
  return { columns, cell: room / columns };
}

/** The line under a token: one kind of line for each state. */
function Underline({ state, width }: { readonly state: CellState; readonly width: number }) {
  const stroke = STATE_COLOUR[state];
  switch (state) {
    case "prompt":
      return null;
    case "given":
      return <path d={`M0,-3V0H${width}V-3`} fill="none" stroke={stroke} strokeWidth={1.3} />;
    case "forced":
      return <path d={`M0,-4V0H${width}V-4`} fill="none" stroke={stroke} strokeWidth={2.6} />;
    case "masked":
    case "candidate":
      return <path d={`M0,0H${width}`} stroke={stroke} strokeWidth={1.3} strokeDasharray="3 3" />;
    case "remasked":
      return (
        <path
          d={`M0,0H${width}M0,-3l3,3l-3,3`}
          fill="none"
          stroke={stroke}
          strokeWidth={1.6}
          strokeDasharray="1.5 2.5"
        />
      );
    case "committed_now":
      return <path d={`M0,0H${width}`} stroke={stroke} strokeWidth={3} />;
    case "committed":
      return <path d={`M0,0H${width}`} stroke={stroke} strokeWidth={1.6} />;
    case "end_fill":
      return <path d={`M0,0H${width}`} stroke={stroke} strokeWidth={1} strokeDasharray="1 4" />;
  }
}

function Cell({ view, shown, width }: { view: DrawingProps["view"]; shown: ShownCell; width: number }) {
  const { cell, state, opinion } = shown;
  const isOpen = cell.status === "masked";
  const label = cellLabel(view, shown);
  const p = isOpen ? (opinion?.confidence ?? null) : cell.logprob === null ? null : Math.exp(cell.logprob);
  const isStale = opinion !== null && shown.cacheAge !== null && shown.cacheAge > 0;
  const second = opinion && opinion.second !== opinion.token ? opinion.second : (opinion?.best ?? null);
  const other = second === null || second === opinion?.token ? "" : tokenLabel(view, second);
  return (
    <>
      {p !== null && state !== "end_fill" && (
        <rect
          y={-20}
          width={width * p}
          height={2.5}
          fill={STATE_COLOUR[state]}
          opacity={isOpen ? 0.75 : 0.9}
        />
      )}
      {state === "end_fill" && (
        <path d={`M${width / 2 - 3},-7h6v6h-6Z`} fill="none" stroke="var(--idle)" strokeWidth={1.1} />
      )}
      {isOpen && !opinion && (
        <rect y={-13} width={width} height={11} rx={2} fill="var(--wash)" stroke="var(--rule-strong)" />
      )}
      <text
        fontSize={LABEL_SIZE}
        fill={isOpen || state === "prompt" ? "var(--ink-soft)" : "var(--ink)"}
        fontStyle={isOpen ? "italic" : undefined}
        opacity={isBlank(label) ? 0.6 : undefined}
        fontWeight={state === "committed_now" ? 640 : 430}
      >
        {fitText(label, width, LABEL_SIZE)}
      </text>
      <g transform="translate(0,6)">
        <Underline state={state} width={width} />
      </g>
      <g fontSize={NUMBER_SIZE} fill="var(--ink-soft)" className="figures">
        {isOpen ? (
          <>
            <text y={19}>{p === null ? "" : `${shortProbability(p)}${isStale ? "*" : ""}`}</text>
            {p !== null && (
              <text x={width} y={19} textAnchor="end" fontStyle="italic">
                {fitText(other, width - 26, NUMBER_SIZE)}
              </text>
            )}
          </>
        ) : (
          cell.step !== null && (
            <>
              <text y={19}>{p === null || state === "end_fill" ? "" : shortProbability(p)}</text>
              <text x={width} y={19} textAnchor="end">{`s${cell.step + 1}`}</text>
            </>
          )
        )}
      </g>
    </>
  );
}

function GridDrawing({ view, step, size, selection = null, onHover, onPin }: DrawingProps) {
  const { columns, cell: pitch } = gridOf(size.width);
  const inner = pitch - 8;
  const places: readonly Place[] = shownCells(view, step).map((shown, i) => ({
    shown,
    x: EDGE + (i % columns) * pitch,
    y: TOP + Math.floor(i / columns) * ROW,
  }));
  const oldest = max(places, ({ shown }) => shown.cacheAge) ?? 0;
  const chosen = selection?.kind === "position" ? selection.position : null;
  const tabStop = chosen ?? view.canvas?.first ?? 0;
  const isLive = onHover !== undefined && onPin !== undefined;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={step < 0 ? "The canvas before the first step" : `The canvas in step ${step + 1}`}
      fontFamily="var(--sans)"
    >
      {places.map(({ shown, x, y }) => {
        const { position } = shown.cell;
        const isHere = chosen === position;
        const target = { kind: "position", step, position } as const;
        return (
          <g
            key={position}
            className="stamp"
            transform={`translate(${x.toFixed(1)},${y})`}
            role={isLive ? "button" : "img"}
            aria-label={describeCell(view, shown)}
            data-state={shown.state}
            {...(isLive && {
              tabIndex: position === tabStop ? 0 : -1,
              "data-position": position,
              onPointerEnter: () => onHover(target),
              onPointerLeave: () => onHover(null),
              onFocus: () => onHover(target),
              onBlur: () => onHover(null),
              onClick: () => onPin(target),
              onKeyDown: (e) => onPositionKey(e, { view, step, position, columns, onPin }),
            })}
          >
            <rect
              x={-4}
              y={-16}
              width={pitch}
              height={ROW - 6}
              fill={shown.isInBlock && shown.state !== "prompt" ? "var(--wash)" : "none"}
              opacity={0.62}
            />
            <rect
              className="tree-hit"
              x={-3}
              y={-15}
              width={pitch - 2}
              height={ROW - 8}
              rx={3}
              fill="transparent"
              stroke={isHere ? "var(--ink)" : "none"}
              strokeWidth={1.4}
            />
            <g transform="translate(0,7)">
              <Cell view={view} shown={shown} width={inner} />
            </g>
            <CacheBar y={31} width={inner} height={3.5} age={shown.cacheAge} oldest={oldest} />
          </g>
        );
      })}
      {places.length === 0 && (
        <text x={EDGE} y={40} fontSize={13} fill="var(--ink-soft)">
          The canvas is there once the run has begun.
        </text>
      )}
    </svg>
  );
}

export const canvasView: ViewDefinition = {
  ...CANVAS_HEAD,
  Drawing: GridDrawing,
  heightAt: (view, _step, width) => {
    const { columns } = gridOf(width);
    return TOP + Math.max(1, Math.ceil((view.canvas?.cells.length ?? 0) / columns)) * ROW + 6;
  },
  // What the step committed, else what it masked again.
  inSight: (view, step, width) => {
    const { columns } = gridOf(width);
    const round = canvasRound(view, step);
    const committed = round?.unmasked.flatMap((e) => e.positions) ?? [];
    const at = committed.length > 0 ? committed : (round?.remasked.flatMap((e) => e.positions) ?? []);
    if (at.length === 0) return null;
    const rowOf = (position: number): number => Math.floor(position / columns) * ROW;
    return { top: rowOf(Math.min(...at)), bottom: rowOf(Math.max(...at)) + TOP + ROW };
  },
};
