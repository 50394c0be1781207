/** What makes a line of a live drawing something to point at and press, by pointer or keyboard. */
import type { KeyboardEvent } from "react";
import type { Selection } from "../../stores/layout";
import type { DrawingProps } from "../view";

/** Properties of the line's group; none where the drawing is a still. */
export function pressable(
  target: Selection,
  onHover: DrawingProps["onHover"] | null,
  onPin: DrawingProps["onPin"] | null,
) {
  if (!onHover || !onPin) return { role: "img" };
  return {
    role: "button",
    tabIndex: 0,
    onPointerEnter: () => onHover(target),
    onPointerLeave: () => onHover(null),
    onClick: () => onPin(target),
    onKeyDown: (e: KeyboardEvent) => {
      if (e.key !== "Enter" && e.key !== " ") return;
      e.preventDefault();
      onPin(target);
    },
  };
}
