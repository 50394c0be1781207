/** What a view is: a drawing made from a moment of a run and a size, and nothing else. */
import type { ReactElement } from "react";
import type { RunView } from "../../trace/view";
import type { Selection } from "../stores/layout";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A part of a drawing's height, in px from its top. */
export interface Stretch {
  readonly top: number;
  readonly bottom: number;
}

/** How a drawing is moved and scaled inside its frame. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

/** What a zoomable drawing is made to fit the frame: all of it, or the part that matters most, as large as its labels need. */
export type FitWhat = "all" | "path";

export interface Fit {
  readonly placement: Placement;
  /** Largest scale worth zooming to. */
  readonly largest: number;
  /** Horizontal scale at a (vertical) scale, for drawings whose columns do not widen as fast as their rows. */
  readonly columnScale: (k: number) => number;
}

export interface DrawingProps {
  readonly view: RunView;
  /** The round to draw; -1 is the prompt alone. */
  readonly step: number;
  readonly size: Size;
  /** Where the visitor moved a zoomable drawing to; without it the drawing fits itself into the frame. */
  readonly placement?: Placement | null;
  readonly selection?: Selection | null;
  /** Another moment is about to take its place: what cannot be used so quickly may be left out until one stays. */
  readonly isPassing?: boolean;
  /** Which of {@link ViewDefinition.choice} to draw; without it the first. */
  readonly choice?: string | undefined;
  /** Without these the drawing is a still, as in exports and tests. */
  readonly onHover?: (selection: Selection | null) => void;
  readonly onPin?: (selection: Selection) => void;
}

/**
 * What a run does: append to a text, fill a canvas, append with a depth of its own for each token, or refine a wave of tokens
 * in depth.
 */
export type RunKind = "text" | "canvas" | "depth" | "wave";

/** What is known of a view before its drawing is fetched. */
export interface ViewHead {
  /** As in the `views` of methods. */
  readonly id: string;
  readonly label: string;
  /** What it is for, in one sentence, told by "What am I looking at?"; without it the sentences about the run say enough. */
  readonly about?: string;
  /** One sentence under the drawing: what its marks mean. */
  readonly help: string;
  /** The same for a moment, where what there is to see depends on it; only what is in the drawing is explained. */
  readonly helpAt?: (view: RunView, step: number) => string;
  /** Runs it is made for; all if left out. */
  readonly isFor?: readonly RunKind[];
  /** It is given the newest view of the run, and the shown step; others the view of the shown moment. */
  readonly isWholeRun?: boolean;
  /** What the visitor can have it draw, if there is a choice. */
  readonly choice?: {
    readonly label: string;
    readonly options: readonly { readonly value: string; readonly label: string }[];
  };
  /** Panned and zoomed by the frame. */
  readonly isZoomable: boolean;
}

/** The words under a drawing. */
export const helpOf = (head: ViewHead, view: RunView, step: number): string =>
  head.helpAt?.(view, step) ?? head.help;

/** What explains the marks of a drawing, at its top; it stays in sight when the rest is scrolled. */
export interface ViewKey {
  /** A group of svg, drawn by the drawing itself as well. */
  readonly Drawing: (props: DrawingProps) => ReactElement;
  /** In px from the top. */
  readonly heightAt: (view: RunView, step: number, width: number) => number;
}

export interface ViewDefinition extends ViewHead {
  /** One svg element of exactly `size`. */
  readonly Drawing: (props: DrawingProps) => ReactElement;
  /** Of drawings that can be higher than their frame. */
  readonly key?: ViewKey;
  /** Where a zoomable drawing puts itself when nobody moved it. */
  readonly fit?: (view: RunView, step: number, size: Size, what: FitWhat) => Fit;
  /** Height of the drawing at a width, for those that have a natural one; `room` is the height of the frame, where there is one. */
  readonly heightAt?: (view: RunView, step: number, width: number, room?: number) => number;
  /** What of a drawing that is higher than its frame has to be in sight in a step, in px; null if nothing has. */
  readonly inSight?: (view: RunView, step: number, width: number) => Stretch | null;
}

/** A tab of the stage: its head, and its drawing, which is here from the start or fetched when it is first shown. */
export interface ViewTab {
  readonly head: ViewHead;
  /** The view once it is here. */
  readonly ready: () => ViewDefinition | null;
  readonly load: () => Promise<ViewDefinition>;
}

/** The tab of a view that comes with the page. */
export const tabOf = (view: ViewDefinition): ViewTab => ({
  head: view,
  ready: () => view,
  load: () => Promise.resolve(view),
});

/** The tab of a view whose code is fetched when a run needs it. A failed fetch is tried again the next time. */
export function lazyTab(head: ViewHead, fetchView: () => Promise<ViewDefinition>): ViewTab {
  let view: ViewDefinition | null = null;
  let asked: Promise<ViewDefinition> | null = null;
  const load = () =>
    (asked ??= fetchView().then(
      (fetched) => (view = fetched),
      (thrown: unknown) => {
        asked = null;
        throw thrown;
      },
    ));
  return { head, ready: () => view, load };
}
