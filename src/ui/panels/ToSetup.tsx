/** Where the page is narrow, setup and stage lie far apart: one button leads from either to the other. */
import { useEffect, useState } from "react";
import { useIsWide } from "./use_wide";

/** Goes to the section that is called so. */
function goTo(section: Element | null): void {
  if (!(section instanceof HTMLElement)) return;
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
  section.scrollIntoView();
}

const sectionOf = (name: "Setup" | "Stage"): Element | null =>
  document.querySelector(`.folded > [aria-label="${name}"]`);

export function ToSetup() {
  const isWide = useIsWide();
  const [isThere, setThere] = useState(false);
  useEffect(() => {
    const setup = isWide ? null : sectionOf("Setup");
    if (!setup) return undefined;
    // Where the middle of the window is, one is.
    const observer = new IntersectionObserver(
      (entries) => setThere(entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: "-50% 0px" },
    );
    observer.observe(setup);
    return () => observer.disconnect();
  }, [isWide]);
  if (isWide) return null;
  return isThere ? (
    <button
      type="button"
      title="Back to text and drawings"
      onClick={() => {
        goTo(sectionOf("Stage"));
        // With the line across the top.
        window.scrollTo({ top: 0 });
      }}
    >
      Stage
    </button>
  ) : (
    <button type="button" title="To prompt, method and settings" onClick={() => goTo(sectionOf("Setup"))}>
      Setup
    </button>
  );
}
