/** The stage: what is known now, the text, its drawings, and the timeline under them. */
import { lazy, Suspense, useEffect, useRef } from "react";
import { modelOf } from "../definitions";
import { useRunKind } from "../moment";
import { pin, useLayout } from "../stores/layout";
import { useEngine } from "../stores/engine";
import { useRun } from "../stores/run";
import { Caption } from "./Caption";
import { CloseIcon } from "./icons";
import { Chosen } from "./Inspector";
import { Notices } from "./Notices";
import { SlotStrip } from "./SlotStrip";
import { TextPanel } from "./TextPanel";
import { Tour } from "./Tour";
import { Transport } from "./Transport";
import { ViewPanel } from "./ViewPanel";

/** What only runs that fill a canvas need. */
const CanvasText = lazy(async () => ({ default: (await import("./CanvasText")).CanvasText }));
const CanvasStrip = lazy(async () => ({ default: (await import("./CanvasStrip")).CanvasStrip }));

const TaskVerdict = lazy(async () => ({ default: (await import("./TaskVerdict")).TaskVerdict }));

const IdleRules = lazy(async () => ({ default: (await import("./IdleRules")).IdleRules }));

/** What the task's checker says, in runs of models that solve tasks. */
function Verdict() {
  const model = useRun((s) => s.latest.start?.model);
  if (model === undefined || (modelOf(model)?.tasks.length ?? 0) === 0) return null;
  return (
    <Suspense fallback={<p className="task-verdict">{"\u00a0"}</p>}>
      <TaskVerdict />
    </Suspense>
  );
}

/** A node, a position or a token that is chosen. */
const CHOSEN_MARK = ".stage-body [aria-pressed='true']:is([data-key], [data-position])";

/** Where the page is narrow, what was chosen stands right under the drawing it was chosen in. */
function ChosenHere() {
  const sheet = useRef<HTMLElement>(null);
  const pinned = useLayout((s) => s.pinned);
  // The sheet must not lie over what it explains.
  useEffect(() => {
    const mark = document.querySelector(CHOSEN_MARK);
    if (!sheet.current || !mark || getComputedStyle(sheet.current).position !== "fixed") return;
    const hidden = mark.getBoundingClientRect().bottom + 28 - sheet.current.getBoundingClientRect().top;
    if (hidden > 0) window.scrollBy({ top: hidden });
  }, [pinned]);
  const letGo = () => {
    const mark = document.querySelector<SVGElement>(CHOSEN_MARK);
    pin(null);
    mark?.focus({ preventScroll: true });
  };
  return (
    <section
      ref={sheet}
      className="inspector chosen-here"
      aria-label="What is chosen"
      data-testid="chosen-here"
    >
      <button type="button" className="quiet square" aria-label="Let go of what is chosen" onClick={letGo}>
        <CloseIcon />
      </button>
      <Chosen />
    </section>
  );
}

/** @param hasChosen what is chosen is explained under the drawing, where the page is narrow */
export function Stage({ hasChosen = false }: { readonly hasChosen?: boolean }) {
  const kind = useRunKind();
  const isCanvas = kind === "canvas";
  const isOver = useRun((s) => s.latest.status.state === "ended");
  const isEmpty = useRun((s) => s.source.kind === "none");
  const isBefore = useEngine((s) => s.isAwaited);
  return (
    <div className="stage">
      {/* What does not fit scrolls; the transport under it is always there. */}
      <div
        className="stage-body"
        data-testid="stage-body"
        data-empty={isEmpty || undefined}
        data-before={isBefore || undefined}
      >
        <Notices />
        <Caption />
        <Verdict />
        <Suspense fallback={null}>{isOver && <IdleRules />}</Suspense>
        <Suspense fallback={null}>{isCanvas ? <CanvasText /> : <TextPanel />}</Suspense>
        <Tour />
        <ViewPanel />
        {hasChosen && <ChosenHere />}
        <Suspense fallback={null}>{isCanvas ? <CanvasStrip /> : kind === "text" && <SlotStrip />}</Suspense>
      </div>
      <Transport />
    </div>
  );
}
