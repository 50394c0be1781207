/** A canvas as running text: what stands before its first position, and how its pieces are written. */
import { promptParts } from "../../../decoding/canvas/blanks";
import { readsGaps } from "../../../models/catalog";
import type { RunView } from "../../../trace/view";
import { truncate, visiblePiece } from "../../format";
import { tokenLabel } from "../token_label";
import type { ShownCell } from "./cells";

/** Characters of a candidate that a mask has room for. */
const ROOM = 8;
/** Commits fade over so many steps. */
const FADE = 12;

/** The text before the first position that is drawn by itself: the prompt up to its first gap. */
export function headOf({ start }: RunView): string {
  if (start && !readsGaps(start.model)) return start.prompt;
  const first = promptParts(start?.prompt ?? "")[0];
  return first?.kind === "text" ? first.text : "";
}

/** A committed piece in running text: itself, with a sign where it ends the line. */
const pieceInFlow = (piece: string): string =>
  /^[ \n\r\t]*$/.test(piece) ? visiblePiece(piece) + (piece.includes("\n") ? "\n" : "") : piece;

/** What stands at a position: its token, what the model would put there, or nothing. */
export function textInFlow(view: RunView, { cell, state, opinion }: ShownCell): string {
  if (state === "end_fill") return "";
  if (cell.status !== "masked") return pieceInFlow(cell.piece);
  return opinion ? truncate(tokenLabel(view, opinion.token).replace(/^\u00b7/, ""), ROOM) : "";
}

/** From 1, committed in this step, down to 0, long ago or not at all. */
export const freshness = ({ age }: ShownCell): number => (age === null ? 0 : Math.max(0, 1 - age / FADE));
