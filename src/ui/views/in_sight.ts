/** Where a frame is scrolled to so that a part of a drawing can be seen. */
import type { Stretch } from "./view";

/** Px left free above and below. */
const AIR = 10;

/** The scroll position that shows a stretch; the present one if it does already. Of what is higher than the frame, the top is shown. */
export function scrollToShow({ top, bottom }: Stretch, scrolled: number, height: number): number {
  if (top >= scrolled && bottom <= scrolled + height) return scrolled;
  if (bottom - top + 2 * AIR > height) return Math.max(0, top - AIR);
  return Math.max(0, top < scrolled ? top - AIR : bottom + AIR - height);
}
