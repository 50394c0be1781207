/** Tokens by recurrences: a signal of each, what it would have said, where it stopped, and the keys that are kept of it. */
import { truncate } from "../../format";
import { GROUND } from "../ground";
import { fitText, textWidth } from "../text_width";
import { tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { DEPTH_HEAD } from "./head";
import { depthLines, describeLine, summaryOf, type DepthLine } from "./lines";
import { pressable } from "./press";
import { SignalKey } from "./shade";
import { chosenSignal, inkOf, signals, thresholdOf, type SignalId } from "./signals";

const EDGE = 24;
const TOP = 74;
const LINE = 24;
const BOTTOM = 16;
/** Narrowest cell with a token in it, and widest cell, in px. */
const READABLE = 46;
const WIDEST = 92;
const NARROW = 520;

interface Grid {
  readonly label: number;
  readonly cell: number;
  readonly columns: number;
  /** Left end and width of the bars of keys. */
  readonly keysAt: number;
  readonly keys: number;
}
function gridOf(lines: readonly DepthLine[], width: number): Grid {
  const columns = Math.max(1, ...lines.map((line) => line.maxDepth));
  const longest = Math.max(48, ...lines.map((line) => textWidth(truncate(line.label, 14), 12.5)));
  const room = width - 2 * EDGE;
  const label = Math.min(longest + 14, width * 0.3);
  const keys = width < NARROW ? 22 : 74;
  const cell = Math.min(WIDEST, (room - label - keys - 46) / columns);
  return { label, columns, cell, keysAt: label + columns * cell + 16, keys };
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

/** How probable each depth is, as lines along the bottom of the cells, that of the token's own filled. */
function Chances({ line, grid: { label, cell } }: { readonly line: DepthLine; readonly grid: Grid }) {
  return line.chances?.map((p, i) => (
    <rect
      key={i}
      data-testid="depth-chance"
      x={(label + i * cell + 3).toFixed(1)}
      y={LINE - 6}
      width={(p * (cell - 8)).toFixed(1)}
      height={3}
      fill={i + 1 === line.depth ? "var(--accepted)" : "var(--sheet)"}
      stroke={i + 1 === line.depth ? "none" : "var(--ink-soft)"}
      strokeWidth={0.9}
    />
  ));
}

/** Keys that are kept, in the outline of what all recurrences would keep. */
function Keys({ line, grid }: { readonly line: DepthLine; readonly grid: Grid }) {
  const { keysAt, keys } = grid;
  const share = line.mostEntries > 0 ? line.entries / line.mostEntries : 0;
  return (
    <g transform={`translate(${keysAt.toFixed(1)},0)`}>
      <rect
        y={LINE / 2 - 3}
        width={keys}
        height={6}
        fill="none"
        stroke="var(--rule-strong)"
        strokeWidth={0.8}
      />
      <rect
        y={LINE / 2 - 3}
        width={(keys * share).toFixed(1)}
        height={6}
        fill="var(--ink-soft)"
        opacity={0.7}
      />
      <text x={keys + 6} y={LINE / 2 + 4} fontSize={10.5} fill="var(--ink-soft)" className="figures">
        {line.entries}
      </text>
    </g>
  );
}

interface LineProps {
  readonly view: DrawingProps["view"];
  readonly line: DepthLine;
  readonly grid: Grid;
  readonly signal: SignalId;
}

function Line({ view, line, grid, signal }: LineProps) {
  const threshold = thresholdOf(view, "gate");
  const { label, cell } = grid;
  return (
    <>
      <text x={label - 8} y={LINE / 2 + 4} textAnchor="end" fontSize={12.5} fill="var(--ink)">
        {truncate(line.label, 14)}
      </text>
      {line.cells.map((c, i) => {
        const isFinal = c.said !== null && c.said === line.next;
        const value = c[signal];
        return (
          <g key={i} transform={`translate(${(label + i * cell).toFixed(1)},0)`}>
            <rect
              x={0.5}
              y={1}
              width={(cell - 1).toFixed(1)}
              height={LINE - 2}
              fill={value === null ? "none" : "var(--ink)"}
              opacity={value === null ? 1 : inkOf(signals[signal], value)}
              {...(value === null && { stroke: "var(--rule-strong)", strokeDasharray: "2 2" })}
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
                y={LINE / 2 + (c.gate === null && line.chances === null ? 4 : 2)}
                fontSize={11.5}
                fill={isFinal ? "var(--accepted)" : "var(--ink)"}
                fontWeight={isFinal ? 620 : 400}
                {...(isFinal && GROUND)}
              >
                {fitText(tokenLabel(view, c.said), cell - 10, 11.5)}
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
          cy={(LINE - 4) / 2}
          r={1.3}
          fill="var(--idle)"
        />
      ))}
      <Chances line={line} grid={grid} />
      <Keys line={line} grid={grid} />
    </>
  );
}

/** Mean depth and keys, over the right end of the drawing. */
function Summary({
  lines,
  size,
}: {
  readonly lines: readonly DepthLine[];
  readonly size: DrawingProps["size"];
}) {
  const summary = summaryOf(lines);
  if (!summary) return null;
  const { mean, most, entries, mostEntries } = summary;
  return (
    <g textAnchor="end" className="figures" transform={`translate(${size.width - EDGE},0)`}>
      <text y={19} fontSize={12} fill="var(--ink)">{`mean ${mean.toFixed(2)} of ${most}`}</text>
      <text y={35} fontSize={11} fill="var(--ink-soft)">
        {size.width < NARROW
          ? `${entries} keys`
          : `${entries} keys kept, with all recurrences ${mostEntries}`}
      </text>
    </g>
  );
}

function Heads({ grid }: { readonly grid: Grid }) {
  const isNarrow = grid.keys < 40;
  const shown = Array.from({ length: grid.columns }, (_, i) => i + 1);
  return (
    <g
      fontSize={10.5}
      fill="var(--ink-soft)"
      className="figures"
      transform={`translate(${EDGE},${TOP - 10})`}
    >
      <text x={grid.label - 8} textAnchor="end">
        {isNarrow ? "after" : "token, after"}
      </text>
      {shown
        .filter((r) => grid.cell >= 13 || r === 1 || r % 4 === 0)
        .map((r) => (
          <text key={r} x={(grid.label + (r - 0.5) * grid.cell).toFixed(1)} textAnchor="middle">
            {r}
          </text>
        ))}
      <text x={grid.keysAt.toFixed(1)}>{isNarrow ? "keys" : "keys kept of it"}</text>
    </g>
  );
}

/** What stays in sight over the lines. */
function DepthKey({ view, step, size, choice }: DrawingProps) {
  const lines = depthLines(view, step);
  const signal = chosenSignal(view, choice);
  return (
    <>
      <g transform={`translate(${EDGE},10)`}>
        <SignalKey signal={signal} threshold={thresholdOf(view, signal)} isNarrow={size.width < NARROW} />
      </g>
      <Summary lines={lines} size={size} />
      {lines.length > 0 && <Heads grid={gridOf(lines, size.width)} />}
    </>
  );
}

function DepthDrawing({ view, step, size, choice, selection = null, onHover, onPin }: DrawingProps) {
  const lines = depthLines(view, step);
  const grid = gridOf(lines, size.width);
  const signal = chosenSignal(view, choice);
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
      <DepthKey {...{ view, step, size, choice }} />
      {lines.map((line, i) => {
        const target = { kind: "position", step, position: line.position } as const;
        const isChosen =
          selection?.kind === "position"
            ? selection.position === line.position
            : selection?.step === line.step && line.next !== null;
        return (
          <g
            key={line.position}
            className="stamp"
            transform={`translate(${EDGE},${TOP + i * LINE})`}
            aria-label={describeLine(line)}
            data-testid="depth-line"
            {...pressable(target, onHover, onPin)}
          >
            <rect
              className="tree-hit"
              x={0}
              width={(grid.keysAt - 8).toFixed(1)}
              height={LINE}
              fill="transparent"
              stroke={
                isChosen ? "var(--accepted)" : step > 0 && line.step === step ? "var(--rule-strong)" : "none"
              }
              strokeWidth={isChosen ? 1.5 : 1}
            />
            <Line view={view} line={line} grid={grid} signal={signal} />
          </g>
        );
      })}
      {lines.length === 0 && (
        // Under the key, which lies over what is above its own height.
        <text x={EDGE} y={TOP + 20} fontSize={13} fill="var(--ink-soft)">
          Nothing has run yet.
        </text>
      )}
    </svg>
  );
}

export const depthView: ViewDefinition = {
  ...DEPTH_HEAD,
  Drawing: DepthDrawing,
  key: { Drawing: DepthKey, heightAt: () => TOP },
  inSight(view, step) {
    const lines = depthLines(view, step);
    const first = lines.findIndex((line) => line.step === step);
    if (first < 0) return null;
    // The prompt ran in the first step: that one is about its end.
    const from = step === 0 ? lines.length - 1 : first;
    return { top: TOP + from * LINE, bottom: TOP + lines.length * LINE + BOTTOM };
  },
  heightAt: (view, step) => TOP + LINE * Math.max(1, depthLines(view, step).length) + BOTTOM,
};
