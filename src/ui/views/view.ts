/** What a view is: a drawing made from a moment of a run and a size, and nothing else. */
import type { ReactElement } from "react";
import type { RunView } from "../../trace/view";
import type { Selection } from "../stores/layout";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a drawing is moved and scaled inside its frame. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

export interface DrawingProps {
  readonly view: RunView;
  /** The round to draw; -1 is the prompt alone. */
  readonly step: number;
  readonly size: Size;
  /** Where the visitor moved a zoomable drawing to; without it the drawing fits itself into the frame. */
  readonly placement?: Placement | null;
  readonly selection?: Selection | null;
  /** Which of {@link ViewDefinition.choice} to draw; without it the first. */
  readonly choice?: string | undefined;
  /** Without these the drawing is a still, as in exports and tests. */
  readonly onHover?: (selection: Selection | null) => void;
  readonly onPin?: (selection: Selection) => void;
}

export interface ViewDefinition {
  /** As in the `views` of methods. */
  readonly id: string;
  readonly label: string;
  /** One sentence under the drawing: what its marks mean. */
  readonly help: string;
  /** Runs it is made for: those that append to a text, those that fill a canvas; all if left out. */
  readonly isFor?: "text" | "canvas";
  /** It is given the newest view of the run, and the shown step; others the view of the shown moment. */
  readonly isWholeRun?: boolean;
  /** What the visitor can have it draw, if there is a choice. */
  readonly choice?: {
    readonly label: string;
    readonly options: readonly { readonly value: string; readonly label: string }[];
  };
  /** Panned and zoomed by the frame. */
  readonly isZoomable: boolean;
  /** One svg element of exactly `size`. */
  readonly Drawing: (props: DrawingProps) => ReactElement;
  /** Where a zoomable drawing puts itself when nobody moved it. */
  readonly fit?: (view: RunView, step: number, size: Size) => Placement;
  /** Height of the drawing at a width, for those that have a natural one. */
  readonly heightAt?: (view: RunView, step: number, width: number) => number;
}
