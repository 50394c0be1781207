/** A token as drawings show it. */
import { pieceOf, type RunView } from "../../trace/view";
import { visiblePiece } from "../format";

/** Whether a label is made of nothing but signs for whitespace: drawings write it paler than what can be read. */
export const isBlank = (label: string): boolean => /^[\u2423\u21b5\u21e5]+$/.test(label);

/** Its piece with spaces and line ends made visible; its bytes in hexadecimal if they are no whole characters. */
export function tokenLabel(view: RunView, token: number): string {
  const bytes = view.pieces.get(token)?.bytes;
  if (bytes) return `\u27e8${bytes.map((b) => b.toString(16).padStart(2, "0")).join(" ")}\u27e9`;
  return visiblePiece(pieceOf(view, token));
}
