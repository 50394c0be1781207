/** Events of runs that fill a canvas of masked positions instead of appending to a text. Part of events.ts. */

/** Positions [start, end), [start, end), ... in ascending order, not touching. */
export type Ranges = readonly (readonly [start: number, end: number])[];

interface Base {
  readonly step: number;
  readonly ms: number;
}

/** A canvas stands; takes the place of `prefill`. */
export interface CanvasEvent extends Base {
  readonly kind: "canvas";
  /** One token a position, the prompt's included; `mask` where something is to be filled in. */
  readonly tokens: readonly number[];
  /** Positions to fill in; all others are fixed and never change. */
  readonly masked: Ranges;
  /** Id that stands for a position still to be filled. */
  readonly mask: number;
  /** Layers of the model: rows times this are row-layers. */
  readonly layers: number;
  /** Steps the method plans; null where that depends on the model. */
  readonly planned: number | null;
}
/** The model looked at the canvas, or at part of it. The first event of a step. */
export interface DenoiseEvent extends Base {
  readonly kind: "denoise";
  /** Positions [start, end) that may be committed in this step. */
  readonly block: readonly [start: number, end: number];
  /** Positions whose rows were computed; the keys and values of all others are those of earlier steps. */
  readonly computed: Ranges;
  /** Every position was computed. */
  readonly refreshed: boolean;
  /** No forward pass was needed: nothing has changed, or nothing will. */
  readonly reused: boolean;
}
/** What the model said of the masked positions; arrays are parallel. Full detail only. */
export interface ScoresEvent extends Base {
  readonly kind: "scores";
  readonly positions: readonly number[];
  /** The token proposed at each position, and the log of its probability. */
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  /** The two most probable tokens. */
  readonly best: readonly number[];
  readonly second: readonly number[];
  /** Difference of their logits, and of their probabilities. */
  readonly gaps: readonly number[];
  readonly margins: readonly number[];
  /** In nats. */
  readonly entropies: readonly number[];
  /** What positions are ranked by, larger first, after everything that changes the rank. */
  readonly priorities: readonly number[];
  /** The most probable tokens of each position, most probable first. */
  readonly top: readonly (readonly (readonly [token: number, logprob: number])[])[];
}
/** A second model judged proposed tokens, left to right. */
export interface JudgeEvent extends Base {
  readonly kind: "judge";
  readonly positions: readonly number[];
  readonly tokens: readonly number[];
  /** Log of each token's probability by the second model, and how many tokens it finds more probable. */
  readonly logprobs: readonly number[];
  readonly ranks: readonly number[];
  /** How many of them, from the first on, passed. */
  readonly accepted: number;
}
/** Why a position was committed. */
export type UnmaskReason =
  | "ranked"
  | "threshold"
  | "factor"
  | "entropy_bound"
  | "ascending"
  | "random"
  | "guided"
  | "all_in"
  | "end_fill";
/** Masked positions became tokens. */
export interface UnmaskEvent extends Base {
  readonly kind: "unmask";
  readonly positions: readonly number[];
  readonly tokens: readonly number[];
  /** Log of the probability of each token when it was committed; 0 where none was asked for. */
  readonly logprobs: readonly number[];
  readonly reason: UnmaskReason;
}
/** Why a position became a mask again. */
export type RemaskReason = "low_confidence" | "schedule";
/** Committed positions became masks again. */
export interface RemaskEvent extends Base {
  readonly kind: "remask";
  readonly positions: readonly number[];
  readonly reason: RemaskReason;
}
/** Numbers a method decided by, under names of its own. */
export interface ProbeEvent extends Base {
  readonly kind: "probe";
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

export type AnyCanvasEvent =
  CanvasEvent | DenoiseEvent | ScoresEvent | JudgeEvent | UnmaskEvent | RemaskEvent | ProbeEvent;

export type CanvasKind = AnyCanvasEvent["kind"];

const KINDS: ReadonlySet<string> = new Set<CanvasKind>([
  "canvas",
  "denoise",
  "scores",
  "judge",
  "unmask",
  "remask",
  "probe",
]);

/** Whether an event is about a canvas. */
export const isCanvasEvent = <E extends { readonly kind: string }>(
  e: E,
): e is Extract<E, { readonly kind: CanvasKind }> => KINDS.has(e.kind);

/** The positions of ranges, one by one. */
export const positionsOf = (ranges: Ranges): number[] =>
  ranges.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i));

/** Ascending positions as ranges. */
export function rangesOf(positions: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const position of positions) {
    const last = ranges.at(-1);
    if (last?.[1] === position) last[1]++;
    else ranges.push([position, position + 1]);
  }
  return ranges;
}
