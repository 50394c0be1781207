/** What the page draws of a canvas. Part of {@link RunView}; plain data, never changed. */
import type {
  CanvasEvent,
  DenoiseEvent,
  JudgeEvent,
  ProbeEvent,
  RemaskEvent,
  ScoresEvent,
  UnmaskEvent,
  UnmaskReason,
} from "./canvas_events";

/** One position. */
export interface CanvasCell {
  readonly position: number;
  /** `fixed` positions were given and never change. */
  readonly status: "fixed" | "masked" | "committed";
  /** The mask's id while masked. */
  readonly token: number;
  /** Text of the token alone; empty while masked. */
  readonly piece: string;
  /** Step of its latest commit; null for fixed and masked ones. */
  readonly step: number | null;
  /** Log of its probability at that commit. */
  readonly logprob: number | null;
  readonly reason: UnmaskReason | null;
  /** How often it was masked again. */
  readonly remasked: number;
  /** Step in which its keys and values were last computed; null if never. */
  readonly computedAt: number | null;
}

export interface CanvasView {
  readonly start: CanvasEvent;
  readonly cells: readonly CanvasCell[];
  /** The same before the first step. */
  readonly opened: readonly CanvasCell[];
  /** First position behind the prompt. */
  readonly first: number;
}

/** What one step did to the canvas. */
export interface CanvasRound {
  readonly denoise: DenoiseEvent | null;
  readonly scores: ScoresEvent | null;
  readonly judge: JudgeEvent | null;
  readonly probes: readonly ProbeEvent[];
  readonly unmasked: readonly UnmaskEvent[];
  readonly remasked: readonly RemaskEvent[];
  /** All positions as the step has left them so far. */
  readonly cells: readonly CanvasCell[];
}

export const EMPTY_CANVAS_ROUND: CanvasRound = {
  denoise: null,
  scores: null,
  judge: null,
  probes: [],
  unmasked: [],
  remasked: [],
  cells: [],
};
