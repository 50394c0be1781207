/**
 * Branches of runs that fill a canvas: what a run would begin with in which one position is another token, or a mask
 * again. Everything the parent had committed by then is given; the rest is filled in anew.
 */
import type { RunBegin } from "../trace/events";
import { pieceOf, roundOf, type RunView } from "../trace/view";
import type { Branch } from "./branch";
import { settingsOfRun } from "./run_settings";

/** A token for the position, or null to mask it again. */
export type Change = number | null;

/**
 * The branch that makes the change after a step of `view`; a message where nothing would be left to do; null where the
 * position is none that a branch can change: part of the prompt, or not there.
 */
export function canvasBranch(
  view: RunView,
  step: number,
  position: number,
  change: Change,
): Branch | { readonly problem: string } | null {
  const { start, canvas } = view;
  const cells = step < 0 ? canvas?.opened : roundOf(view, step)?.canvas?.cells;
  const cell = cells?.[position];
  if (!start || !canvas || !cells || !cell) return null;
  const length = start.promptTokens.length;
  if (position < canvas.first || position < length) return null;
  if (change === null && cell.status === "masked") return null;
  const tokens = cells.slice(length).map((c): number | null => {
    if (c.position === position) return change;
    // What fills up behind the end of the text follows from it.
    return c.status === "masked" || c.reason === "end_fill" ? null : c.token;
  });
  if (!tokens.includes(null) && tokens.length >= start.maxNewTokens)
    return {
      problem:
        "Nothing would be left to fill in. Go back to a step in which some positions are still masked.",
    };
  const index = position - length;
  const forced = new Set(start.begin?.forced.filter((i) => i !== index && tokens[i] !== null));
  if (change !== null) forced.add(index);
  const begin: RunBegin = {
    step: (start.begin?.step ?? 0) + step + 1,
    tokens,
    forced: [...forced].sort((a, b) => a - b),
  };
  return {
    settings: settingsOfRun(start, begin),
    step: Math.max(0, step),
    forced: change === null ? `mask at ${position}` : pieceOf(view, change),
  };
}
