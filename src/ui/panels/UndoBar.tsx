/** Says what the last click replaced or removed, and takes it back; also by Ctrl+Z or Cmd+Z outside text fields. */
import { useEffect } from "react";
import { dropUndo, undo, useUndo } from "../stores/undo";
import { CloseIcon } from "./icons";

function onKey(e: KeyboardEvent): void {
  if (e.key !== "z" || !(e.ctrlKey || e.metaKey) || e.shiftKey || e.defaultPrevented) return;
  // There the browser's own undo is meant.
  if (e.target instanceof Element && e.target.closest("input:not([type=range]), textarea, [role=dialog]"))
    return;
  e.preventDefault();
  undo();
}

export function UndoBar() {
  const last = useUndo((s) => s.last);
  useEffect(() => {
    if (!last) return undefined;
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [last]);
  return (
    // There before there is anything to say, so that screen readers hear it.
    <div className="undo-bar" role="status" data-testid="undo-bar">
      {last && (
        <>
          <p>{last.did}</p>
          <button type="button" aria-keyshortcuts="Control+z" onClick={undo}>
            Undo
          </button>
          <button type="button" className="quiet square" aria-label="Keep it so" onClick={dropUndo}>
            <CloseIcon />
          </button>
        </>
      )}
    </div>
  );
}
