/**
 * A trace of RSD-S (stochastic beam search drafts, recursive rejection sampling) over a hand-made language of about
 * fifty tokens, computed in float64 with the project's own random numbers: every number in it agrees with every other.
 * For tests of the fold and of drawings that need no engine.
 */
import { gumbelAt, pcg4d, Purpose, uniformAt } from "../../src/base/rng";
import type { DraftNode, MethodEvent, NodeVerdict, TokenLogprob, TraceEvent } from "../../src/trace/events";
import { hashTokens } from "../../src/trace/hash";

/** Each token's likely successors with weights. "\xc3" and "\xa9" are the two bytes of "é". */
const SUCCESSORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Once: { " upon": 9 },
  " upon": { " a": 9 },
  " a": { " time": 3, " little": 4, " garden": 3, " caf": 4, " big": 2, " cat": 2, " shiny": 2 },
  " time": { ",": 8, ".": 1 },
  ",": { " there": 3, " she": 5, " a": 1, " he": 2 },
  " there": { " was": 9, " is": 1 },
  " was": { " a": 7, " happy": 3, " shiny": 1 },
  " little": { " girl": 6, " cat": 3, " garden": 2, " dog": 2 },
  " girl": { " named": 5, " saw": 2, " was": 2 },
  " named": { " Lily": 6, " Tom": 3 },
  " Lily": { ".": 4, " saw": 3, " was": 2, ",": 1 },
  " Tom": { ".": 4, " saw": 3, " was": 2 },
  ".": { " She": 5, " One": 3, " He": 2, " The": 2 },
  " She": { " loved": 4, " saw": 4, " went": 3, " found": 2 },
  " He": { " saw": 4, " went": 3, " found": 2 },
  " she": { " saw": 5, " went": 4, " found": 3 },
  " he": { " saw": 5, " went": 4, " found": 3 },
  " The": { " girl": 4, " cat": 3, " garden": 2, " dog": 2 },
  " One": { " day": 9 },
  " day": { ",": 8, ".": 1 },
  " loved": { " to": 6, " the": 3, " a": 1 },
  " saw": { " a": 6, " the": 4 },
  " went": { " to": 7, " outside": 3 },
  " found": { " a": 6, " the": 4 },
  " to": { " play": 5, " the": 5, " a": 2 },
  " play": { " outside": 5, " in": 3, ".": 2 },
  " outside": { ".": 6, " in": 2, " with": 2 },
  " in": { " the": 7, " a": 3 },
  " the": { " park": 3, " garden": 3, " cat": 2, " dog": 2, " caf": 4 },
  " park": { ".": 5, " with": 3, ",": 1 },
  " garden": { ".": 4, " with": 3, " full": 3 },
  " full": { " of": 9 },
  " of": { " flowers": 5, " cats": 2 },
  " flowers": { ".": 7, ",": 1 },
  " cats": { ".": 7 },
  " with": { " her": 5, " a": 3, " the": 2 },
  " her": { " dog": 5, " cat": 4 },
  " dog": { ".": 5, " was": 2 },
  " cat": { ".": 5, " was": 3 },
  " big": { " dog": 4, " garden": 3, " park": 1 },
  " shiny": { " garden": 2, " cat": 1 },
  " happy": { ".": 6, ",": 1 },
  " is": { " a": 5 },
  " caf": { "\xc3": 9 },
  "\xc3": { "\xa9": 9 },
  "\xa9": { ".": 4, " with": 3, " full": 2, ",": 1 },
};
const WORDS: readonly string[] = Object.keys(SUCCESSORS);
const BYTES = new Map([
  [WORDS.indexOf("\xc3"), [0xc3]],
  [WORDS.indexOf("\xa9"), [0xa9]],
]);
const PROMPT = "Once upon a time";
const PROMPT_TOKENS: readonly number[] = ["Once", " upon", " a", " time"].map((w) => WORDS.indexOf(w));

/** Shape of the sample's trees: `WIDTH` beams, `DEPTH` levels, so 1 + WIDTH * DEPTH = 16 nodes. */
const WIDTH = 5;
const DEPTH = 3;
/** Enough for the language at hand: no law has more than about ten tokens of any weight. */
const TOP = 10;

type Law = readonly number[];

/** A law after a token: its successors' weights, each scaled by `scale`, and a little of everything else. */
function lawAfter(token: number, rest: number, scale: (next: number) => number): Law {
  const next = SUCCESSORS[WORDS[token]!]!;
  const weights = WORDS.map((w, i) => rest + (next[w] ?? 0) * scale(i));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}
const targetLaw = (token: number): Law => lawAfter(token, 0.003, () => 1);
/** The draft model knows the words but misjudges how likely each is, by a factor from 0.07 to 1. */
const draftLaw = (token: number): Law =>
  lawAfter(token, 0.02, (next) => Math.exp(-2.7 * (pcg4d(token, next, 0, 0)[0] / 2 ** 32)));

const byValue = (values: readonly number[]): number[] =>
  values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b);
const top = (law: Law): TokenLogprob[] =>
  byValue(law)
    .slice(0, TOP)
    .map((token) => [token, Math.log(law[token]!)]);

/** Kool et al. 2019, equation 12 (shifted so that the best child has the parent's perturbed value). */
function shifted(parent: number, best: number, g: number): number {
  if (g === best) return parent;
  const v = parent - g + Math.log1p(-Math.exp(g - best));
  return parent - Math.max(v, 0) - Math.log1p(Math.exp(-Math.abs(v)));
}

/** Stochastic beam search from the anchor; siblings in decreasing order of perturbed value. */
function draftTree(anchor: number, step: number, seed: number): DraftNode[] {
  const nodes: DraftNode[] = [
    { id: 0, parent: -1, depth: 0, sibling: 0, token: anchor, logq: 0, phi: 0, perturbed: 0 },
  ];
  let frontier = [nodes[0]!];
  for (let depth = 1; depth <= DEPTH; depth++) {
    const candidates = frontier.flatMap((parent) => {
      const law = draftLaw(parent.token);
      const g = law.map((q, token) => {
        const noise = gumbelAt({
          seed,
          step,
          purpose: Purpose.DRAFT,
          node: parent.id,
          sibling: 0,
          index: token,
        });
        return parent.phi + Math.log(q) + noise;
      });
      const best = Math.max(...g);
      return law.map((q, token) => ({
        parent: parent.id,
        token,
        q,
        phi: parent.phi + Math.log(q),
        perturbed: shifted(parent.perturbed, best, g[token]!),
      }));
    });
    const kept = candidates.sort((a, b) => b.perturbed - a.perturbed).slice(0, WIDTH);
    const drawn = new Map<number, { count: number; mass: number }>();
    frontier = kept
      .map((c) => {
        const before = drawn.get(c.parent) ?? { count: 0, mass: 0 };
        drawn.set(c.parent, { count: before.count + 1, mass: before.mass + c.q });
        return { ...c, sibling: before.count, logq: Math.log(c.q / (1 - before.mass)) };
      })
      .sort((a, b) => a.parent - b.parent || a.sibling - b.sibling)
      .map(({ parent, token, sibling, logq, phi, perturbed }, i) => ({
        id: nodes.length + i,
        parent,
        depth,
        sibling,
        token,
        logq,
        phi,
        perturbed,
      }));
    nodes.push(...frontier);
  }
  return nodes;
}

interface Judgement {
  readonly verdicts: NodeVerdict[];
  readonly path: number[];
  readonly extra: "bonus" | "residual";
  /** The law the extra token is drawn from. */
  readonly law: Law;
}

/** Recursive rejection sampling without replacement. */
function judge(nodes: readonly DraftNode[], step: number, seed: number): Judgement {
  const verdicts = new Map<number, NodeVerdict>();
  const path = [0];
  let extra: Judgement["extra"] | null = null;
  let finalLaw: Law = [];
  // All nodes are tested in numbers; only those the walk meets are decided.
  for (const parent of nodes) {
    const children = nodes.filter((n) => n.parent === parent.id).sort((a, b) => a.sibling - b.sibling);
    const isReached = path.at(-1) === parent.id;
    const p = targetLaw(parent.token);
    let r = p;
    let d = draftLaw(parent.token);
    let isDecided = !isReached;
    for (const child of children) {
      const acceptProb = Math.min(1, r[child.token]! / d[child.token]!);
      const numbers = {
        id: child.id,
        logp: Math.log(p[child.token]!),
        r: r[child.token]!,
        d: d[child.token]!,
        acceptProb,
      };
      if (isDecided) {
        verdicts.set(child.id, { ...numbers, u: null, outcome: "not_reached" });
      } else {
        const u = uniformAt({
          seed,
          step,
          purpose: Purpose.ACCEPT,
          node: parent.id,
          sibling: child.sibling,
          index: 0,
        });
        const isAccepted = u < acceptProb;
        verdicts.set(child.id, { ...numbers, u, outcome: isAccepted ? "accepted" : "rejected" });
        if (isAccepted) path.push(child.id);
        isDecided = isAccepted;
      }
      const left = r.map((x, i) => Math.max(0, x - d[i]!));
      const mass = left.reduce((a, b) => a + b, 0);
      if (mass > 1e-9) r = left.map((x) => x / mass);
      const others = 1 - d[child.token]!;
      d = d.map((x, i) => (i === child.token ? 0 : x / others));
    }
    if (isReached && path.at(-1) === parent.id) {
      extra = children.length === 0 ? "bonus" : "residual";
      finalLaw = r;
    }
  }
  return {
    verdicts: nodes.slice(1).map((n) => verdicts.get(n.id)!),
    path,
    extra: extra ?? "bonus",
    law: finalLaw,
  };
}

function drawFrom(law: Law, step: number, seed: number): number {
  const noisy = law.map((p, index) =>
    p > 0
      ? Math.log(p) + gumbelAt({ seed, step, purpose: Purpose.FINAL, node: 0, sibling: 0, index })
      : -Infinity,
  );
  return noisy.indexOf(Math.max(...noisy));
}

/** Events of one round after a text of `n` tokens. */
function roundEvents(
  seed: number,
  step: number,
  n: number,
  anchor: number,
  isCaughtUp: boolean,
): MethodEvent[] {
  const nodes = draftTree(anchor, step, seed);
  const { verdicts, path, extra, law } = judge(nodes, step, seed);
  const last = drawFrom(law, step, seed);
  const accepted = path.slice(1);
  const lastParent = nodes[path.at(-1)!]!;
  // Rows of `late` tokens, then the anchor's and the nodes'; the first `kept` nodes of the path stay.
  const slots = (late: number, rows: number, kept: number) => ({
    base: n - 1 - late,
    written: late + rows,
    moves: accepted
      .slice(0, kept - 1)
      .map((id, k) => [n - 1 + id, n + k] as const)
      .filter(([from, to]) => from !== to),
    kept: late + kept,
  });
  const fed = nodes.filter((node) => node.depth < DEPTH).length;
  // A deepest node that was accepted was never fed to the draft model, which reads it first thing in the next round.
  const late = isCaughtUp ? 0 : 1;
  return [
    { kind: "draft", step, law: "wor", nodes },
    ...nodes.flatMap((node): MethodEvent[] => {
      const at = { kind: "candidates", step, node: node.id, position: n + node.depth } as const;
      const target = { ...at, of: "target", top: top(targetLaw(node.token)) } as const;
      return node.depth < DEPTH ? [{ ...at, of: "draft", top: top(draftLaw(node.token)) }, target] : [target];
    }),
    { kind: "verify", step, rule: "recursive_rejection", lossless: true, verdicts, path, extra },
    {
      kind: "commit",
      step,
      positions: path.map((_, k) => n + k),
      tokens: [...accepted.map((id) => nodes[id]!.token), last],
      origins: [...accepted.map(() => "accepted" as const), extra],
      logprobs: [
        ...accepted.map((id) => verdicts[id - 1]!.logp),
        Math.log(targetLaw(lastParent.token)[last]!),
      ],
      nodes: [...accepted, null],
    },
    { kind: "state", step, of: "target", ...slots(0, nodes.length, path.length) },
    { kind: "state", step, of: "draft", ...slots(late, fed, Math.min(path.length, DEPTH)) },
    {
      kind: "cost",
      step,
      targetForwards: 1,
      targetRows: nodes.length,
      draftForwards: DEPTH,
      draftRows: late + fed,
      dispatches: 96,
      submits: 1,
      readbacks: 1,
    },
  ];
}

function pieces(tokens: readonly number[]): {
  tokens: number[];
  texts: string[];
  partial: [number, number[]][];
} {
  return {
    tokens: [...tokens],
    texts: tokens.map((t) => (BYTES.has(t) ? "\ufffd" : WORDS[t]!)),
    partial: tokens.flatMap((t) => (BYTES.has(t) ? [[t, BYTES.get(t)!] satisfies [number, number[]]] : [])),
  };
}

function mentioned(e: MethodEvent): readonly number[] {
  if (e.kind === "draft") return e.nodes.map((n) => n.token);
  if (e.kind === "candidates") return e.top.map(([token]) => token);
  if (e.kind === "commit") return e.tokens;
  return [];
}

/** A whole run of `rounds` rounds of 16-node trees, from run_start to run_end. The same for the same number. */
export function sampleTrace(rounds = 6, seed = 296): TraceEvent[] {
  const text = [...PROMPT_TOKENS];
  const known = new Set<number>();
  const events: TraceEvent[] = [];
  let ms = 0;
  const emit = (e: MethodEvent, tookMs: number) => {
    const fresh = [...new Set(e.kind === "prefill" ? PROMPT_TOKENS : mentioned(e))].filter(
      (t) => !known.has(t),
    );
    if (fresh.length > 0) events.push({ kind: "pieces", step: e.step, ms, ...pieces(fresh) });
    for (const t of fresh) known.add(t);
    ms = Math.round((ms + tookMs) * 1000) / 1000;
    events.push({ ...e, ms });
  };
  emit({ kind: "prefill", step: 0, tokens: PROMPT_TOKENS.length - 1 }, 4.2);
  let isCaughtUp = true;
  for (let step = 0; step < rounds; step++) {
    for (const e of roundEvents(seed, step, text.length, text.at(-1)!, isCaughtUp)) {
      emit(e, e.kind === "draft" ? 6.4 : e.kind === "verify" ? 5.1 : 0.01);
      if (e.kind === "commit") {
        isCaughtUp = e.tokens.length <= DEPTH;
        text.push(...e.tokens);
      }
    }
    events.push({
      kind: "kernel_time",
      step,
      ms,
      kernels: [
        { name: "matmul", calls: 56, timeMs: 7.2 },
        { name: "attention", calls: 14, timeMs: 2.1 },
        { name: "verify_walk", calls: 1, timeMs: 0.2 },
      ],
    });
  }
  const made = text.slice(PROMPT_TOKENS.length);
  events.push({
    kind: "run_end",
    step: Math.max(0, rounds - 1),
    ms,
    reason: "max_tokens",
    hash: hashTokens(made),
    error: null,
  });
  const start: TraceEvent = {
    kind: "run_start",
    step: 0,
    ms: 0,
    version: 1,
    method: "rsd-s",
    model: "story-target",
    draft: "story-draft",
    params: { width: WIDTH, depth: DEPTH },
    sampler: { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    seed,
    maxNewTokens: made.length,
    prompt: PROMPT,
    promptTokens: PROMPT_TOKENS,
    begin: null,
    adapter: "none (a made-up language of fifty tokens)",
  };
  return [start, ...events];
}
