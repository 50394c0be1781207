/**
 * What the last click did and the button that takes it back; also Ctrl+Z or Cmd+Z outside text fields. The offer goes by itself, but
 * not while somebody is at it.
 */
import { useEffect, useState } from "react";
import { dropUndo, undo, type Undoable } from "../stores/undo";
import { CloseIcon } from "./icons";
import "./undo.css";

/** So long an offer stands while nobody points at it or has the focus in it, in milliseconds. */
export const OFFERED_MS = 15_000;

function onKey(e: KeyboardEvent): void {
  if (e.key !== "z" || !(e.ctrlKey || e.metaKey) || e.shiftKey || e.defaultPrevented) return;
  // There the browser's own undo is meant.
  if (e.target instanceof Element && e.target.closest("input:not([type=range]), textarea, [role=dialog]"))
    return;
  e.preventDefault();
  undo();
}

export function UndoOffer({ offer }: { readonly offer: Undoable }) {
  const [isPointedAt, setPointedAt] = useState(false);
  const [hasFocus, setFocus] = useState(false);
  const isHeld = isPointedAt || hasFocus;
  useEffect(() => {
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(dropUndo, OFFERED_MS);
    return () => clearTimeout(timer);
  }, [offer, isHeld]);
  return (
    <div
      className="undo-offer"
      onPointerEnter={() => setPointedAt(true)}
      onPointerLeave={() => setPointedAt(false)}
      onFocus={() => setFocus(true)}
      onBlur={() => setFocus(false)}
    >
      <p>{offer.did}</p>
      <button type="button" title="Undo (Ctrl+Z)" aria-keyshortcuts="Control+z" onClick={undo}>
        Undo
      </button>
      <button type="button" className="quiet square" aria-label="Keep it so" onClick={dropUndo}>
        <CloseIcon />
      </button>
    </div>
  );
}
