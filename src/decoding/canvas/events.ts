/** From passes and decisions to trace events. */
import type { UnmaskReason } from "../../trace/canvas_events";
import type { MethodEvent } from "../../trace/events";
import { CANDIDATES } from "../round_events";
import type { Row, Verdict } from "./parts";
import type { PassCost, Scores } from "./session";

/** How many candidates the inspector shows. */
export const candidatesAsked = (vocabSize: number): number => Math.min(CANDIDATES, vocabSize);

/** What the model said, with the ranks made of it. */
export function scoresEvent(step: number, s: Scores, rows: readonly Row[]): MethodEvent {
  return {
    kind: "scores",
    step,
    positions: s.positions,
    tokens: s.proposal,
    logprobs: s.logprob,
    best: s.best,
    second: s.second,
    gaps: s.gap,
    margins: s.margin,
    entropies: s.entropy,
    priorities: rows.map((row) => row.priority),
    top: s.top,
  };
}

/** Rows in order of position that were committed. */
export const unmaskEvent = (
  rows: readonly Pick<Row, "position" | "token" | "logprob">[],
  reason: UnmaskReason,
  step: number,
): MethodEvent => ({
  kind: "unmask",
  step,
  positions: rows.map((row) => row.position),
  tokens: rows.map((row) => row.token),
  logprobs: rows.map((row) => row.logprob),
  reason,
});

/** What a second model said of proposed tokens. */
export const judgeEvent = (step: number, judged: Verdict["judged"]): MethodEvent => ({
  kind: "judge",
  step,
  positions: judged.rows.map((row) => row.position),
  tokens: judged.rows.map((row) => row.token),
  logprobs: judged.logprobs,
  ranks: judged.ranks,
  accepted: judged.accepted,
});

/** The cost of one step: the pass of the masked model, null if none was needed, and those of the guider. */
export function costOf(step: number, own: PassCost | null, guider: readonly PassCost[]): MethodEvent {
  const passes = (own ? 1 : 0) + guider.length;
  const sum = (of: (cost: PassCost) => number): number => guider.reduce((total, cost) => total + of(cost), 0);
  return {
    kind: "cost",
    step,
    targetForwards: own ? 1 : 0,
    targetRows: own?.rows ?? 0,
    draftForwards: guider.length,
    draftRows: sum((cost) => cost.rows),
    dispatches: (own?.dispatches ?? 0) + sum((cost) => cost.dispatches),
    submits: passes,
    readbacks: passes,
  };
}
