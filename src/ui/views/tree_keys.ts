/** Which mark of the tree drawing an arrow key leads to. */
import type { RoundView, RunView } from "../../trace/view";
import { layTree, type PlacedMark } from "./tree_layout";
import type { Size } from "./view";

/**
 * Key of the mark next to the one with key `from`: left is the parent, right the first child, up and down the nearest
 * mark of the same depth. Null if the key is no arrow or there is no such mark.
 */
export function neighbourOf(
  view: RunView,
  round: RoundView,
  size: Size,
  from: string,
  key: string,
): string | null {
  const { marks } = layTree(view, round, size);
  const at = marks.find((m) => m.key === from);
  if (!at) return null;
  const beside = (sign: 1 | -1): PlacedMark | undefined =>
    marks
      .filter((m) => m.depth === at.depth && (m.y - at.y) * sign > 0)
      .sort((a, b) => (a.y - b.y) * sign)[0];
  switch (key) {
    case "ArrowLeft":
      return at.parent;
    case "ArrowRight":
      return marks.find((m) => m.parent === from)?.key ?? null;
    case "ArrowUp":
      return beside(-1)?.key ?? null;
    case "ArrowDown":
      return beside(1)?.key ?? null;
    default:
      return null;
  }
}
