/** What there is to show of each position of a canvas at a moment: no React, no colours. */
import type { ScoresEvent } from "../../../trace/canvas_events";
import type { CanvasCell, CanvasRound, CanvasView } from "../../../trace/canvas_view";
import { roundOf, type RunView } from "../../../trace/view";

/**
 * What a position is: part of the prompt; given behind it; given because somebody chose it; masked and never looked at; masked with a
 * token the model would put there; committed in the shown step, or before; masked again in the shown step; filled up
 * behind the end of the text.
 */
export type CellState =
  | "prompt"
  | "given"
  | "forced"
  | "masked"
  | "candidate"
  | "committed_now"
  | "committed"
  | "remasked"
  | "end_fill";

/** In the order of the legend. */
export const CELL_STATES: readonly CellState[] = [
  "prompt",
  "given",
  "forced",
  "masked",
  "candidate",
  "committed_now",
  "committed",
  "remasked",
  "end_fill",
];

/** What the model said of one position when it was last asked. */
export interface Opinion {
  readonly step: number;
  /** The token it proposes, and the two it finds most probable. */
  readonly token: number;
  readonly best: number;
  readonly second: number;
  /** Probability of the proposed token, from 0 to 1. */
  readonly confidence: number;
  /** Difference of the two largest logits, and of the two largest probabilities. */
  readonly gap: number;
  readonly margin: number;
  /** In nats. */
  readonly entropy: number;
  readonly priority: number;
  readonly top: readonly (readonly [token: number, logprob: number])[];
}

export interface ShownCell {
  readonly cell: CanvasCell;
  readonly state: CellState;
  /** The newest opinion while masked; null for others, and where the trace tells of none. */
  readonly opinion: Opinion | null;
  /** Steps since its commit; null unless committed. */
  readonly age: number | null;
  /** Steps since its keys and values were computed; 0 in this step, null if never. */
  readonly cacheAge: number | null;
  /** Whether the shown step may commit it. */
  readonly isInBlock: boolean;
}

/** Index of a position among those of an event, which are ascending; -1 if it is not among them. */
export function indexOf(positions: readonly number[], position: number): number {
  let low = 0;
  let high = positions.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (positions[middle]! === position) return middle;
    if (positions[middle]! < position) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** What scores say of a position, if they speak of it. */
export function opinionIn(scores: ScoresEvent | null, position: number): Opinion | null {
  const i = scores ? indexOf(scores.positions, position) : -1;
  if (!scores || i < 0) return null;
  return {
    step: scores.step,
    token: scores.tokens[i]!,
    best: scores.best[i]!,
    second: scores.second[i]!,
    confidence: Math.exp(scores.logprobs[i]!),
    gap: scores.gaps[i]!,
    margin: scores.margins[i]!,
    entropy: scores.entropies[i]!,
    priority: scores.priorities[i]!,
    top: scores.top[i] ?? [],
  };
}

/** The canvas part of a step; null before the first one and in runs without a canvas. */
export const canvasRound = (view: RunView, step: number): CanvasRound | null =>
  (step < 0 ? undefined : roundOf(view, step))?.canvas ?? null;

/** Rounds with a canvas part up to a step. */
export const canvasRounds = (
  view: RunView,
  step: number,
): readonly { readonly step: number; readonly canvas: CanvasRound }[] =>
  view.rounds.slice(0, step + 1).flatMap(({ step: s, canvas }) => (canvas ? [{ step: s, canvas }] : []));

/** Positions that somebody chose the token of, in a branch. */
export const forcedPositions = ({ start }: RunView): ReadonlySet<number> =>
  new Set(start?.begin?.forced.map((i) => start.promptTokens.length + i));

function stateOf(
  cell: CanvasCell,
  round: CanvasRound | null,
  { first, forced, step }: { first: number; forced: ReadonlySet<number>; step: number },
): CellState {
  if (cell.status === "fixed")
    return cell.position < first ? "prompt" : forced.has(cell.position) ? "forced" : "given";
  if (cell.status === "committed") {
    if (cell.step === step) return cell.reason === "end_fill" ? "end_fill" : "committed_now";
    return cell.reason === "end_fill" ? "end_fill" : "committed";
  }
  const isBack = round?.remasked.some((e) => e.positions.includes(cell.position)) ?? false;
  return isBack ? "remasked" : "masked";
}

/** What was last said of each position that is still masked: passes may leave some out. */
function newestOpinions(view: RunView, step: number): ReadonlyMap<number, Opinion> {
  const open = view.canvas?.cells.filter((cell) => cell.status === "masked").length ?? 0;
  const found = new Map<number, Opinion>();
  const rounds = canvasRounds(view, step);
  for (let i = rounds.length - 1; i >= 0 && found.size < open; i--) {
    const { scores } = rounds[i]!.canvas;
    for (const position of scores?.positions ?? []) {
      if (found.has(position) || view.canvas?.cells[position]?.status !== "masked") continue;
      found.set(position, opinionIn(scores, position)!);
    }
  }
  return found;
}

/** All positions as a moment in `step` shows them; empty in runs without a canvas. */
export function shownCells(view: RunView, step: number): readonly ShownCell[] {
  const canvas: CanvasView | null = view.canvas;
  if (!canvas) return [];
  const round = canvasRound(view, step);
  const [start, end] = round?.denoise?.block ?? [canvas.first, canvas.cells.length];
  const opinions = newestOpinions(view, step);
  const places = { first: canvas.first, forced: forcedPositions(view), step };
  return canvas.cells.map((cell) => {
    const plain = stateOf(cell, round, places);
    const isOpen = plain === "masked" || plain === "remasked";
    const opinion = isOpen ? (opinions.get(cell.position) ?? null) : null;
    return {
      cell,
      state: plain === "masked" && opinion ? "candidate" : plain,
      opinion,
      age: cell.step === null ? null : step - cell.step,
      cacheAge: cell.computedAt === null ? null : step - cell.computedAt,
      isInBlock: cell.position >= start && cell.position < end,
    };
  });
}

/** The states that positions of a run have at some step, in the order of the legend; none in runs without a canvas. */
export function statesOf(view: RunView): readonly CellState[] {
  const { canvas } = view;
  if (!canvas) return [];
  const forced = forcedPositions(view);
  const rounds = canvasRounds(view, Infinity).map((round) => round.canvas);
  const reasons = rounds.map(({ unmasked }) => unmasked.map((event) => event.reason));
  const hasAnswer = reasons.map((of) => of.some((reason) => reason !== "end_fill"));
  const isFixed = (wanted: boolean): boolean =>
    canvas.cells.some(
      (c) => c.status === "fixed" && c.position >= canvas.first && forced.has(c.position) === wanted,
    );
  const has: Readonly<Record<CellState, boolean>> = {
    prompt: canvas.first > 0,
    given: isFixed(false),
    forced: isFixed(true),
    masked: canvas.opened.some((c) => c.status === "masked"),
    candidate: rounds.some(({ scores }) => scores !== null),
    committed_now: hasAnswer.includes(true),
    committed: hasAnswer.slice(0, -1).includes(true),
    remasked: rounds.some(({ remasked }) => remasked.some((event) => event.positions.length > 0)),
    end_fill: reasons.flat().includes("end_fill"),
  };
  return CELL_STATES.filter((state) => has[state]);
}
