/**
 * Float64 twin of the verify_tree kernels: numbers of each node's test, the walk down the tree, the last token of a round.
 * The direct form of recursive rejection sampling, which keeps whole residual laws, stands beside the scalar form.
 * @see Jeon et al. 2024, recursive rejection sampling; Leviathan et al. 2023, algorithm 1 for one child
 */
import { Purpose, uniformAt } from "../../src/base/rng";
import type { VerifyRule } from "../../src/decoding/session";
import { childrenOf, type TreeNodes } from "./expand_tree";
import { argmax, MASKED } from "./row_stats";
import { sampleRow } from "./sample";

/** How the children of a node were drawn: without replacement, or independently of one another. */
export type DrawLaw = "wor" | "iid";

/** Below this probability of rejecting, a child is accepted: the residual law would be a quotient of rounding errors. */
export const CERTAIN = 1e-7;

/** What verification needs of a node with children x_0 .. x_{m-1}; the laws of its residuals follow from these. */
export interface NodeScalars {
  /** Draft mass that was left when child j was drawn. */
  readonly s: readonly number[];
  /** Probability of accepting child j once it is tested. */
  readonly a: readonly number[];
  /** Mass of relu(r_j - d_j). */
  readonly Z: readonly number[];
  /** Residual target probability of child j when it is tested. */
  readonly r: readonly number[];
  /** Draft probability that child j is tested against. */
  readonly d: readonly number[];
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** d_i(x): the law that child i was drawn from. */
function drawProb(
  q: ArrayLike<number>,
  kids: readonly number[],
  s: readonly number[],
  i: number,
  x: number,
  law: DrawLaw,
): number {
  if (law === "iid") return q[x]!;
  return kids.indexOf(x) >= 0 && kids.indexOf(x) < i ? 0 : q[x]! / s[i]!;
}

/** r_j(x): the target law left at x after children 0 .. j-1 were rejected, from p, q and the scalars before j. */
export function residualProb(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  kids: readonly number[],
  scalars: Pick<NodeScalars, "s" | "Z">,
  j: number,
  x: number,
  law: DrawLaw = "wor",
): number {
  let r = p[x]!;
  for (let i = 0; i < j; i++) {
    r = Math.max(0, r - drawProb(q, kids, scalars.s, i, x, law)) / Math.max(scalars.Z[i]!, CERTAIN);
  }
  return r;
}

/** Scalars of one node from the target law p [V], the draft law q [V] and the children's tokens in draw order. */
export function nodeScalars(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  kids: readonly number[],
  law: DrawLaw = "wor",
): NodeScalars {
  const tokens = range(p.length);
  const s = kids.map((_, i) =>
    tokens.reduce((sum, x) => (kids.indexOf(x) >= 0 && kids.indexOf(x) < i ? sum : sum + q[x]!), 0),
  );
  const out = { s, a: [] as number[], Z: [] as number[], r: [] as number[], d: [] as number[] };
  kids.forEach((child, j) => {
    const r = residualProb(p, q, kids, out, j, child, law);
    const d = drawProb(q, kids, s, j, child, law);
    const Z = tokens.reduce(
      (sum, x) =>
        sum + Math.max(0, residualProb(p, q, kids, out, j, x, law) - drawProb(q, kids, s, j, x, law)),
      0,
    );
    out.r.push(r);
    out.d.push(d);
    out.Z.push(Z);
    // A child that cannot have been drawn (d = 0, only under a wrong law) is judged by the target alone.
    out.a.push(Z < CERTAIN ? 1 : d > 0 ? Math.min(1, r / d) : r > 0 ? 1 : 0);
  });
  return out;
}

/** The direct form: acceptance probabilities in draw order, and the law of the last token if all were rejected. */
export function recursiveRejection(
  p: readonly number[],
  q: readonly number[],
  kids: readonly number[],
  law: DrawLaw = "wor",
): { readonly a: readonly number[]; readonly residual: readonly number[] } {
  let r = [...p];
  let d = [...q];
  const a = kids.map((child) => {
    const rest = r.map((v, x) => Math.max(0, v - d[x]!));
    const Z = rest.reduce((sum, v) => sum + v, 0);
    const accept =
      Z < CERTAIN ? 1 : d[child]! > 0 ? Math.min(1, r[child]! / d[child]!) : r[child]! > 0 ? 1 : 0;
    r = rest.map((v) => v / Math.max(Z, CERTAIN));
    if (law === "wor") {
      d[child] = 0;
      const left = d.reduce((sum, v) => sum + v, 0);
      if (left > 0) d = d.map((v) => v / left);
    }
    return accept;
  });
  return { a, residual: r };
}

/** K-SEQ's factor and what follows from it. */
export interface KSeq {
  /** At least 1, at most the number of draws. */
  readonly rho: number;
  /** sum_x min(q(x), p(x) / rho): the chance that one draw is accepted. */
  readonly beta: number;
  /** 1 - (1 - beta)^k: the chance that any draw is. */
  readonly any: number;
}

/**
 * Solves 1 - (1 - beta)^k = rho beta by halving [1, k]; returns the upper end, where the residual is not below 0.
 * @see Sun et al. 2023, SpecTr, theorem 3
 */
export function kSeq(p: readonly number[], q: readonly number[], k: number): KSeq {
  const betaOf = (rho: number): number => p.reduce((sum, v, x) => sum + Math.min(q[x]!, v / rho), 0);
  const anyOf = (beta: number): number => 1 - (1 - Math.min(1, beta)) ** k;
  let low = 1;
  let high = k;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (anyOf(betaOf(middle)) > middle * betaOf(middle)) low = middle;
    else high = middle;
  }
  const beta = betaOf(high);
  return { rho: high, beta, any: anyOf(beta) };
}

/** The law after all of K-SEQ's draws were rejected, [V]; null if that has next to no probability. */
export function kSeqResidual(
  p: readonly number[],
  q: readonly number[],
  { rho, beta, any }: KSeq,
): number[] | null {
  if (1 - any < CERTAIN) return null;
  return p.map(
    (v, x) => Math.max(0, v - (Math.min(q[x]!, v / rho) * any) / Math.max(beta, CERTAIN)) / (1 - any),
  );
}

/** Numbers of K-SEQ's tests: r = p / rho against d = q; the last draw is accepted where no residual is left. */
function kSeqTests(
  p: readonly number[],
  q: readonly number[],
  kids: readonly number[],
): Pick<NodeScalars, "a" | "r" | "d"> {
  const found = kSeq(p, q, kids.length);
  const r = kids.map((x) => p[x]! / found.rho);
  const d = kids.map((x) => q[x]!);
  const isCertain = 1 - found.any < CERTAIN;
  return {
    r,
    d,
    a: kids.map((_, j) => (isCertain && j === kids.length - 1 ? 1 : Math.min(1, r[j]! / d[j]!))),
  };
}

/** Numbers of rejection sampling against point masses: r is the target law once elder siblings are out. */
function pointTests(p: readonly number[], kids: readonly number[]): Pick<NodeScalars, "a" | "r" | "d"> {
  let left = 1;
  const r = kids.map((x) => {
    const share = left > CERTAIN ? Math.min(1, p[x]! / left) : 0;
    left -= p[x]!;
    return share;
  });
  return { a: r, r, d: kids.map(() => 1) };
}

export interface VerifyInput {
  readonly tree: TreeNodes;
  /** Log-probabilities of the target after each node, [N][V]. */
  readonly target: readonly ArrayLike<number>[];
  /** Log-probabilities of the draft model after each node that has children. */
  readonly draft: readonly (ArrayLike<number> | undefined)[];
  readonly rule: VerifyRule;
  readonly seed: number;
  readonly step: number;
}

export interface VerifyResult {
  readonly path: readonly number[];
  readonly extra: "bonus" | "residual" | "argmax";
  /** The token after the path. */
  readonly token: number;
  /** By node; entry 0 is 0 throughout. Codes and meanings as in decoding/session.ts RoundOutcome. */
  readonly logp: number[];
  readonly r: number[];
  readonly d: number[];
  readonly acceptProb: number[];
  readonly u: number[];
  readonly verdict: number[];
  /** By node: the token a path ends with there under a point rule; empty under others. */
  readonly ends: readonly number[];
}

const probsOf = (logprobs: ArrayLike<number>): number[] => Array.from(logprobs, Math.exp);

/** Numbers of the test of every child of `v`, reached or not. */
function judge(input: VerifyInput, v: number, kids: readonly number[]): Pick<NodeScalars, "a" | "r" | "d"> {
  const tokens = kids.map((id) => input.tree.token[id]!);
  if (input.rule === "greedy") {
    const best = argmax(input.target[v]!);
    const hit = tokens.map((token) => (token === best ? 1 : 0));
    return { a: hit, r: hit, d: kids.map((id) => Math.exp(input.tree.logq[id]!)) };
  }
  const p = probsOf(input.target[v]!);
  if (input.rule === "sample_and_match") return pointTests(p, tokens);
  const q = probsOf(input.draft[v]!);
  if (input.rule === "k_seq") return kSeqTests(p, q, tokens);
  return nodeScalars(p, q, tokens, drawLawOf(input.rule));
}

const drawLawOf = (rule: VerifyRule): DrawLaw => (rule === "multi_round" ? "iid" : "wor");

/** The law [V] of the token after all `kids` of a node were rejected. */
export function residualLaw(
  rule: VerifyRule,
  p: readonly number[],
  q: readonly number[],
  kids: readonly number[],
): readonly number[] {
  if (rule === "k_seq") return kSeqResidual(p, q, kSeq(p, q, kids.length)) ?? p;
  const law = drawLawOf(rule);
  const scalars = nodeScalars(p, q, kids, law);
  return p.map((_, x) => residualProb(p, q, kids, scalars, kids.length, x, law));
}

/**
 * Verifies a tree. Addresses of random numbers: ACCEPT, node = parent, sibling = draw order, index 0 for the tests;
 * FINAL, node = last accepted node, sibling 0, index = token for the last token.
 */
export function verifyTree(input: VerifyInput): VerifyResult {
  const { tree, target, rule, seed, step } = input;
  const zeros = (): number[] => tree.token.map(() => 0);
  const out = {
    logp: zeros(),
    r: zeros(),
    d: zeros(),
    acceptProb: zeros(),
    u: tree.token.map(() => -1),
    verdict: zeros(),
  };
  const tests = tree.token.map((_, v) => {
    const kids = tree.parent.includes(v) ? childrenOf(tree, v) : [];
    if (kids.length === 0) return null;
    const { a, r, d } = judge(input, v, kids);
    kids.forEach((id, j) => {
      out.logp[id] = target[v]![tree.token[id]!]!;
      out.r[id] = r[j]!;
      out.d[id] = d[j]!;
      out.acceptProb[id] = a[j]!;
    });
    return a;
  });
  const isPoint = rule === "greedy" || rule === "sample_and_match";
  const drawAt = (law: ArrayLike<number>, node: number): number =>
    sampleRow(law, { seed, step, purpose: Purpose.FINAL, node, sibling: 0 });
  /** The token that ends a path at `v` under a point rule. */
  const endOf = (v: number): number => (rule === "greedy" ? argmax(target[v]!) : drawAt(target[v]!, v));

  const ends = isPoint ? tree.token.map((_, v) => endOf(v)) : [];
  const done = { ...out, ends };

  const path = [0];
  for (;;) {
    const last = path.at(-1)!;
    const kids = childrenOf(tree, last);
    const owner = kids.length > 0 ? tree.parent[kids[0]!]! : last;
    const end = isPoint ? ends[last]! : -1;
    const accepted = kids.findIndex((id, j) => {
      if (!isPoint)
        out.u[id] = uniformAt({ seed, step, purpose: Purpose.ACCEPT, node: last, sibling: j, index: 0 });
      const isAccepted = isPoint ? tree.token[id] === end : out.u[id]! < tests[owner]![j]!;
      out.verdict[id] = isAccepted ? 1 : 2;
      return isAccepted;
    });
    if (accepted >= 0) {
      path.push(kids[accepted]!);
      continue;
    }
    if (rule === "greedy") return { ...done, path, extra: "argmax", token: end };
    if (kids.length === 0)
      return { ...done, path, extra: "bonus", token: isPoint ? end : drawAt(target[last]!, last) };
    if (isPoint) return { ...done, path, extra: "residual", token: end };
    const left = residualLaw(
      rule,
      probsOf(target[owner]!),
      probsOf(input.draft[owner]!),
      kids.map((id) => tree.token[id]!),
    );
    const token = drawAt(
      left.map((r) => (r > 0 ? Math.log(r) : MASKED)),
      last,
    );
    return { ...done, path, extra: "residual", token };
  }
}
