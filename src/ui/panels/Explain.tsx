/** Explains numbers, signs and controls when they are pointed at, focused or held: one small text beside whatever asks for one. */
import { useEffect, useLayoutEffect, useRef, useState } from "react";

/** Time that a pointer has to rest, in milliseconds. */
const REST_MS = 300;
/** Time that a finger has to stay, in milliseconds, and how far it may move, in px. */
const HOLD_MS = 450;
const HOLD_PX = 10;
/** Distance from what is explained and from the edges of the window, in px. */
const APART = 6;
const ID = "explanation";

/** Attributes that make an element explain itself. It can be focused, so that keys reach what a pointer does. */
export const explains = (help: string) => ({ "data-explain": help, tabIndex: 0 }) as const;

const explained = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>("[data-explain]") : null;
/** Controls have short titles, which browsers show to mice only. */
const titled = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>("[data-explain],[title]") : null;

const textOf = (element: HTMLElement): string => element.dataset.explain ?? element.title;

/** Shows explanations for the whole document; mounted once. */
export function ExplainLayer() {
  const [shown, setShown] = useState<HTMLElement | null>(null);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let held: { readonly x: number; readonly y: number } | null = null;
    const wait = (ms: number, element: HTMLElement): void => {
      clearTimeout(timer);
      timer = setTimeout(() => setShown(element), ms);
    };
    const hide = (): void => {
      clearTimeout(timer);
      setShown(null);
    };
    const listeners: Partial<{ [K in keyof DocumentEventMap]: (e: DocumentEventMap[K]) => void }> = {
      pointerover(e) {
        const element = e.pointerType === "mouse" ? explained(e.target) : null;
        if (element) wait(REST_MS, element);
      },
      pointerout(e) {
        if (e.pointerType === "mouse" && explained(e.target)) hide();
      },
      pointerdown(e) {
        hide();
        const element = e.pointerType === "mouse" ? null : titled(e.target);
        held = element ? { x: e.clientX, y: e.clientY } : null;
        if (element) wait(HOLD_MS, element);
      },
      pointermove(e) {
        if (held && Math.hypot(e.clientX - held.x, e.clientY - held.y) > HOLD_PX) {
          clearTimeout(timer);
          held = null;
        }
      },
      pointerup() {
        clearTimeout(timer);
        held = null;
      },
      pointercancel() {
        clearTimeout(timer);
        held = null;
      },
      focusin(e) {
        const element = titled(e.target);
        if (element?.matches(":focus-visible")) wait(REST_MS, element);
      },
      focusout: hide,
      keydown(e) {
        if (e.key === "Escape") hide();
      },
      scroll: hide,
    };
    const all = Object.entries(listeners) as [string, EventListener][];
    for (const [type, listener] of all) document.addEventListener(type, listener, { capture: true });
    return () => {
      clearTimeout(timer);
      for (const [type, listener] of all) document.removeEventListener(type, listener, { capture: true });
    };
  }, []);

  useLayoutEffect(() => {
    const { current } = box;
    if (!shown || !current) return undefined;
    const at = shown.getBoundingClientRect();
    const { width, height } = current.getBoundingClientRect();
    const isBelow = at.bottom + APART + height < window.innerHeight;
    const left = Math.min(at.left, window.innerWidth - width - APART);
    current.style.left = `${Math.max(APART, left)}px`;
    current.style.top = `${isBelow ? at.bottom + APART : Math.max(APART, at.top - APART - height)}px`;
    const before = shown.getAttribute("aria-describedby");
    shown.setAttribute("aria-describedby", before ? `${before} ${ID}` : ID);
    return () => {
      if (before) shown.setAttribute("aria-describedby", before);
      else shown.removeAttribute("aria-describedby");
    };
  }, [shown]);

  if (!shown?.isConnected) return null;
  return (
    <div ref={box} id={ID} role="tooltip" className="explanation" data-testid="explanation">
      {textOf(shown)}
    </div>
  );
}
