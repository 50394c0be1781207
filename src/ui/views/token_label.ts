/** A token as drawings show it. */
import { pieceOf, type RunView } from "../../trace/view";
import { visiblePiece } from "../format";

/** Its piece with spaces and line ends made visible; its bytes in hexadecimal if they are no whole characters. */
export function tokenLabel(view: RunView, token: number): string {
  const bytes = view.pieces.get(token)?.bytes;
  if (bytes) return `\u27e8${bytes.map((b) => b.toString(16).padStart(2, "0")).join(" ")}\u27e9`;
  return visiblePiece(pieceOf(view, token));
}
