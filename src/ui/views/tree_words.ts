/** What the marks of the tree drawing are called and what a click on them chooses. */
import type { RoundView } from "../../trace/view";
import { probability, quoted } from "../format";
import type { Selection } from "../stores/layout";
import { SIGN_NAME } from "./glyphs";
import type { PlacedMark } from "./tree_layout";

/** What a mark stands for in the inspector. */
export function selectionOf(round: RoundView, { mark }: PlacedMark): Selection {
  if (mark.kind === "node") return { kind: "node", step: round.step, node: mark.node.id };
  if (mark.kind === "extra") return { kind: "extra", step: round.step, position: mark.token.position };
  return { kind: "candidate", step: round.step, token: mark.candidate.token };
}

/** Whether a draft was accepted and is still no part of the text, which ended before it: at its asked length, say. */
export const isBeyondEnd = (round: RoundView, { mark }: Pick<PlacedMark, "mark">): boolean =>
  mark.kind === "node" &&
  mark.node.state === "accepted" &&
  round.phase === "committed" &&
  mark.node.depth > round.tokens.length;

/** One sentence about a mark: what a screen reader says when it gets focus. */
export function describeMark(round: RoundView, { mark }: PlacedMark): string {
  if (mark.kind === "candidate")
    return `${quoted(mark.candidate.text)}, target probability ${probability(Math.exp(mark.candidate.logprob))}, not drawn`;
  if (mark.kind === "extra")
    return `${quoted(mark.token.piece)}, ${SIGN_NAME[mark.token.origin]}, target probability ${probability(Math.exp(mark.token.logprob))}`;
  const { node } = mark;
  if (node.parent < 0) return `${quoted(node.text)}, ${SIGN_NAME.anchor}, step ${round.step + 1}`;
  const target = node.verdict ? `, target ${probability(Math.exp(node.verdict.logp))}` : "";
  const beyond = isBeyondEnd(round, { mark: { kind: "node", node } }) ? " beyond the end of the text" : "";
  return `${quoted(node.text)}, depth ${node.depth}, ${SIGN_NAME[node.state]}${beyond}, draft probability ${probability(Math.exp(node.draftLogprob))}${target}`;
}
