/**
 * Events to {@link RunView}: a pure step function. Views share structure, so each costs little and parts that did not
 * change are the same objects. Expects a legal trace (grammar.ts); unknown kinds change nothing but the counters.
 */
import type {
  CandidatesEvent,
  CommitEvent,
  DraftEvent,
  RunStartEvent,
  TraceEvent,
  VerifyEvent,
} from "./events";
import { foldCanvas } from "./canvas_fold";
import { foldDepth } from "./depth_fold";
import { addCost, addKernels, addSlots, addVerdicts, EMPTY_METRICS } from "./metrics";
import { IdMap, Vector } from "./persistent";
import { inRound, knownPiece } from "./round";
import { shareChildren } from "./shared_children";
import { appendPiece, decodeBytes, NO_BYTES } from "./text";
import {
  candidatesKey,
  pieceOf,
  roundOf,
  type CommittedToken,
  type NodeView,
  type PromptToken,
  type RunView,
} from "./view";

const EMPTY: RunView = {
  eventCount: 0,
  start: null,
  status: { state: "idle" },
  step: 0,
  ms: 0,
  readyMs: 0,
  prompt: [],
  prefilled: 0,
  tokens: Vector.empty(),
  text: "",
  pending: NO_BYTES,
  rounds: Vector.empty(),
  metrics: EMPTY_METRICS,
  warnings: Vector.empty(),
  marks: Vector.empty(),
  longest: null,
  pieces: IdMap.empty(),
  canvas: null,
  depths: IdMap.empty(),
};

/** The view of a run before its first event. */
export const emptyView = (): RunView => EMPTY;

function promptOf(view: RunView, start: RunStartEvent): readonly PromptToken[] {
  let pending = NO_BYTES;
  return start.promptTokens.map((token, position) => {
    const added = appendPiece(pending, knownPiece(view, token));
    pending = added.pending;
    return { position, token, text: added.text };
  });
}

/** The view with the tokens that a text begins with. */
function foldBegin(view: RunView, { begin, promptTokens }: RunStartEvent): RunView {
  if (!begin || begin.tokens.includes(null)) return view;
  const forced = new Set(begin.forced);
  let { tokens, text, pending } = view;
  begin.tokens.forEach((token, i) => {
    if (token === null) return;
    const piece = knownPiece(view, token);
    const next = appendPiece(pending, piece);
    text += next.text;
    pending = next.pending;
    tokens = tokens.push({
      position: promptTokens.length + i,
      token,
      piece: piece.text,
      text: next.text,
      origin: forced.has(i) ? "forced" : "given",
      logprob: null,
      step: -1,
      node: null,
      textEnd: text.length,
      pending,
    });
  });
  return { ...view, tokens, text, pending };
}

/** Tokens that rounds committed. */
const committedCount = (view: RunView, tokens: RunView["tokens"]): number =>
  tokens.length - (view.start?.begin?.tokens.length ?? 0);

function foldDraft(view: RunView, e: DraftEvent): RunView {
  const children: number[][] = e.nodes.map(() => []);
  for (const n of e.nodes) children[n.parent]?.push(n.id);
  for (const own of children) own.sort((a, b) => e.nodes[a]!.sibling - e.nodes[b]!.sibling);
  if (e.law === "iidPaths") shareChildren(e.nodes, children);
  const nodes = e.nodes.map((n): NodeView => ({
    ...n,
    text: pieceOf(view, n.token),
    draftLogprob: Math.min(0, n.phi - (e.nodes[n.parent]?.phi ?? n.phi)),
    children: children[n.id]!,
    verdict: null,
    state: n.parent < 0 ? "anchor" : "drafted",
  }));
  const depth = e.nodes.reduce((most, n) => Math.max(most, n.depth), 0);
  return inRound(view, e, (round) => ({ ...round, phase: "drafted", law: e.law, nodes, depth }));
}

function foldVerify(view: RunView, e: VerifyEvent): RunView {
  const nodes = view.rounds.at(-1)?.nodes.slice() ?? [];
  const judged = [];
  for (const verdict of e.verdicts) {
    const node = nodes[verdict.id];
    if (!node) continue;
    nodes[verdict.id] = { ...node, verdict, state: verdict.outcome };
    judged.push({ depth: node.depth, sibling: node.sibling, verdict });
  }
  const { rule, lossless: isLossless, path, extra } = e;
  const next = inRound(view, e, (round) => ({
    ...round,
    phase: "verified",
    nodes,
    rule,
    isLossless,
    path,
    extra,
  }));
  let marks = view.marks;
  const rejectedBefore = view.metrics.acceptance.tested > view.metrics.acceptance.accepted;
  if (!rejectedBefore && e.verdicts.some((v) => v.outcome === "rejected"))
    marks = marks.push({ kind: "first_rejection", step: e.step, event: view.eventCount });
  const depth = next.rounds.at(-1)!.depth;
  if (depth > 0 && nodes[path.at(-1) ?? 0]?.depth === depth)
    marks = marks.push({ kind: "whole_path", step: e.step, event: view.eventCount });
  if (extra === "residual") marks = marks.push({ kind: "residual", step: e.step, event: view.eventCount });
  return { ...next, marks, metrics: addVerdicts(view.metrics, judged) };
}

function foldCommit(view: RunView, e: CommitEvent): RunView {
  let { tokens, text, pending } = view;
  const added: CommittedToken[] = [];
  e.tokens.forEach((token, i) => {
    const piece = knownPiece(view, token);
    const next = appendPiece(pending, piece);
    text += next.text;
    pending = next.pending;
    added.push({
      position: e.positions[i]!,
      token,
      piece: piece.text,
      text: next.text,
      origin: e.origins[i]!,
      logprob: e.logprobs[i]!,
      step: e.step,
      node: e.nodes[i] ?? null,
      textEnd: text.length,
      pending,
    });
    tokens = tokens.push(added[i]!);
  });
  const next = inRound(view, e, (round) => ({
    ...round,
    phase: "committed",
    tokens: [...round.tokens, ...added],
  }));
  const inThisRound = next.rounds.at(-1)!.tokens.length;
  const most = view.longest ? (roundOf(view, view.longest.step)?.tokens.length ?? 1) : 1;
  const isFirstCommit = inThisRound === added.length;
  return {
    ...next,
    tokens,
    text,
    pending,
    longest:
      inThisRound > most ? { kind: "longest_round", step: e.step, event: view.eventCount } : view.longest,
    metrics: {
      ...view.metrics,
      tokens: committedCount(view, tokens),
      rounds: view.metrics.rounds + (isFirstCommit ? 1 : 0),
    },
  };
}

function foldRetract(view: RunView, from: number, step: number): RunView {
  const tokens = view.tokens.take(from - (view.start?.promptTokens.length ?? 0));
  const last = tokens.at(-1);
  return {
    ...view,
    tokens,
    text: view.text.slice(0, last?.textEnd ?? 0),
    pending: last?.pending ?? NO_BYTES,
    metrics: { ...view.metrics, tokens: committedCount(view, tokens) },
    marks: view.marks.push({ kind: "retract", step, event: view.eventCount }),
  };
}

function foldCandidates(view: RunView, e: CandidatesEvent): RunView {
  const top = e.top.map(([token, logprob]) => ({ token, logprob, text: pieceOf(view, token) }));
  const entry = { of: e.of, node: e.node, position: e.position, top };
  return inRound(view, e, (round) => ({
    ...round,
    candidates: round.candidates.set(candidatesKey(e.of, e.node), entry),
  }));
}

function fold(view: RunView, e: TraceEvent): RunView {
  const event = view.eventCount;
  switch (e.kind) {
    case "run_start":
      return { ...view, start: e, status: { state: "prefilling" } };
    case "pieces": {
      let { pieces } = view;
      const partial = new Map(e.partial);
      e.tokens.forEach((token, i) => {
        pieces = pieces.set(token, { text: e.texts[i]!, bytes: partial.get(token) ?? null });
      });
      return { ...view, pieces };
    }
    case "prefill":
      return { ...view, prefilled: e.tokens, readyMs: e.ms, status: { state: "running" } };
    case "candidates":
      return foldCandidates(view, e);
    case "draft":
      return foldDraft(view, e);
    case "verify":
      return foldVerify(view, e);
    case "commit":
      return foldCommit(view, e);
    case "retract":
      return foldRetract(view, e.from, e.step);
    case "state":
      return {
        ...inRound(view, e, (round) => ({ ...round, slots: { ...round.slots, [e.of]: e } })),
        metrics: addSlots(view.metrics, e),
      };
    case "canvas":
      return { ...foldCanvas(view, e), readyMs: e.ms };
    case "denoise":
    case "scores":
    case "judge":
    case "unmask":
    case "remask":
    case "probe":
      return foldCanvas(view, e);
    case "recur":
    case "depth":
    case "wave":
      return foldDepth(view, e);
    case "cost":
      return { ...inRound(view, e, (round) => ({ ...round, cost: e })), metrics: addCost(view.metrics, e) };
    case "kernel_time":
      return { ...view, metrics: addKernels(view.metrics, e) };
    case "warning":
      return {
        ...view,
        warnings: view.warnings.push({ step: e.step, event, message: e.message }),
        marks: view.marks.push({ kind: "warning", step: e.step, event }),
        metrics: { ...view.metrics, warnings: view.metrics.warnings + 1 },
      };
    case "run_end":
      return {
        ...view,
        status: { state: "ended", reason: e.reason, hash: e.hash, error: e.error },
        // What still waits for the rest of its character will never get it.
        text: view.text + decodeBytes(view.pending),
        pending: NO_BYTES,
        marks: view.marks.push({ kind: "end", step: e.step, event }),
      };
  }
}

/** Kinds that may stand between run_start and the prompt being read. */
const BEFORE_PROMPT: ReadonlySet<string> = new Set(["run_start", "pieces", "warning"]);

/**
 * The view after one more event. Never changes `view`; parts the event did not touch stay the same objects.
 * Cost: O(size of the event + log of the trace).
 */
export function applyEvent(view: RunView, e: TraceEvent): RunView {
  // Once, when the pieces of the prompt are there, and not at each pieces event.
  const { start } = view;
  const isDue = start !== null && view.prompt.length === 0 && !BEFORE_PROMPT.has(e.kind);
  const read = isDue ? { ...view, prompt: promptOf(view, start) } : view;
  // What a canvas begins with comes with its own first event.
  const ready = isDue && e.kind !== "canvas" ? foldBegin(read, start) : read;
  return { ...fold(ready, e), eventCount: view.eventCount + 1, step: e.step, ms: e.ms };
}

/** The view after all of `events`. */
export const foldEvents = (events: Iterable<TraceEvent>, from: RunView = EMPTY): RunView => {
  let view = from;
  for (const e of events) view = applyEvent(view, e);
  return view;
};
