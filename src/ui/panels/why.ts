/** The outcome of an acceptance test in one sentence, for somebody who does not know the test. */
import type { NodeVerdict } from "../../trace/events";
import type { RoundView } from "../../trace/view";
import { probability } from "../format";

/** How often a draft that is found too likely may stay, and what was drawn. */
function chanceAndDraw({ acceptProb, u }: NodeVerdict): string {
  const chance = `with a chance of ${probability(acceptProb)}`;
  if (u === null) return chance;
  return `${chance}, and the draw of ${u.toFixed(3)} was ${u < acceptProb ? "below" : "not below"} that`;
}

/**
 * Why a draft was accepted or rejected.
 * @param earlier siblings that were rejected before it
 * @returns null if it was never tested
 */
export function whyOf(rule: RoundView["rule"], verdict: NodeVerdict, earlier: number): string | null {
  const { outcome, r, d } = verdict;
  if (outcome === "not_reached") return null;
  const isAccepted = outcome === "accepted";
  const head = isAccepted ? "Accepted" : "Rejected";
  if (rule === "greedy")
    return `${head}: it is ${isAccepted ? "" : "not "}the token that the target finds most probable.`;
  if (rule === "sample_and_match")
    return `${head}: the token that the target drew here is ${isAccepted ? "this one" : "another"}.`;
  if (rule === "k_seq") return `${head}: such a draft stays ${chanceAndDraw(verdict)}.`;
  const target = earlier > 0 ? "what the rejected siblings left of the target\u2019s law" : "the target";
  if (r >= d) return `${head}: ${target} gives it no less than the draft did, so it stays whatever is drawn.`;
  return `${head}: the draft gave it ${probability(d)}, ${target} only ${probability(r)}. So it could stay ${chanceAndDraw(verdict)}.`;
}
