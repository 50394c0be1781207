/** What the inspector says about a selection, as plain data: no React, no colours. */
import {
  candidatesOf,
  type Candidate,
  pieceOf,
  roundOf,
  tokensOfRound,
  type CandidatesView,
  type CommittedToken,
  type NodeView,
  type RoundView,
  type RunView,
} from "../trace/view";
import { extraOf } from "./views/tree_layout";
import type { Selection } from "./stores/layout";

/** One token of two laws side by side; null where a law's list does not reach it. */
export interface LawRow {
  readonly token: number;
  readonly text: string;
  readonly target: number | null;
  readonly draft: number | null;
  readonly isChosen: boolean;
}

export interface Inspected {
  readonly round: RoundView;
  readonly node: NodeView | null;
  readonly extra: CommittedToken | null;
  /** A token that a round without a tree could have drawn and did not. */
  readonly candidate: Candidate | null;
  readonly token: number;
  readonly piece: string;
  /** Node after whose path the shown laws stand; null outside trees. */
  readonly lawNode: number | null;
  /** The text that the laws follow, its last few pieces. */
  readonly after: string;
  readonly rows: readonly LawRow[];
  readonly hasDraftLaw: boolean;
}

/** Rows of both lists: the target's in its order, then those only the draft has. */
export function lawRows(
  target: CandidatesView | undefined,
  draft: CandidatesView | undefined,
  chosen: number | null,
): readonly LawRow[] {
  const q = new Map(draft?.top.map((c) => [c.token, Math.exp(c.logprob)]));
  const p = new Map(target?.top.map((c) => [c.token, Math.exp(c.logprob)]));
  const all = [...(target?.top ?? []), ...(draft?.top ?? []).filter((c) => !p.has(c.token))];
  return all.map(({ token, text }) => ({
    token,
    text,
    target: p.get(token) ?? null,
    draft: q.get(token) ?? null,
    isChosen: token === chosen,
  }));
}

/** Pieces on the way from the anchor to a node, the anchor first. */
function pathText(round: RoundView, id: number): string {
  const pieces: string[] = [];
  for (let at: NodeView | undefined = round.nodes[id]; at; at = round.nodes[at.parent])
    pieces.unshift(at.text);
  return pieces.join("");
}

/** The text before a position. */
function textBefore(view: RunView, position: number): string {
  const prompt = view.prompt.map((t) => t.text).join("");
  const tokens = view.tokens.slice(0, Math.max(0, position - view.prompt.length));
  return prompt + tokens.map((t) => t.text).join("");
}

/** The end of a text: at most `length` characters, from the beginning of a word on unless one word is longer. */
export function lastWords(text: string, length: number): string {
  if (text.length <= length) return text;
  // A token such as <bos> stands whole or not at all.
  const isInToken = /<[^<>\s]*$/.test(text.slice(0, -length));
  const end = text.slice(-length).replace(isInToken ? /^[^<>\s]*>/ : "", "");
  const isCut = /\S/.test(text.at(-length - 1)!);
  return (isCut && /\s.*\S/s.test(end) ? end.slice(end.search(/\s/)) : end).trimStart();
}

/**
 * What there is to say about a selection at a moment. Without one: the newest decision of the shown round, so that the
 * inspector is never empty once a round has begun. Null if the selection is not there at this moment.
 */
export function inspect(view: RunView, step: number, selection: Selection | null): Inspected | null {
  const round = roundOf(view, selection?.step ?? Math.max(0, step));
  if (!round || step < 0) return null;
  const last = extraOf(round);
  const chosen: Selection | null =
    selection ?? (last ? { kind: "extra", step: round.step, position: last.position } : null);
  // A step without a tree may commit several.
  const extra =
    chosen?.kind === "extra"
      ? (round.tokens.find((t) => t.node === null && t.position === chosen.position) ?? null)
      : null;
  const node = chosen?.kind === "node" ? (round.nodes[chosen.node] ?? null) : null;
  const isTree = round.nodes.length > 0;
  const candidate =
    chosen?.kind === "candidate"
      ? (candidatesOf(round, "target", null)?.top.find((c) => c.token === chosen.token) ?? null)
      : null;
  if (!node && !extra && !isTree && !candidate) return null;
  const lawNode = !isTree
    ? null
    : extra
      ? (round.path.at(-1) ?? 0)
      : node
        ? node.parent < 0
          ? 0
          : node.parent
        : 0;
  const isAnchor = node !== null && node.parent < 0;
  const token = extra ? extra.token : (node?.token ?? candidate?.token ?? round.nodes[0]?.token ?? -1);
  const position = extra?.position ?? round.base;
  const lawOf = (of: "target" | "draft"): CandidatesView | undefined => {
    const law = candidatesOf(round, of, lawNode);
    // Without a tree there is one list, of the first token that the step may commit.
    return isTree || law?.position === position ? law : undefined;
  };
  const rows = lawRows(
    lawOf("target"),
    lawOf("draft"),
    isAnchor || (!extra && !node && !candidate) ? null : token,
  );
  const before = textBefore(view, isTree ? round.base : position);
  const anchorText = round.nodes[0]?.text ?? "";
  const after =
    lawNode === null || !isTree
      ? before
      : (before.endsWith(anchorText) ? before.slice(0, before.length - anchorText.length) : before) +
        pathText(round, lawNode);
  return {
    round,
    node,
    extra,
    candidate,
    token,
    piece: extra ? extra.piece : (node?.text ?? pieceOf(view, token)),
    lawNode,
    after: lastWords(after, 28),
    rows,
    hasDraftLaw: lawOf("draft") !== undefined,
  };
}

/** Middle of a list of numbers; null if it is empty. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Milliseconds of each round but the first, whose beginning no event tells. */
export const roundTimes = (view: RunView): readonly number[] => {
  const ends = view.rounds.toArray().map((r) => r.endMs);
  return ends.slice(1).map((end, i) => end - ends[i]!);
};

/** Tokens a second by the wall clock, from the end of the first round on; null while there is nothing to divide. */
export function tokensPerSecond(view: RunView): number | null {
  const first = view.rounds.at(0);
  // A round on its way has taken time and committed nothing yet.
  const isOpen = view.rounds.at(-1)?.phase !== "committed";
  const last = view.rounds.at(isOpen ? -2 : -1);
  if (!first || !last || last.endMs <= first.endMs) return null;
  return ((view.metrics.tokens - tokensOfRound(first)) / (last.endMs - first.endMs)) * 1000;
}
