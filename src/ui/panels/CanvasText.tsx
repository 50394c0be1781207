/** The text of a run that fills a canvas: every position by its state, with a legend that counts. */
import { memo, useEffect, useRef, type KeyboardEvent } from "react";
import { useMoment, useSelection } from "../moment";
import { goTo } from "../playback";
import { hover, pin } from "../stores/layout";
import { CELL_STATES, type CellState, shownCells } from "../views/canvas/cells";
import { freshness, headOf, textInFlow } from "../views/canvas/flow";
import { positionAfterKey } from "../views/canvas/keys";
import { isBlank } from "../views/token_label";
import { BlankKey } from "./TextPanel";
import { explains } from "./Explain";
import { cellLabel, describeCell, STATE_HELP, STATE_NAME } from "../views/canvas/signs";
import "../styles/canvas.css";

interface CellProps {
  readonly position: number;
  readonly state: CellState;
  readonly text: string;
  readonly label: string;
  /** Probability of a candidate, from 0 to 1. */
  readonly confidence: number | null;
  /** From 1, committed in this step, down to 0, long ago. */
  readonly freshness: number;
  readonly step: number;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
}

const Cell = memo(function Cell(cell: CellProps) {
  const { position, state, step } = cell;
  return (
    <span
      className="cell"
      role="button"
      data-testid="cell"
      data-position={position}
      data-state={state}
      data-selected={cell.isSelected || undefined}
      tabIndex={cell.isTabStop ? 0 : -1}
      aria-label={cell.label}
      aria-pressed={cell.isSelected}
      style={{
        "--sure": cell.confidence === null ? undefined : `${(cell.confidence * 100).toFixed(0)}%`,
        "--fresh": `${(cell.freshness * 100).toFixed(0)}%`,
      }}
      onPointerEnter={() => hover({ kind: "position", step, position })}
      onPointerLeave={() => hover(null)}
      onFocus={() => hover({ kind: "position", step, position })}
      onBlur={() => hover(null)}
      onClick={() => pin({ kind: "position", step, position })}
    >
      {cell.text}
    </span>
  );
});

/** How many positions are in each state. */
export function CanvasLegend({
  counts,
  hasBlanks,
}: {
  readonly counts: ReadonlyMap<CellState, number>;
  /** Whether a position has, or would have, a token that is only whitespace. */
  readonly hasBlanks: boolean;
}) {
  return (
    <ul className="legend" aria-label="What became of the positions">
      {CELL_STATES.filter((s) => s !== "prompt" && (counts.get(s) ?? 0) > 0).map((state) => (
        <li key={state}>
          <span className="legend-cell" data-state={state} />
          <span {...explains(STATE_HELP[state])}>{STATE_NAME[state]}</span>{" "}
          <span className="figures">{counts.get(state)}</span>
        </li>
      ))}
      {hasBlanks && <BlankKey />}
    </ul>
  );
}

export function CanvasText() {
  const { view, step } = useMoment();
  const selection = useSelection(step);
  const box = useRef<HTMLDivElement>(null);
  const cells = shownCells(view, step);
  const first = view.canvas?.first ?? 0;
  const chosen = selection?.kind === "position" ? selection.position : null;
  const counts = new Map<CellState, number>();
  for (const { state } of cells) counts.set(state, (counts.get(state) ?? 0) + 1);
  // What has just been committed stays in sight.
  const newest = cells.find((c) => c.state === "committed_now")?.cell.position ?? null;
  useEffect(() => {
    const { current } = box;
    const mark = current?.querySelector<HTMLElement>(`[data-position="${newest}"]`);
    if (!current || !mark) return;
    const top = mark.offsetTop - current.offsetTop;
    if (top < current.scrollTop || top + mark.offsetHeight > current.scrollTop + current.clientHeight)
      current.scrollTop = top - current.clientHeight / 2;
  }, [newest, step]);

  const onKeyDown = (e: KeyboardEvent<HTMLElement>) => {
    const at = (e.target as Element).closest<HTMLElement>("[data-position]");
    if (!at) return;
    const position = Number(at.dataset.position);
    if (e.key === "Enter" || e.key === " ") pin({ kind: "position", step, position });
    else if (!e.key.startsWith("Arrow")) return;
    e.preventDefault();
    e.stopPropagation();
    const next = positionAfterKey(e.key, { view, step, position, columns: null });
    if (!next) return;
    if (next.step !== step) {
      pin(next);
      goTo(next.step);
    } else box.current?.querySelector<HTMLElement>(`[data-position="${next.position}"]`)?.focus();
  };
  return (
    <section className="text-panel" aria-label="Text">
      {/* A scrolling region has to be reachable by keyboard. */}
      <div
        className="text-scroll"
        ref={box}
        tabIndex={0}
        role="group"
        aria-label="Text of the run; left and right go from position to position, up and down from step to step"
        onKeyDown={onKeyDown}
      >
        <p className="text canvas-flow">
          <span className="text-prompt">{headOf(view)}</span>
          {cells.slice(first).map((shown) => {
            const { cell, state, opinion } = shown;
            return (
              <Cell
                key={cell.position}
                position={cell.position}
                state={state}
                text={textInFlow(view, shown)}
                label={describeCell(view, shown)}
                confidence={opinion?.confidence ?? null}
                freshness={freshness(shown)}
                step={step}
                isSelected={chosen === cell.position}
                isTabStop={cell.position === (chosen !== null && chosen >= first ? chosen : first)}
              />
            );
          })}
        </p>
      </div>
      <CanvasLegend counts={counts} hasBlanks={cells.some((shown) => isBlank(cellLabel(view, shown)))} />
    </section>
  );
}
