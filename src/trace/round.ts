/** What folding shares between kinds of runs: the round an event belongs to, and texts of tokens. */
import type { TraceEvent } from "./events";
import { IdMap } from "./persistent";
import type { Piece } from "./text";
import { pieceOf, type RoundView, type RunView } from "./view";

const lengthOf = (view: RunView): number => (view.start?.promptTokens.length ?? 0) + view.tokens.length;

/** Text and bytes of a token, or its stand-in. */
export const knownPiece = (view: RunView, token: number): Piece =>
  view.pieces.get(token) ?? { text: pieceOf(view, token), bytes: null };

function openRound(view: RunView, e: TraceEvent): RoundView {
  return {
    step: e.step,
    firstEvent: view.eventCount,
    startMs: e.ms,
    endMs: e.ms,
    base: lengthOf(view),
    phase: "open",
    law: null,
    nodes: [],
    depth: 0,
    rule: null,
    isLossless: null,
    path: [],
    extra: null,
    tokens: [],
    candidates: IdMap.empty(),
    slots: { target: null, draft: null },
    cost: null,
    canvas: null,
    recursion: null,
  };
}

/** The view with the event's round changed; the round is begun if this is its first event. */
export function inRound(view: RunView, e: TraceEvent, change: (round: RoundView) => RoundView): RunView {
  const last = view.rounds.at(-1);
  const isOpen = last?.step === e.step;
  const round = { ...change(isOpen ? last : openRound(view, e)), endMs: e.ms };
  return {
    ...view,
    rounds: isOpen ? view.rounds.set(view.rounds.length - 1, round) : view.rounds.push(round),
  };
}
