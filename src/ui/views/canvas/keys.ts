/** Arrow keys on a position: across the text, and from step to step. */
import type { KeyboardEvent } from "react";
import type { RunView } from "../../../trace/view";
import type { Selection } from "../../stores/layout";

export interface PositionKeys {
  readonly view: RunView;
  readonly step: number;
  readonly position: number;
  /** Positions in a row of the drawing; null where up and down go from step to step. */
  readonly columns: number | null;
  readonly onPin: (selection: Selection) => void;
}

/** Where an arrow key leads from a position; null for keys that mean nothing here, and at the edges. */
export function positionAfterKey(
  key: string,
  { view, step, position, columns }: Omit<PositionKeys, "onPin">,
): Extract<Selection, { kind: "position" }> | null {
  const length = view.canvas?.cells.length ?? 0;
  const go = (to: number): Extract<Selection, { kind: "position" }> | null =>
    to < 0 || to >= length ? null : { kind: "position", step, position: to };
  const goStep = (to: number): Extract<Selection, { kind: "position" }> | null =>
    to < 0 ? null : { kind: "position", step: to, position };
  switch (key) {
    case "ArrowLeft":
      return go(position - 1);
    case "ArrowRight":
      return go(position + 1);
    case "ArrowUp":
      return columns === null ? goStep(step - 1) : go(position - columns);
    case "ArrowDown":
      return columns === null ? goStep(step + 1) : go(position + columns);
    default:
      return null;
  }
}

/** Moves the focus with the arrow keys, keeps the position with Enter or Space. */
export function onPositionKey(e: KeyboardEvent, keys: PositionKeys): void {
  const { step, position, onPin } = keys;
  if (e.key === "Enter" || e.key === " ") onPin({ kind: "position", step, position });
  else if (!e.key.startsWith("Arrow")) return;
  // Here arrows never step through the run by themselves, not even at an edge.
  e.preventDefault();
  e.stopPropagation();
  const next = positionAfterKey(e.key, keys);
  if (!next) return;
  const group = e.currentTarget.parentElement;
  group?.querySelector<HTMLElement>(`[data-position="${next.position}"]`)?.focus();
}
