/**
 * Counts accumulated over a run. Every ratio the page shows is made from these by the functions below, so that each
 * says exactly what it divides.
 */
import type { CostEvent, KernelTimeEvent, NodeVerdict, SlotsEvent } from "./events";

/** Of the drafted nodes in one class (a depth, a sibling index). */
export interface Acceptance {
  /** Drafted nodes. */
  readonly drafted: number;
  /** Nodes whose acceptance test was made: outcome "accepted" or "rejected". */
  readonly tested: number;
  /** Nodes that passed it. */
  readonly accepted: number;
  /** Sum of acceptProb over the tested nodes: what `accepted` should be on average. */
  readonly expected: number;
  /** Sum of acceptProb (1 - acceptProb) over the tested nodes: the variance of `accepted` given the trees. */
  readonly variance: number;
}

export interface KernelTotal {
  readonly name: string;
  readonly calls: number;
  readonly timeMs: number;
}

export interface Metrics {
  /** Tokens that rounds committed and that stand in the text now; given ones are not counted. */
  readonly tokens: number;
  /** Rounds that committed something. */
  readonly rounds: number;
  /** Sums over the rounds; the prompt's prefill is in none of them. */
  readonly targetForwards: number;
  readonly targetRows: number;
  readonly draftForwards: number;
  readonly draftRows: number;
  readonly dispatches: number;
  readonly submits: number;
  readonly readbacks: number;
  /** Recurrences that ran one after another, and rows in all of them; 0 where depth is not recurrent. */
  readonly coreForwards: number;
  readonly coreRows: number;
  /** All drafted nodes (anchors are not drafted). */
  readonly acceptance: Acceptance;
  /** Entry k: nodes at depth k + 1. */
  readonly byDepth: readonly Acceptance[];
  /** Entry k: nodes with sibling index k. */
  readonly bySibling: readonly Acceptance[];
  /** Drafted nodes that are not on an accepted path: rejected or never reached. */
  readonly wastedNodes: number;
  /** Slots copied so that accepted paths are contiguous. */
  readonly slotMoves: { readonly target: number; readonly draft: number };
  readonly warnings: number;
  /** GPU time by kernel, in order of first appearance; empty without timestamps. */
  readonly kernels: readonly KernelTotal[];
}

const NOTHING: Acceptance = { drafted: 0, tested: 0, accepted: 0, expected: 0, variance: 0 };

export const EMPTY_METRICS: Metrics = {
  tokens: 0,
  rounds: 0,
  targetForwards: 0,
  targetRows: 0,
  draftForwards: 0,
  draftRows: 0,
  dispatches: 0,
  submits: 0,
  readbacks: 0,
  coreForwards: 0,
  coreRows: 0,
  acceptance: NOTHING,
  byDepth: [],
  bySibling: [],
  wastedNodes: 0,
  slotMoves: { target: 0, draft: 0 },
  warnings: 0,
  kernels: [],
};

function count(a: Acceptance, v: NodeVerdict): Acceptance {
  if (v.outcome === "not_reached") return { ...a, drafted: a.drafted + 1 };
  return {
    drafted: a.drafted + 1,
    tested: a.tested + 1,
    accepted: a.accepted + (v.outcome === "accepted" ? 1 : 0),
    expected: a.expected + v.acceptProb,
    variance: a.variance + v.acceptProb * (1 - v.acceptProb),
  };
}

/** Metrics after the verdicts of one tree. */
export function addVerdicts(
  m: Metrics,
  verdicts: readonly { readonly depth: number; readonly sibling: number; readonly verdict: NodeVerdict }[],
): Metrics {
  const byDepth = [...m.byDepth];
  const bySibling = [...m.bySibling];
  let acceptance = m.acceptance;
  for (const { depth, sibling, verdict } of verdicts) {
    acceptance = count(acceptance, verdict);
    while (byDepth.length < depth) byDepth.push(NOTHING);
    byDepth[depth - 1] = count(byDepth[depth - 1]!, verdict);
    while (bySibling.length <= sibling) bySibling.push(NOTHING);
    bySibling[sibling] = count(bySibling[sibling]!, verdict);
  }
  return { ...m, acceptance, byDepth, bySibling, wastedNodes: acceptance.drafted - acceptance.accepted };
}

/** Metrics after the cost of one round. */
export const addCost = (m: Metrics, c: CostEvent): Metrics => ({
  ...m,
  targetForwards: m.targetForwards + c.targetForwards,
  targetRows: m.targetRows + c.targetRows,
  draftForwards: m.draftForwards + c.draftForwards,
  draftRows: m.draftRows + c.draftRows,
  dispatches: m.dispatches + c.dispatches,
  submits: m.submits + c.submits,
  readbacks: m.readbacks + c.readbacks,
  coreForwards: m.coreForwards + (c.coreForwards ?? 0),
  coreRows: m.coreRows + (c.coreRows ?? 0),
});

/** Metrics after one round's work on a cache. */
export const addSlots = (m: Metrics, s: SlotsEvent): Metrics => ({
  ...m,
  slotMoves: { ...m.slotMoves, [s.of]: m.slotMoves[s.of] + s.moves.length },
});

/** Metrics after a batch of kernel times. */
export function addKernels(m: Metrics, e: KernelTimeEvent): Metrics {
  const totals = new Map(m.kernels.map((k) => [k.name, k]));
  for (const { name, calls, timeMs } of e.kernels) {
    const old = totals.get(name);
    totals.set(name, { name, calls: (old?.calls ?? 0) + calls, timeMs: (old?.timeMs ?? 0) + timeMs });
  }
  return { ...m, kernels: [...totals.values()] };
}

/** Tokens per target forward (block efficiency, mean accepted tokens); plain decoding has 1. Null before any forward. */
export const tokensPerTargetForward = (m: Metrics): number | null =>
  m.targetForwards > 0 ? m.tokens / m.targetForwards : null;

/** Accepted nodes / tested nodes; null if none was tested. */
export const acceptanceOfTested = (a: Acceptance): number | null =>
  a.tested > 0 ? a.accepted / a.tested : null;

/** Accepted nodes / drafted nodes; null if none was drafted. */
export const acceptanceOfDrafted = (a: Acceptance): number | null =>
  a.drafted > 0 ? a.accepted / a.drafted : null;

/** Mean acceptProb of the tested nodes: what {@link acceptanceOfTested} should be; null if none was tested. */
export const expectedAcceptance = (a: Acceptance): number | null =>
  a.tested > 0 ? a.expected / a.tested : null;

/** How many standard deviations the accepted count is from its expectation; null if nothing was left to chance. */
export const acceptanceDeviation = (a: Acceptance): number | null =>
  a.variance > 1e-9 ? (a.accepted - a.expected) / Math.sqrt(a.variance) : null;
