/** Whether columns stand side by side. */
import { useSyncExternalStore } from "react";

/** From this width on; also in layout.css. */
const WIDE = "(min-width: 1020px)";

const subscribe = (changed: () => void): (() => void) => {
  const list = matchMedia(WIDE);
  list.addEventListener("change", changed);
  return () => list.removeEventListener("change", changed);
};

export const isWideNow = (): boolean => matchMedia(WIDE).matches;

/** Without a browser (first_paint/) nothing is wide. */
export const useIsWide = (): boolean => useSyncExternalStore(subscribe, isWideNow, () => false);
