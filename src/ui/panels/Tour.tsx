/** What one is looking at: three sentences under the text, the one about the shown moment in full ink, and what the drawing is for. */
import { useEffect, useRef } from "react";
import { captionsOf } from "../captions";
import { kindOf, useMoment } from "../moment";
import { closeTour, useLayout } from "../stores/layout";
import { shownView } from "../views/index";
import { CloseIcon } from "./icons";
import { useIsWide } from "./use_wide";

export function Tour() {
  const isOpen = useLayout((s) => s.isTourOpen);
  const { view, step } = useMoment();
  const tab = useLayout((s) => s.view);
  const isWide = useIsWide();
  const list = useRef<HTMLOListElement>(null);
  const captions = isOpen && view.start ? captionsOf(view, step) : null;
  const now = captions?.now ?? null;
  // On a phone the sentences lie in a strip, and the one that is told now is brought to its front.
  const front = useRef(0);
  useEffect(() => {
    if (isWide || front.current === (now ?? 0)) return undefined;
    front.current = now ?? 0;
    const show = () => {
      const line = list.current?.children[front.current];
      if (line instanceof HTMLElement)
        list.current?.scrollTo({ left: line.offsetLeft - list.current.offsetLeft });
    };
    // Once the frame is drawn: asked before that, where a line stands, the browser lays the whole page out once more.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => (timer = setTimeout(show)));
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [now, isWide]);
  if (!captions) return null;
  const { lines } = captions;
  const { label, about } = shownView(tab, kindOf(view)).head;
  return (
    <section className="tour" aria-label="What you are looking at" data-testid="tour">
      <ol ref={list} tabIndex={isWide ? undefined : 0}>
        {lines.map((line, i) => (
          <li key={line} aria-current={i === now ? "step" : undefined}>
            <span className="tour-number figures">{i + 1}</span>
            {line}
          </li>
        ))}
      </ol>
      {about !== undefined && (
        <p className="tour-view">
          <strong>{label}</strong> {about}
        </p>
      )}
      <button type="button" className="quiet square" aria-label="Close the explanation" onClick={closeTour}>
        <CloseIcon />
      </button>
    </section>
  );
}
