/** What the page draws: the state of a run after some of its events. Plain data, never changed, shared between moments. */
import type { ErrorRecord } from "../base/errors";
import type {
  CostEvent,
  DraftEvent,
  DraftNode,
  NodeVerdict,
  RunStartEvent,
  SlotsEvent,
  StopReason,
  TokenOrigin,
  VerifyEvent,
} from "./events";
import type { DepthEvent } from "./depth_events";
import type { DepthRound } from "./depth_view";
import type { CanvasRound, CanvasView } from "./canvas_view";
import type { Metrics } from "./metrics";
import type { IdMap, Vector } from "./persistent";
import type { Piece } from "./text";

export type RunStatus =
  /** Nothing was folded yet. */
  | { readonly state: "idle" }
  /** run_start came; the prompt is being run through the models. */
  | { readonly state: "prefilling" }
  | { readonly state: "running" }
  | {
      readonly state: "ended";
      readonly reason: StopReason;
      readonly hash: string;
      readonly error: ErrorRecord | null;
    };

/** A token of the prompt. */
export interface PromptToken {
  readonly position: number;
  readonly token: number;
  /** What it adds to the text; empty for tokens in the middle of a character. */
  readonly text: string;
}

/** How a token of the text came to be: a round committed it, or it was there from the start. */
export type TextOrigin = TokenOrigin | "given" | "forced";

/** A token of the text after the prompt. */
export interface TokenView {
  /** Place in the whole text, prompt included, from 0. */
  readonly position: number;
  readonly token: number;
  /** Text of the token alone; may hold U+FFFD. */
  readonly piece: string;
  /** What it adds to the text: the text of a run is these joined. Empty for tokens in the middle of a character. */
  readonly text: string;
  readonly origin: TextOrigin;
  /** Log of the target law at this token; null for given ones, of which no model was asked. */
  readonly logprob: number | null;
  /** Round that committed it; -1 for given ones. */
  readonly step: number;
  /** Node of that round's tree it came from; null if it was no draft. */
  readonly node: number | null;
  /** Length of the text (UTF-16 units) up to and with this token. */
  readonly textEnd: number;
  /** Bytes after this token that are the beginning of a character. */
  readonly pending: readonly number[];
}

/** A token that a round committed. */
export interface CommittedToken extends TokenView {
  readonly origin: TokenOrigin;
  readonly logprob: number;
}

/** A node of a draft tree, with what verification said of it once it did. */
export interface NodeView extends DraftNode {
  /** Text of the token alone. */
  readonly text: string;
  /** Log of the draft law at this token before any draw of its siblings; `logq` leaves out what they took. 0 for the anchor. */
  readonly draftLogprob: number;
  /** Ids of its children in draw order. Equal siblings of law iidPaths have the same, which name one of them as parent. */
  readonly children: readonly number[];
  /** Null for the anchor, and for every node before the verify event. */
  readonly verdict: NodeVerdict | null;
  readonly state: "anchor" | "drafted" | NodeVerdict["outcome"];
}

/** One token of a law's most probable ones. */
export interface Candidate {
  readonly token: number;
  readonly logprob: number;
  readonly text: string;
}
/** The most probable tokens of one law, most probable first. */
export interface CandidatesView {
  readonly of: "target" | "draft";
  /** Tree node after whose path the law stands; null outside trees. */
  readonly node: number | null;
  readonly position: number;
  readonly top: readonly Candidate[];
}

/** One round of a method, as far as it has come. */
export interface RoundView {
  readonly step: number;
  /** Index of the round's first event. */
  readonly firstEvent: number;
  /** Time of its first and of its last event so far, in ms since the run started. */
  readonly startMs: number;
  readonly endMs: number;
  /** Committed tokens before the round, prompt included. The anchor is at position base - 1. */
  readonly base: number;
  /** How far the round has come; rounds without trees go from "open" to "committed". */
  readonly phase: "open" | "drafted" | "verified" | "committed";
  /** How the draft was drawn; null without a tree. */
  readonly law: DraftEvent["law"] | null;
  /** The draft tree by id, anchor first; empty without a tree. */
  readonly nodes: readonly NodeView[];
  /** Deepest level of the tree; 0 without one. */
  readonly depth: number;
  readonly rule: VerifyEvent["rule"] | null;
  readonly isLossless: boolean | null;
  /** Accepted node ids, anchor first; empty before verification and without a tree. */
  readonly path: readonly number[];
  readonly extra: VerifyEvent["extra"] | null;
  /** Tokens this round committed. */
  readonly tokens: readonly CommittedToken[];
  /** Laws by law and node; read with {@link candidatesOf}. */
  readonly candidates: IdMap<CandidatesView>;
  /** What the round did to the cache of each model. */
  readonly slots: { readonly target: SlotsEvent | null; readonly draft: SlotsEvent | null };
  readonly cost: CostEvent | null;
  /** What the step did to a canvas; null in runs without one. */
  readonly canvas: CanvasRound | null;
  /** What ran in the step of a model of recurrent depth; null in runs without one. */
  readonly recursion: DepthRound | null;
}

/** A moment worth jumping to on the timeline. */
export interface Mark {
  readonly kind:
    | "first_rejection"
    | "whole_path"
    | "residual"
    | "retract"
    | "early_commit"
    | "cache_refresh"
    | "block"
    | "warning"
    | "longest_round"
    | "end";
  readonly step: number;
  /** Index of the event that made it. */
  readonly event: number;
}

export interface WarningView {
  readonly step: number;
  readonly event: number;
  readonly message: string;
}

export interface RunView {
  /** Number of events folded. */
  readonly eventCount: number;
  /** Settings of the run; null before run_start. */
  readonly start: RunStartEvent | null;
  readonly status: RunStatus;
  /** Step and time of the last event; 0 before the first. */
  readonly step: number;
  readonly ms: number;
  /** Time when the prompt had been read or the canvas stood, in ms since the run started: the first round begins then. 0 before. */
  readonly readyMs: number;
  /** Tokens of the prompt with their text; empty until the first event after the pieces of the prompt. */
  readonly prompt: readonly PromptToken[];
  /** Number of tokens the prompt had, as run through the models. */
  readonly prefilled: number;
  /** Tokens after the prompt, in order. */
  readonly tokens: Vector<TokenView>;
  /** Their text. Bytes that are the beginning of a character wait in {@link pending} until it is complete or the run ends. */
  readonly text: string;
  readonly pending: readonly number[];
  /** Rounds by step. */
  readonly rounds: Vector<RoundView>;
  readonly metrics: Metrics;
  readonly warnings: Vector<WarningView>;
  /** Marks in order of time, without "longest_round"; read with {@link marksOf}. */
  readonly marks: Vector<Mark>;
  /** The first round with the most tokens, if any has more than one. */
  readonly longest: Mark | null;
  /** Texts of tokens seen so far; read with {@link pieceOf}. */
  readonly pieces: IdMap<Piece>;
  /** The canvas, in runs that fill one; these leave `tokens` empty, and `text` is what the canvas holds so far. */
  readonly canvas: CanvasView | null;
  /** How deep each position went, by position; empty in runs of fixed depth. */
  readonly depths: IdMap<DepthEvent>;
}

/** Key of a law among a round's candidates. */
export const candidatesKey = (of: "target" | "draft", node: number | null): number =>
  ((node ?? -1) + 1) * 2 + (of === "target" ? 0 : 1);

/** The law `of` after `node`, if the trace has it. `node` is null outside trees. */
export const candidatesOf = (
  round: RoundView,
  of: "target" | "draft",
  node: number | null,
): CandidatesView | undefined => round.candidates.get(candidatesKey(of, node));

/** Text of a token alone; a visible stand-in such as "⟨17⟩" if the trace never gave it. */
export const pieceOf = (view: RunView, token: number): string => view.pieces.get(token)?.text ?? `⟨${token}⟩`;

/** The round of a step, if it has begun. */
export function roundOf(view: RunView, step: number): RoundView | undefined {
  // Rounds are in order of steps; a step without a round (only a warning, say) shifts those after it down.
  for (let i = Math.min(step, view.rounds.length - 1); i >= 0; i--) {
    const round = view.rounds.at(i)!;
    if (round.step <= step) return round.step === step ? round : undefined;
  }
  return undefined;
}

/** Number of tokens a round committed, to the text or to the canvas. */
export const tokensOfRound = ({ canvas, tokens }: RoundView): number =>
  canvas ? canvas.unmasked.reduce((sum, e) => sum + e.positions.length, 0) : tokens.length;

/** All marks in order of events. */
export function marksOf(view: RunView): readonly Mark[] {
  const { longest } = view;
  if (!longest) return view.marks.toArray();
  const all = view.marks.slice(0);
  const after = all.findIndex((m) => m.event > longest.event);
  all.splice(after < 0 ? all.length : after, 0, longest);
  return all;
}

/**
 * The children that a drawing puts below a node, so that each is drawn once: of equal siblings with the same children the
 * one on the accepted path has them, or the first.
 */
export function drawnChildren(round: RoundView, { id, children }: NodeView): readonly number[] {
  const [first] = children;
  if (first === undefined) return children;
  const taken = round.path.find((other) => round.nodes[other]!.children === children);
  return id === (taken ?? round.nodes[first]!.parent) ? children : [];
}
