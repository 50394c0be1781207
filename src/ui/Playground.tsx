/** Where runs are made and seen: setup, stage, inspector side by side, or one under the other where it is narrow. */
import { lazy, Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";
import { labelOf, modelOf, modelsLabel } from "./definitions";
import { plural } from "./format";
import { listenToKeys } from "./keys";
import { useRunKind } from "./moment";
import { CompareLink } from "./panels/CompareLink";
import { DropTarget } from "./panels/DropTarget";
import { CloseIcon } from "./panels/icons";
import { Chosen, Inspector } from "./panels/Inspector";
import { LiveRegion } from "./panels/LiveRegion";
import { Notices } from "./panels/Notices";
import { Setup } from "./panels/Setup";
import { SlotStrip } from "./panels/SlotStrip";
import { TextPanel } from "./panels/TextPanel";
import { Tour } from "./panels/Tour";
import { Transport } from "./panels/Transport";
import { ViewPanel } from "./panels/ViewPanel";
import { closeTour, openTour, pin, useLayout } from "./stores/layout";
import { useRun, type RunSource } from "./stores/run";

/** From this width on the three columns stand side by side; also in layout.css. */
const WIDE = "(min-width: 1020px)";

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}

const SOURCE_NAME: Readonly<Record<RunSource["kind"], string>> = {
  none: "",
  recorded: "Recorded run",
  live: "Live run",
  file: "Trace file",
  link: "Run from a link",
};

/** What only runs that fill a canvas need. */
const CanvasText = lazy(async () => ({ default: (await import("./panels/CanvasText")).CanvasText }));
const CanvasStrip = lazy(async () => ({ default: (await import("./panels/CanvasStrip")).CanvasStrip }));

const TaskVerdict = lazy(async () => ({ default: (await import("./panels/TaskVerdict")).TaskVerdict }));

const IdleRules = lazy(async () => ({ default: (await import("./panels/IdleRules")).IdleRules }));

/** What the task's checker says, in runs of models that solve tasks. */
function Verdict() {
  const model = useRun((s) => s.latest.start?.model);
  if (model === undefined || (modelOf(model)?.tasks.length ?? 0) === 0) return null;
  return (
    <Suspense fallback={null}>
      <TaskVerdict />
    </Suspense>
  );
}

function Caption() {
  const source = useRun((s) => s.source);
  const start = useRun((s) => s.latest.start);
  const status = useRun((s) => s.latest.status);
  const isTourOpen = useLayout((s) => s.isTourOpen);
  return (
    <div className="caption">
      <strong>{SOURCE_NAME[source.kind]}</strong>
      {source.kind === "file" && <span>{source.name}</span>}
      {start && (
        <>
          <span>{labelOf(start.method)}</span>
          <span>{modelsLabel(start)}</span>
          <span className="figures">temperature {start.sampler.temperature}</span>
          <span className="figures">seed {start.seed}</span>
        </>
      )}
      {start?.begin && (
        <span className="figures">
          begins with {plural(start.begin.tokens.filter((token) => token !== null).length, "given token")}
        </span>
      )}
      {status.state === "ended" && status.reason === "cancelled" && <span>cancelled</span>}
      {start && (
        <button
          type="button"
          className="caption-button"
          aria-expanded={isTourOpen}
          onClick={isTourOpen ? closeTour : openTour}
        >
          What am I looking at?
        </button>
      )}
      {start && <CompareLink what="stage" />}
    </div>
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

function Stage({ hasChosen = false }: { readonly hasChosen?: boolean }) {
  const kind = useRunKind();
  const isCanvas = kind === "canvas";
  const isOver = useRun((s) => s.latest.status.state === "ended");
  return (
    <div className="stage">
      {/* What does not fit scrolls; the transport under it is always there. */}
      <div className="stage-body" data-testid="stage-body">
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

function Columns() {
  return (
    <Group className="columns" orientation="horizontal" id="columns">
      <Panel
        id="setup"
        defaultSize={292}
        minSize={240}
        maxSize={420}
        groupResizeBehavior="preserve-pixel-size"
      >
        <section className="column" aria-label="Setup">
          <Setup />
        </section>
      </Panel>
      <Separator className="separator" aria-label="Width of the setup column" />
      <Panel id="stage" minSize={420}>
        <section className="column" aria-label="Stage">
          <Stage />
        </section>
      </Panel>
      <Separator className="separator" aria-label="Width of the inspector column" />
      <Panel
        id="inspector"
        defaultSize={328}
        minSize={260}
        maxSize={480}
        groupResizeBehavior="preserve-pixel-size"
      >
        <section className="column" aria-label="Inspector">
          <Inspector />
        </section>
      </Panel>
    </Group>
  );
}

function Folded() {
  const hasChosen = useLayout((s) => s.pinned !== null);
  return (
    <div className="folded">
      <section aria-label="Stage">
        <Stage hasChosen={hasChosen} />
      </section>
      <section aria-label="Inspector">
        <Inspector isChosenElsewhere={hasChosen} />
      </section>
      <section aria-label="Setup">
        <Setup />
      </section>
    </div>
  );
}

export function Playground() {
  const isWide = useMedia(WIDE);
  useEffect(listenToKeys, []);
  return (
    <>
      {isWide ? <Columns /> : <Folded />}
      <LiveRegion />
      <DropTarget />
    </>
  );
}
