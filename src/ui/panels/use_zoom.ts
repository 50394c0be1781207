/** Wheel, drag, pinch and buttons on a drawing, as a placement of it in its frame. */
import { select } from "d3-selection";
import { zoom, zoomIdentity, type ZoomBehavior } from "d3-zoom";
import { useEffect, useMemo, useRef, useState, type RefObject } from "react";
import type { Fit, FitWhat, Placement, Size } from "../views/view";

const SMALLEST_SCALE = 0.5;

/**
 * Where a drawing is after a step of d3's zoom, which knows one scale for both directions; `columnScale` is the drawing's own for the
 * horizontal one. What was under the pointer stays there.
 */
export function follow(
  before: { readonly d3: Placement; readonly own: Placement },
  d3: Placement,
  columnScale: Fit["columnScale"],
): Placement {
  const { own } = before;
  if (d3.k === before.d3.k) return { k: d3.k, x: own.x + d3.x - before.d3.x, y: d3.y };
  // The point that a change of scale leaves where it is.
  const still = (d3.x * before.d3.k - before.d3.x * d3.k) / (before.d3.k - d3.k);
  return { k: d3.k, x: still - ((still - own.x) * columnScale(d3.k)) / columnScale(own.k), y: d3.y };
}

/** What a frame shows of a drawing: what fits it, or where the visitor moved it. */
type Shown = FitWhat | Placement;

export interface Zoom {
  /** Null for a drawing that is not zoomed. */
  readonly placement: Placement | null;
  readonly shown: Shown;
  readonly scaleBy: (factor: number) => void;
  readonly fit: (what: FitWhat) => void;
}

/**
 * @param fitOf how the drawing fits, null while it does not zoom; must stay the same as long as the drawing does
 * @param size of the frame
 * @param run another run begins where its drawing fits itself
 */
export function useZoom(
  frame: RefObject<HTMLElement | null>,
  fitOf: ((what: FitWhat) => Fit) | null,
  size: Size,
  run: unknown,
): Zoom {
  const [state, setState] = useState<{ readonly run: unknown; readonly shown: Shown }>({ run, shown: "all" });
  const shown = state.run === run ? state.shown : "all";
  const what = typeof shown === "string" ? shown : "all";
  const fit = useMemo(() => fitOf?.(what) ?? null, [fitOf, what]);
  const placement = fit === null ? null : typeof shown === "string" ? fit.placement : shown;
  const behaviour = useRef<ZoomBehavior<HTMLElement, unknown> | null>(null);
  const isOwn = useRef(false);
  const at = useRef<{ readonly d3: Placement; readonly own: Placement } | null>(null);
  const scaling = useRef<Fit["columnScale"]>((k) => k);
  const isZoomable = fit !== null;
  const { width, height } = size;
  useEffect(() => {
    const element = frame.current;
    if (!element || !isZoomable) return undefined;
    const selection = select<HTMLElement, unknown>(element);
    const z = zoom<HTMLElement, unknown>()
      .clickDistance(4)
      .on("zoom", (e: { transform: Placement }) => {
        const { x, y, k } = e.transform;
        if (isOwn.current || !at.current) return;
        const own = follow(at.current, { x, y, k }, scaling.current);
        at.current = { d3: { x, y, k }, own };
        setState({ run, shown: own });
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
    if (!element || !behaviour.current || !fit) return;
    scaling.current = fit.columnScale;
    behaviour.current.scaleExtent([SMALLEST_SCALE, fit.largest]);
    // Left to itself d3 asks the frame, which has the browser lay out the page in the middle of a change.
    behaviour.current.extent([
      [0, 0],
      [width, height],
    ]);
    if (typeof shown !== "string") return;
    const own = fit.placement;
    isOwn.current = true;
    select<HTMLElement, unknown>(element).call(
      behaviour.current.transform.bind(behaviour.current),
      zoomIdentity.translate(own.x, own.y).scale(own.k),
    );
    isOwn.current = false;
    at.current = { d3: own, own };
  }, [frame, isZoomable, run, shown, fit, width, height]);
  return {
    placement,
    shown,
    scaleBy: (factor) => {
      const element = frame.current;
      if (element && behaviour.current)
        behaviour.current.scaleBy(select<HTMLElement, unknown>(element), factor);
    },
    fit: (what) => setState({ run, shown: what }),
  };
}
