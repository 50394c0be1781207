/** The tabs of drawings under the text: frame, pan and zoom, export, keyboard movement between marks. */
import { select } from "d3-selection";
import { zoom, zoomIdentity, type ZoomBehavior } from "d3-zoom";
import * as Tabs from "@radix-ui/react-tabs";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { roundOf } from "../../trace/view";
import { report } from "../engine";
import { useMoment, useRunKind, useSelection, type Moment } from "../moment";
import { goTo } from "../playback";
import { hover, isSame, pin, setChoice, setView, useLayout, type Selection } from "../stores/layout";
import { usePlayer } from "../stores/player";
import { useRun } from "../stores/run";
import { shownView, tabsFor } from "../views/index";
import { neighbourOf } from "../views/tree_keys";
import { scrollToShow } from "../views/in_sight";
import type { Placement, Size, Stretch, ViewDefinition, ViewHead } from "../views/view";
import { FORCE_ACTION, force } from "./ForceToken";
import { FitIcon, MinusIcon, PlusIcon } from "./icons";
import { SaveMenu } from "./SaveMenu";
import { useSize } from "./use_size";
import { useView } from "./use_view";

const SMALLEST_SCALE = 0.15;
const LARGEST_SCALE = 3;

/** Wheel, drag and pinch on an element, as a placement; null as long as nobody moved anything. */
function useZoom(
  frame: RefObject<HTMLElement | null>,
  fitted: Placement | null,
  isZoomable: boolean,
  run: unknown,
) {
  // Another run begins where its drawing fits itself.
  const [state, setState] = useState<{ readonly run: unknown; readonly placement: Placement | null }>({
    run,
    placement: null,
  });
  const moved = state.run === run ? state.placement : null;
  const behaviour = useRef<ZoomBehavior<HTMLElement, unknown> | null>(null);
  const isOwn = useRef(false);
  useEffect(() => {
    const element = frame.current;
    if (!element || !isZoomable) return undefined;
    const selection = select<HTMLElement, unknown>(element);
    const z = zoom<HTMLElement, unknown>()
      .scaleExtent([SMALLEST_SCALE, LARGEST_SCALE])
      .clickDistance(4)
      .on("zoom", (e: { transform: Placement }) => {
        const { x, y, k } = e.transform;
        if (!isOwn.current) setState({ run, placement: { x, y, k } });
      });
    behaviour.current = z;
    selection.call(z).on("dblclick.zoom", null);
    return () => {
      selection.on(".zoom", null);
      behaviour.current = null;
    };
  }, [frame, isZoomable, run]);
  // A drawing that fits itself tells d3 where it is, so that the first drag starts from there.
  useEffect(() => {
    const element = frame.current;
    if (!element || !behaviour.current || moved || !fitted) return;
    isOwn.current = true;
    select<HTMLElement, unknown>(element).call(
      behaviour.current.transform.bind(behaviour.current),
      zoomIdentity.translate(fitted.x, fitted.y).scale(fitted.k),
    );
    isOwn.current = false;
  }, [frame, isZoomable, run, moved, fitted]);
  const scaleBy = (factor: number) => {
    const element = frame.current;
    if (element && behaviour.current)
      behaviour.current.scaleBy(select<HTMLElement, unknown>(element), factor);
  };
  return { moved, scaleBy, reset: () => setState({ run, placement: null }) };
}

/** Scrolls a frame when the step changes, if what the step is about would be out of sight. */
function useInSight(frame: RefObject<HTMLElement | null>, stretch: Stretch | null, step: number): void {
  const { top, bottom } = stretch ?? { top: 0, bottom: 0 };
  useEffect(() => {
    const box = frame.current;
    if (!box || bottom <= top) return;
    const to = scrollToShow({ top, bottom }, box.scrollTop, box.clientHeight);
    if (to !== box.scrollTop) box.scrollTo({ top: to });
  }, [frame, top, bottom, step]);
}

interface CanvasProps {
  readonly definition: ViewDefinition;
  readonly moment: Moment;
  readonly size: Size;
  readonly placement: Placement | null;
}

function Canvas({ definition, moment, size, placement }: CanvasProps) {
  const selection = useSelection(moment.step);
  const isMoving = usePlayer((s) => s.isPlaying);
  // What was under the pointer belongs to the step before.
  useEffect(() => hover(null), [moment.step]);
  const { Drawing } = definition;
  const choice = useChoice(definition);
  const choose = (s: Selection) => {
    // A second click on what is kept forces it.
    if (definition.id === "tree" && isSame(s, useLayout.getState().pinned) && force(moment.view, s)) return;
    pin(s);
    if (definition.id === "steps" && s.kind === "node") {
      goTo(s.step);
      setView(moment.view.canvas ? "canvas" : "tree");
    }
    // A drawing of many steps leads to the one that was chosen in it.
    if (s.kind === "position" && s.step !== moment.step) goTo(s.step);
  };
  return (
    <div data-moving={isMoving || undefined} className="canvas">
      <Drawing
        view={moment.view}
        step={moment.step}
        size={size}
        placement={placement}
        selection={selection}
        choice={choice}
        onHover={hover}
        onPin={choose}
      />
    </div>
  );
}

/** What the visitor chose to see in a drawing, or the first it offers. */
function useChoice({ id, choice }: ViewHead): string | undefined {
  const chosen = useLayout((s) => s.choices[id]);
  return choice?.options.find((o) => o.value === chosen)?.value ?? choice?.options[0]?.value;
}

/** Arrow keys go from mark to mark, Enter and Space choose one. */
function onMarkKey(e: KeyboardEvent<HTMLElement>, moment: Moment, size: Size): void {
  const mark = (e.target as Element).closest<SVGGElement>("[data-key]");
  const round = roundOf(moment.view, moment.step);
  if (!mark || !round) return;
  if (e.key === "Enter" || e.key === " ") {
    mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    e.preventDefault();
    e.stopPropagation();
    // Once the inspector has drawn it.
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[${FORCE_ACTION}]`)?.focus());
    return;
  }
  if (!e.key.startsWith("Arrow")) return;
  // Inside the tree arrows never step through the run, not even where there is no mark to go to.
  e.preventDefault();
  e.stopPropagation();
  const next = neighbourOf(moment.view, round, size, mark.dataset.key ?? "", e.key);
  e.currentTarget.querySelector<SVGGElement>(`[data-key="${next}"]`)?.focus();
}

/** What a drawing lets the visitor choose. */
function ChoicePicker({ head }: { readonly head: ViewHead }) {
  const chosen = useChoice(head);
  if (!head.choice) return null;
  const { label, options } = head.choice;
  return (
    <label className="view-choice">
      <span className="visually-hidden">{label}</span>
      <select value={chosen} onChange={(e) => setChoice(head.id, e.target.value)}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.label}
          </option>
        ))}
      </select>
    </label>
  );
}

function ExportMenu({ definition, moment, size }: Omit<CanvasProps, "placement">) {
  const choice = useChoice(definition);
  return (
    <SaveMenu
      label="Save picture"
      onSave={(format) =>
        void import("../export").then(
          (m) => m.exportPicture({ definition, choice }, moment, size, format),
          report,
        )
      }
    />
  );
}

export function ViewPanel() {
  const id = useLayout((s) => s.view);
  const kind = useRunKind();
  const tab = shownView(id, kind);
  const { head } = tab;
  const definition = useView(tab);
  const shown = useMoment();
  const latest = useRun((s) => s.latest);
  const moment = useMemo(() => (head.isWholeRun ? { ...shown, view: latest } : shown), [head, shown, latest]);
  const timeline = useRun((s) => s.timeline);
  const frame = useRef<HTMLDivElement>(null);
  const measured = useSize(frame);
  const size = useMemo<Size>(
    () => ({
      width: measured?.width ?? 0,
      height:
        (measured && definition?.heightAt?.(moment.view, moment.step, measured.width, measured.height)) ??
        measured?.height ??
        0,
    }),
    [measured, definition, moment],
  );
  const fitted = useMemo(
    () => (definition?.fit && size.width > 0 ? definition.fit(moment.view, moment.step, size) : null),
    [definition, moment, size],
  );
  const { moved, scaleBy, reset } = useZoom(frame, fitted, head.isZoomable, timeline);
  const placement = head.isZoomable ? moved : null;
  useInSight(frame, definition?.inSight?.(moment.view, moment.step, size.width) ?? null, moment.step);
  return (
    <Tabs.Root className="view-panel" value={head.id} onValueChange={setView} activationMode="manual">
      <div className="view-bar">
        <Tabs.List className="tabs" aria-label="Views">
          {tabsFor(kind).map((t) => (
            <Tabs.Trigger key={t.head.id} value={t.head.id}>
              {t.head.label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <div className="view-tools">
          {head.isZoomable && (
            <>
              <button
                type="button"
                className="quiet square zoom-button"
                aria-label="Zoom out"
                title="Zoom out"
                onClick={() => scaleBy(1 / 1.3)}
              >
                <MinusIcon />
              </button>
              <button
                type="button"
                className="quiet square zoom-button"
                aria-label="Zoom in"
                title="Zoom in"
                onClick={() => scaleBy(1.3)}
              >
                <PlusIcon />
              </button>
              <button
                type="button"
                className="quiet square"
                aria-label="Fit"
                title="Fit"
                onClick={reset}
                disabled={moved === null}
              >
                <FitIcon />
              </button>
            </>
          )}
          <ChoicePicker head={head} />
          {definition && <ExportMenu definition={definition} moment={moment} size={size} />}
        </div>
      </div>
      <Tabs.Content
        value={head.id}
        className="view-frame"
        data-zoomable={head.isZoomable || undefined}
        data-testid={`view-${head.id}`}
        ref={frame}
        tabIndex={head.isZoomable ? -1 : 0}
        onKeyDown={(e) => onMarkKey(e, moment, size)}
      >
        {definition && measured && measured.width > 0 && (
          <Canvas definition={definition} moment={moment} size={size} placement={placement} />
        )}
      </Tabs.Content>
      <p className="view-help help">{head.help}</p>
    </Tabs.Root>
  );
}
