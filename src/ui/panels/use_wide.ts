/** Whether columns stand side by side. */
import { useSyncExternalStore } from "react";

/** From this width on; also in layout.css. */
const WIDE = "(min-width: 1020px)";

const subscribe = (changed: () => void): (() => void) => {
  const list = matchMedia(WIDE);
  list.addEventListener("change", changed);
  return () => list.removeEventListener("change", changed);
};

export const useIsWide = (): boolean => useSyncExternalStore(subscribe, () => matchMedia(WIDE).matches);
