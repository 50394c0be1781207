/** Tokens by recurrences: how far each latent moved, what it would have said, and where it stopped. */
import type { RecurEvent } from "../../../trace/depth_events";
import type { RunView } from "../../../trace/view";
import { truncate } from "../../format";
import { textWidth } from "../text_width";
import { tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { DEPTH_HEAD } from "./head";
import { pressable } from "./press";
import { ChangeScale, opacityOf } from "./shade";

const EDGE = 24;
const TOP = 74;
const LINE = 24;
const BOTTOM = 16;
/** Narrowest cell with a token in it, and widest cell, in px. */
const READABLE = 46;
const WIDEST = 92;

/** One recurrence of one position. */
interface CellOf {
  readonly change: number;
  readonly said: number | null;
  readonly exited: boolean;
  /** What the router said before it; null without one. */
  readonly gate: number | null;
}
/** A position that ran, with what became of it. */
export interface DepthLine {
  readonly position: number;
  readonly label: string;
  /** Step it ran in; the prompt's tokens ran before the first. */
  readonly step: number;
  readonly cells: readonly CellOf[];
  readonly depth: number | null;
  readonly maxDepth: number;
  readonly reason: string | null;
  /** Of the router, before the recurrence that it was not let into. */
  readonly refused: number | null;
  /** The token that was committed behind it. */
  readonly next: number | null;
}

function cellsOf(e: RecurEvent, add: (position: number, cell: CellOf) => void): void {
  const exited = new Set(e.exited);
  e.positions.forEach((position, i) => {
    add(position, {
      change: e.relChange[i]!,
      said: e.argmax?.[i] ?? null,
      exited: exited.has(position),
      gate: e.gate?.[i] ?? null,
    });
  });
}

/** Every position that ran up to a step, in order. */
export function depthLines(view: RunView, step: number): readonly DepthLine[] {
  const cells = new Map<number, CellOf[]>();
  const steps = new Map<number, number>();
  for (const round of view.rounds.toArray()) {
    if (round.step > step) break;
    for (const e of round.recursion?.recurs ?? [])
      cellsOf(e, (position, cell) => {
        if (e.recurrence === 1) cells.set(position, []);
        cells.get(position)?.push(cell);
        steps.set(position, round.step);
      });
  }
  const prompt = view.prompt.length;
  const tokens = view.tokens.toArray();
  const tokenAt = (position: number): number | null =>
    position < prompt ? view.prompt[position]!.token : (tokens[position - prompt]?.token ?? null);
  return [...cells]
    .sort(([a], [b]) => a - b)
    .map(([position, own]) => {
      const token = tokenAt(position);
      const ended = view.depths.get(position);
      const next = tokens[position + 1 - prompt];
      return {
        position,
        label: token === null ? "" : tokenLabel(view, token),
        step: steps.get(position)!,
        cells: own,
        depth: ended?.depth ?? null,
        maxDepth: ended?.maxDepth ?? own.length,
        reason: ended?.reason ?? null,
        refused: ended?.gate ?? null,
        next: position + 1 >= prompt && next ? next.token : null,
      };
    });
}

const WORDS: Readonly<Record<string, string>> = {
  converged: "settled",
  cap: "no more were allowed",
  router: "not let into the next",
  forced: "as many as were asked for",
};

/** A line for people who cannot see it. */
export function describeLine(line: DepthLine): string {
  const why = line.reason === null ? "still running" : (WORDS[line.reason] ?? line.reason);
  const gate = line.refused === null ? "" : ` (gate ${line.refused.toFixed(2)})`;
  return `${line.label}: ${line.cells.length} of ${line.maxDepth} recurrences, ${why}${gate}`;
}

/** Mean depth of positions that are done with, and the most that any of them could have had. */
function meanDepth(lines: readonly DepthLine[]): { readonly mean: number; readonly most: number } | null {
  const done = lines.filter((line) => line.depth !== null);
  if (done.length === 0) return null;
  return {
    mean: done.reduce((sum, line) => sum + line.depth!, 0) / done.length,
    most: done.reduce((most, line) => Math.max(most, line.maxDepth), 0),
  };
}

interface Grid {
  readonly label: number;
  readonly cell: number;
  readonly columns: number;
}
function gridOf(lines: readonly DepthLine[], width: number): Grid {
  const columns = Math.max(1, ...lines.map((line) => line.maxDepth));
  const longest = Math.max(48, ...lines.map((line) => textWidth(truncate(line.label, 14), 12.5)));
  const label = Math.min(longest + 14, width * 0.3);
  return { label, columns, cell: Math.min(WIDEST, (width - 2 * EDGE - label - 4) / columns) };
}

/** The threshold that gates are compared with; null where something else decides. */
function thresholdOf({ start }: RunView): number | null {
  const { threshold, routing, forceDepth } = start?.params ?? {};
  return routing === "threshold" && forceDepth === 0 && typeof threshold === "number" ? threshold : null;
}

/** A gate as a line along the bottom of a cell, with a tick where it would let a token in. */
function Gate({
  gate,
  threshold,
  cell,
  isIn,
}: {
  readonly gate: number;
  readonly threshold: number | null;
  readonly cell: number;
  readonly isIn: boolean;
}) {
  const width = cell - 8;
  const tick = threshold === null || threshold > 1 ? null : 3 + threshold * width;
  return (
    <>
      <rect
        x={3}
        y={LINE - 6}
        width={(gate * width).toFixed(1)}
        height={3}
        fill={isIn ? "var(--accepted)" : "none"}
        stroke={isIn ? "none" : "var(--rejected)"}
        strokeWidth={0.9}
      />
      {tick !== null && <path d={`M${tick.toFixed(1)},${LINE - 8}v6`} stroke="var(--ink)" strokeWidth={1} />}
    </>
  );
}

function Line({
  view,
  line,
  grid,
}: {
  readonly view: RunView;
  readonly line: DepthLine;
  readonly grid: Grid;
}) {
  const threshold = thresholdOf(view);
  const { label, cell } = grid;
  return (
    <>
      <text x={label - 8} y={LINE / 2 + 4} textAnchor="end" fontSize={12.5} fill="var(--ink)">
        {truncate(line.label, 14)}
      </text>
      {line.cells.map((c, i) => {
        const isFinal = c.said !== null && c.said === line.next;
        return (
          <g key={i} transform={`translate(${(label + i * cell).toFixed(1)},0)`}>
            <rect
              x={0.5}
              y={1}
              width={(cell - 1).toFixed(1)}
              height={LINE - 2}
              fill="var(--ink)"
              opacity={opacityOf(c.change)}
            />
            {c.exited && (
              <rect x={(cell - 3).toFixed(1)} y={1} width={3} height={LINE - 2} fill="var(--accepted)" />
            )}
            {c.gate !== null && (
              <Gate gate={c.gate} threshold={i === 0 ? null : threshold} cell={cell} isIn />
            )}
            {c.said !== null && cell >= READABLE && (
              <text
                x={6}
                y={LINE / 2 + (c.gate === null ? 4 : 2)}
                fontSize={11.5}
                fill={isFinal ? "var(--accepted)" : "var(--ink)"}
                fontWeight={isFinal ? 620 : 400}
              >
                {truncate(tokenLabel(view, c.said), Math.floor((cell - 10) / 7))}
              </text>
            )}
          </g>
        );
      })}
      {line.refused !== null && (
        <g transform={`translate(${(label + line.cells.length * cell).toFixed(1)},0)`}>
          <Gate gate={line.refused} threshold={threshold} cell={cell} isIn={false} />
        </g>
      )}
      {Array.from({ length: Math.max(0, line.maxDepth - line.cells.length) }, (_, i) => (
        <circle
          key={i}
          cx={(label + (line.cells.length + i + 0.5) * cell).toFixed(1)}
          cy={LINE / 2}
          r={1.3}
          fill="var(--idle)"
        />
      ))}
    </>
  );
}

function DepthDrawing({ view, step, size, selection = null, onHover, onPin }: DrawingProps) {
  const lines = depthLines(view, step);
  const grid = gridOf(lines, size.width);
  const mean = meanDepth(lines);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={`Recurrences of ${lines.length} tokens up to step ${step + 1}`}
      fontFamily="var(--sans)"
    >
      <g transform={`translate(${EDGE},10)`}>
        <ChangeScale
          title={
            size.width < 520
              ? "Change of the latent"
              : "Change of the latent in a recurrence, |s \u2212 s before| / |s|"
          }
        />
      </g>
      {mean && (
        <text
          x={size.width - EDGE}
          y={33}
          textAnchor="end"
          fontSize={12}
          fill="var(--ink)"
          className="figures"
        >
          {`mean ${mean.mean.toFixed(2)} of ${mean.most}`}
        </text>
      )}
      {lines.length > 0 && (
        <g fontSize={10.5} fill="var(--ink-soft)" className="figures">
          <text x={EDGE + grid.label - 8} y={TOP - 10} textAnchor="end">
            after
          </text>
          {Array.from({ length: grid.columns }, (_, i) => (
            <text
              key={i}
              x={(EDGE + grid.label + (i + 0.5) * grid.cell).toFixed(1)}
              y={TOP - 10}
              textAnchor="middle"
            >
              {i + 1}
            </text>
          ))}
        </g>
      )}
      {lines.map((line, i) => {
        const isChosen = selection?.step === line.step && line.next !== null;
        const chosen = { kind: "extra", step: line.step } as const;
        return (
          <g
            key={line.position}
            className="stamp"
            transform={`translate(${EDGE},${TOP + i * LINE})`}
            aria-label={describeLine(line)}
            data-testid="depth-line"
            {...pressable(chosen, onHover, line.next === null ? null : onPin)}
          >
            <rect
              className="tree-hit"
              x={0}
              width={(grid.label + grid.columns * grid.cell).toFixed(1)}
              height={LINE}
              fill="transparent"
              stroke={
                isChosen ? "var(--accepted)" : step > 0 && line.step === step ? "var(--rule-strong)" : "none"
              }
              strokeWidth={isChosen ? 1.5 : 1}
            />
            <Line view={view} line={line} grid={grid} />
          </g>
        );
      })}
      {lines.length === 0 && (
        <text x={EDGE} y={TOP} fontSize={13} fill="var(--ink-soft)">
          Nothing has run yet.
        </text>
      )}
    </svg>
  );
}

export const depthView: ViewDefinition = {
  ...DEPTH_HEAD,
  Drawing: DepthDrawing,
  inSight(view, step) {
    const lines = depthLines(view, step);
    const first = lines.findIndex((line) => line.step === step);
    if (first < 0) return null;
    // The prompt ran in the first step: that one is about its end.
    return {
      top: TOP + (step === 0 ? lines.length - 1 : first) * LINE,
      bottom: TOP + lines.length * LINE + BOTTOM,
    };
  },
  heightAt: (view, step) => TOP + LINE * Math.max(1, depthLines(view, step).length) + BOTTOM,
};
