/** The size of an element, kept up to date. */
import { useEffect, useState, type RefObject } from "react";
import type { Size } from "../views/view";

export function useSize(ref: RefObject<HTMLElement | null>): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const read = () =>
      setSize((old) => {
        const next = { width: Math.floor(element.clientWidth), height: Math.floor(element.clientHeight) };
        return old && old.width === next.width && old.height === next.height ? old : next;
      });
    // It tells the first size too, once the browser has laid the page out anyway.
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}
