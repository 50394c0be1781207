/** The tabs of drawings under the text: frame, pan and zoom, export, keyboard movement between marks. */
import * as Tabs from "@radix-ui/react-tabs";
import {
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from "react";
import { roundOf } from "../../trace/view";
import { report } from "../engine";
import { useMoment, useRunKind, useSelection, type Moment } from "../moment";
import { goTo, useIsMoving } from "../playback";
import { hover, isSame, pin, setChoice, setView, useLayout, type Selection } from "../stores/layout";
import { usePlayer } from "../stores/player";
import { useRun } from "../stores/run";
import { shownView, tabsFor } from "../views/index";
import { helpOf } from "../views/view";
import { neighbourOf } from "../views/tree_keys";
import { scrollToShow } from "../views/in_sight";
import type { FitWhat, Placement, Size, Stretch, ViewDefinition, ViewHead } from "../views/view";
import { FORCE_ACTION, force } from "./ForceToken";
import { FitIcon, MinusIcon, PathIcon, PlusIcon } from "./icons";
import { SaveMenu } from "./SaveMenu";
import { useSize } from "./use_size";
import { useView } from "./use_view";
import { useZoom, type Zoom } from "./use_zoom";

/** Scrolls a frame when the step or its height changes, if what the step is about would be out of sight. */
function useInSight(
  frame: RefObject<HTMLElement | null>,
  stretch: Stretch | null,
  keyHeight: number,
  step: number,
  height: number,
): void {
  const { top, bottom } = stretch ?? { top: 0, bottom: 0 };
  useEffect(() => {
    const box = frame.current;
    if (!box || bottom <= top) return;
    // The key lies over what would be under its own height.
    const below = { top: top - keyHeight, bottom: bottom - keyHeight };
    const to = scrollToShow(below, box.scrollTop, box.clientHeight - keyHeight);
    if (to !== box.scrollTop) box.scrollTo({ top: to });
  }, [frame, top, bottom, keyHeight, step, height]);
}

/** For so long a moment has to stand until everything of a large drawing can be pointed at, in milliseconds. */
const SETTLED_MS = 200;

/** Whether a moment is about to give way to another, as far as one can tell: it has only just come and the run moves. */
function useIsPassing(moment: Moment): boolean {
  const isMoving = useIsMoving();
  const [settled, setSettled] = useState(moment);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(moment), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [moment]);
  return isMoving && settled !== moment;
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
  // Whoever has the focus inside keeps what has it.
  const [hasFocus, setHasFocus] = useState(false);
  const isPassing = useIsPassing(moment) && !hasFocus;
  // What was under the pointer belongs to the step before.
  useEffect(() => hover(null), [moment.step]);
  const { Drawing, key } = definition;
  const choice = useChoice(definition);
  const { view, step } = moment;
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
    <div
      data-moving={isMoving || undefined}
      className="canvas"
      onFocus={() => setHasFocus(true)}
      onBlur={() => setHasFocus(false)}
    >
      {key && (
        // The same stands in the drawing, for files and for those who hear it read.
        <svg
          className="view-key"
          style={{ marginBottom: -key.heightAt(view, step, size.width) }}
          aria-hidden="true"
          width={size.width}
          height={key.heightAt(view, step, size.width)}
          fontFamily="var(--sans)"
        >
          <key.Drawing {...{ view, step, size, choice }} />
        </svg>
      )}
      <Drawing
        view={view}
        step={step}
        size={size}
        placement={placement}
        selection={selection}
        choice={choice}
        isPassing={isPassing}
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

/** Plus and minus zoom, 0 fits the whole drawing. Returns whether it was such a key. */
function onZoomKey(e: KeyboardEvent<HTMLElement>, { scaleBy, fit }: Zoom): boolean {
  if (e.ctrlKey || e.metaKey || e.altKey) return false;
  if (e.key === "+" || e.key === "=") scaleBy(ZOOM_STEP);
  else if (e.key === "-") scaleBy(1 / ZOOM_STEP);
  else if (e.key === "0") fit("all");
  else return false;
  e.preventDefault();
  e.stopPropagation();
  return true;
}

const ZOOM_STEP = 1.4;
/** What cannot be done where nothing is run. */
const FORCING = ", and again to force one that was not taken.";

function ZoomTools({ zoom: { shown, scaleBy, fit } }: { readonly zoom: Zoom }) {
  const tool = (name: string, title: string, icon: ReactNode, act: () => void, isDisabled = false) => (
    <button
      type="button"
      className="quiet square"
      aria-label={name}
      title={title}
      onClick={act}
      disabled={isDisabled}
    >
      {icon}
    </button>
  );
  return (
    <>
      {tool("Zoom out", "Zoom out (\u2212)", <MinusIcon />, () => scaleBy(1 / ZOOM_STEP))}
      {tool("Zoom in", "Zoom in (+)", <PlusIcon />, () => scaleBy(ZOOM_STEP))}
      {tool("Fit", "Fit the whole drawing (0)", <FitIcon />, () => fit("all"), shown === "all")}
      <button
        type="button"
        className="quiet square"
        aria-label="Follow the path"
        aria-pressed={shown === "path"}
        title="Fit the committed path, in every step"
        onClick={() => fit(shown === "path" ? "all" : "path")}
      >
        <PathIcon />
      </button>
    </>
  );
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
  const isReplayOnly = useLayout((s) => s.isReplayOnly);
  const fitOf = useMemo(() => {
    const fit = definition?.fit;
    return fit && size.width > 0 ? (what: FitWhat) => fit(moment.view, moment.step, size, what) : null;
  }, [definition, moment, size]);
  const zoom = useZoom(frame, fitOf, size, timeline);
  const { view, step } = moment;
  const keyHeight = definition?.key?.heightAt(view, step, size.width) ?? 0;
  const stretch = definition?.inSight?.(view, step, size.width) ?? null;
  useInSight(frame, stretch, keyHeight, step, measured?.height ?? 0);
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
          {head.isZoomable && <ZoomTools zoom={zoom} />}
          <ChoicePicker head={head} />
          {definition && !isReplayOnly && <ExportMenu definition={definition} moment={moment} size={size} />}
        </div>
      </div>
      <Tabs.Content
        value={head.id}
        className="view-frame"
        data-zoomable={head.isZoomable || undefined}
        data-more={(!head.isZoomable && measured && size.height > measured.height + 24) || undefined}
        data-testid={`view-${head.id}`}
        ref={frame}
        // What gets the focus is not scrolled under the key.
        style={{ scrollPaddingTop: keyHeight }}
        tabIndex={head.isZoomable ? -1 : 0}
        onScroll={({ currentTarget: box }) =>
          box.toggleAttribute("data-end", box.scrollTop + box.clientHeight > box.scrollHeight - 24)
        }
        onKeyDown={(e) => (head.isZoomable && onZoomKey(e, zoom)) || onMarkKey(e, moment, size)}
      >
        {definition && measured && measured.width > 0 && (
          <Canvas definition={definition} moment={moment} size={size} placement={zoom.placement} />
        )}
      </Tabs.Content>
      <p className="view-help help" data-testid="view-help">
        {isReplayOnly
          ? helpOf(head, moment.view, moment.step).replace(FORCING, ".")
          : helpOf(head, moment.view, moment.step)}
      </p>
    </Tabs.Root>
  );
}
