/**
 * What the tests of a node's children looked like, one after another: the target's law as far as it was left, the law the
 * child was drawn from, and what a rejection leaves. Recomputed from the lists of candidates by the verifier's rule, so
 * only for tokens on these lists and for the children themselves, whose numbers the trace has whole.
 * @see docs/trace.md, verify
 */
import type { VerifyEvent } from "./events";
import { candidatesOf, type NodeView, type RoundView } from "./view";

/** A token at a test; null where no list reaches it. */
export interface LawBar {
  readonly token: number;
  readonly text: string;
  /** Probability in what was left of the target's law; under K-SEQ over rho. */
  readonly target: number | null;
  /** Probability in the law that the child was drawn from; 1 for the child itself where it was no draw. */
  readonly draft: number | null;
}

export interface SiblingTest {
  /** The child tested; null for the law that is left when all were rejected. */
  readonly child: NodeView | null;
  /** In the same order at every test. */
  readonly bars: readonly LawBar[];
}

export interface SiblingTests {
  readonly rule: VerifyEvent["rule"];
  /** In test order, one for each child, and the law after the last one where something can be left of it. */
  readonly tests: readonly SiblingTest[];
  /** Whether the lists leave out part of the laws; `left` is then what was made of the listed tokens. */
  readonly isTruncated: boolean;
  /** K-SEQ's factor; null under other rules. */
  readonly rho: number | null;
  readonly hasDraftLaw: boolean;
}

/** Below this a mass is nothing but rounding. */
const NOTHING = 1e-6;
/** Listed mass from which on nothing is left out. */
const WHOLE = 1 - 1e-4;

interface Law {
  /** By token, in the order of `tokens`. */
  readonly listed: readonly number[];
  /** Mass of all other tokens. */
  readonly rest: number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const relu = (v: number): number => Math.max(0, v);

/** The law without what `taken` gives to its tokens, divided by `mass`, or by what is left where that is not known. */
function subtract(law: Law, taken: Law, mass: number | null): Law {
  const listed = law.listed.map((v, i) => relu(v - taken.listed[i]!));
  const rest = relu(law.rest - taken.rest);
  const whole = mass ?? sum(listed) + rest;
  if (whole < NOTHING) return { listed: listed.map(() => 0), rest: 0 };
  const scaled = listed.map((v) => Math.min(1, v / whole));
  // With a mass known better than the lists tell, the rest is whatever makes a law of it.
  return { listed: scaled, rest: mass === null ? rest / whole : relu(1 - sum(scaled)) };
}

/** The law without some of its tokens, renormalised. */
function without(law: Law, isGone: (index: number) => boolean): Law {
  const gone = { listed: law.listed.map((v, i) => (isGone(i) ? v : 0)), rest: 0 };
  return subtract(law, gone, null);
}

const times = (law: Law, factor: number): Law => ({
  listed: law.listed.map((v) => v * factor),
  rest: law.rest * factor,
});

/** What all of K-SEQ's rejections leave: (p - min(q, p / rho) any / beta) / (1 - any). */
function kSeqLeft(p: Law, q: Law, rho: number, draws: number): Law {
  const least = (a: number, b: number): number => Math.min(a, b / rho);
  const kept: Law = {
    listed: q.listed.map((v, i) => least(v, p.listed[i]!)),
    rest: least(q.rest, p.rest),
  };
  const beta = Math.max(NOTHING, Math.min(1, sum(kept.listed) + kept.rest));
  return subtract(p, times(kept, (1 - (1 - beta) ** draws) / beta), null);
}

/** Tokens of both lists and of the children, by the larger of their probabilities. */
function tokensAt(round: RoundView, parent: number, children: readonly NodeView[]) {
  const target = candidatesOf(round, "target", parent);
  const draft = candidatesOf(round, "draft", parent);
  const all = new Map<number, { token: number; text: string; p: number | null; q: number | null }>();
  const at = (token: number, text: string) => {
    const entry = all.get(token) ?? { token, text, p: null, q: null };
    all.set(token, entry);
    return entry;
  };
  for (const c of target?.top ?? []) at(c.token, c.text).p = Math.exp(c.logprob);
  for (const c of draft?.top ?? []) at(c.token, c.text).q = Math.exp(c.logprob);
  for (const n of children) {
    const entry = at(n.token, n.text);
    if (n.verdict) entry.p ??= Math.exp(n.verdict.logp);
    if (draft) entry.q ??= Math.exp(n.draftLogprob);
  }
  const tokens = [...all.values()].sort(
    (a, b) => Math.max(b.p ?? 0, b.q ?? 0) - Math.max(a.p ?? 0, a.q ?? 0),
  );
  return { tokens, hasDraftLaw: draft !== undefined, hasTargetLaw: target !== undefined };
}

/** The tests of a node's children; null before verification, without children, and where the trace has no lists. */
export function siblingTests(round: RoundView, parent: number): SiblingTests | null {
  const { rule } = round;
  const children = (round.nodes[parent]?.children ?? []).map((id) => round.nodes[id]!);
  if (rule === null || children.length === 0 || children.some((n) => n.verdict === null)) return null;
  // Children that equal siblings share are listed with the laws of the node they were drawn after.
  const { tokens, hasDraftLaw, hasTargetLaw } = tokensAt(round, children[0]!.parent, children);
  if (!hasTargetLaw) return null;
  const lawOf = (values: readonly (number | null)[]): Law => {
    const listed = values.map((v) => v ?? 0);
    return { listed, rest: relu(1 - sum(listed)) };
  };
  const p = lawOf(tokens.map((t) => t.p));
  const q = lawOf(tokens.map((t) => t.q));
  const isPoint = rule === "sample_and_match" || rule === "greedy";
  const indexOf = (n: NodeView): number => tokens.findIndex((t) => t.token === n.token);

  const known = children.find((n) => n.verdict!.r > NOTHING);
  const rho = rule === "k_seq" && known ? Math.exp(known.verdict!.logp) / known.verdict!.r : null;

  const bars = (left: Law, drawn: Law | null, child: NodeView | null): readonly LawBar[] =>
    tokens.map((t, i) => ({
      token: t.token,
      text: t.text,
      target: t.p === null ? null : left.listed[i]!,
      draft:
        drawn === null
          ? null
          : isPoint
            ? t.token === child?.token
              ? 1
              : null
            : t.q === null
              ? null
              : drawn.listed[i]!,
    }));

  let left: Law = rho === null ? p : times(p, 1 / rho);
  let drawn = q;
  const tests: SiblingTest[] = [];
  children.forEach((child, j) => {
    tests.push({ child, bars: bars(left, drawn, child) });
    const mine = indexOf(child);
    if (rule === "k_seq" || rule === "greedy") return;
    if (rule === "sample_and_match") {
      left = without(left, (i) => i === mine);
      return;
    }
    // The next sibling's own r says what the rejected mass was, better than lists that break off.
    const next = children[j + 1];
    const at = next ? indexOf(next) : -1;
    const ahead = next ? relu(left.listed[at]! - drawn.listed[at]!) : 0;
    const mass = next && ahead > NOTHING && next.verdict!.r > NOTHING ? ahead / next.verdict!.r : null;
    left = subtract(left, drawn, mass);
    if (rule === "recursive_rejection") drawn = without(drawn, (i) => i === mine);
  });
  if (rule === "k_seq" && rho !== null) left = kSeqLeft(p, q, rho, children.length);
  if (rule !== "greedy" && sum(left.listed) > NOTHING)
    tests.push({ child: null, bars: bars(left, null, null) });
  const isTruncated = sum(p.listed) < WHOLE || (hasDraftLaw && sum(q.listed) < WHOLE);
  return { rule, tests, isTruncated, rho, hasDraftLaw };
}
