/**
 * Speculative decoding with randomness as an effect: drafts, node rules and the tree walk, for exact laws of one
 * round. A context is the list of tokens after the anchor.
 * @see Leviathan et al. 2023 (one child a level); Jeon et al. 2024 (without replacement); Miao et al. 2024 (iid)
 */
import type { Choose } from "./choice";
import { kSeq, kSeqResidual, recursiveRejection, type DrawLaw } from "./verify_tree";

/** Probabilities [V] of the token after a context. */
export type LawOf = (context: readonly number[]) => readonly number[];

/** A draft subtree; children in draw order. */
export interface Draft {
  readonly token: number;
  readonly children: readonly Draft[];
}
/** Builds the children of the node that `context` leads to. */
export type Drafting = (q: LawOf, context: readonly number[], choose: Choose) => Draft[];

const scaled = (law: readonly number[]): readonly number[] | null => {
  const sum = law.reduce((a, b) => a + b, 0);
  return sum > 0 ? law.map((v) => v / sum) : null;
};

/** `branching[l]` children at level l + 1, each drawn from what its elder siblings left; fewer if nothing is left. */
export function withoutReplacement(branching: readonly number[]): Drafting {
  return (q, context, choose) => {
    const left = [...q(context)];
    const tokens: number[] = [];
    for (let j = 0; j < (branching[0] ?? 0); j++) {
      const law = scaled(left);
      if (!law) break;
      const token = choose(law, "draft");
      tokens.push(token);
      left[token] = 0;
    }
    const below = withoutReplacement(branching.slice(1));
    return tokens.map((token) => ({ token, children: below(q, [...context, token], choose) }));
  };
}

/** `branching[l]` independent children at level l + 1, equal ones included. */
export function independent(branching: readonly number[]): Drafting {
  return (q, context, choose) => {
    const tokens = Array.from({ length: branching[0] ?? 0 }, () => choose(q(context), "draft"));
    const below = independent(branching.slice(1));
    return tokens.map((token) => ({ token, children: below(q, [...context, token], choose) }));
  };
}

/** The index of the accepted child, or the law of the token that comes instead of all of them. */
export type NodeOutcome = { readonly accepted: number } | { readonly residual: readonly number[] };
export type NodeRule = (
  kids: readonly number[],
  p: readonly number[],
  q: readonly number[],
  choose: Choose,
) => NodeOutcome;

/** V0: accept the child that is the target's argmax (smallest id on ties), else emit the argmax. */
export const greedyMatch: NodeRule = (kids, p) => {
  const best = p.indexOf(Math.max(...p));
  const accepted = kids.indexOf(best);
  return accepted >= 0 ? { accepted } : { residual: p.map((_, x) => (x === best ? 1 : 0)) };
};

/** V1 (one child), V2 (iid) and V3 (without replacement): recursive rejection sampling. */
export function rejectionRule(law: DrawLaw): NodeRule {
  return (kids, p, q, choose) => {
    const { a, residual } = recursiveRejection(p, q, kids, law);
    for (const [j, accept] of a.entries()) {
      if (choose([accept, 1 - accept], "accept") === 0) return { accepted: j };
    }
    return { residual };
  };
}

/** V4: K-sequential selection. */
export const kSeqRule: NodeRule = (kids, p, q, choose) => {
  const found = kSeq(p, q, kids.length);
  for (const [j, x] of kids.entries()) {
    const accept = Math.min(1, p[x]! / (found.rho * q[x]!));
    if (choose([accept, 1 - accept], "accept") === 0) return { accepted: j };
  }
  return { residual: kSeqResidual(p, q, found) ?? p };
};

/** V5: one draw from the target's law, and the child that it is. */
export const sampleAndMatch: NodeRule = (kids, p, _, choose) => {
  const end = choose(p, "match");
  const accepted = kids.indexOf(end);
  return accepted >= 0 ? { accepted } : { residual: p.map((_, x) => (x === end ? 1 : 0)) };
};

/** The `children[l]` most probable tokens at level l + 1: chosen, not drawn. */
export function mostProbable(branching: readonly number[]): Drafting {
  return (q, context, choose) => {
    const law = q(context);
    const best = law.map((_, x) => x).sort((a, b) => law[b]! - law[a]! || a - b);
    const below = mostProbable(branching.slice(1));
    return best
      .slice(0, branching[0] ?? 0)
      .map((token) => ({ token, children: below(q, [...context, token], choose) }));
  };
}

/** `count` independent sequences of `length` tokens; what follows equal beginnings stands below the first of them. */
export function independentPaths(count: number, length: number): Drafting {
  return (q, context, choose) => {
    const paths = Array.from({ length: count }, () => {
      const path: number[] = [];
      while (path.length < length) path.push(choose(q([...context, ...path]), "draft"));
      return path;
    });
    const level = (live: readonly number[][], depth: number): Draft[] =>
      depth === length
        ? []
        : live.map((path) => ({
            token: path[depth]!,
            children: level(
              live.filter((other) => other[depth] === path[depth]),
              depth + 1,
            ),
          }));
    return level(paths, 0);
  };
}

/** Tokens one round commits: the accepted path and one more. */
export function walk(kids: readonly Draft[], p: LawOf, q: LawOf, rule: NodeRule, choose: Choose): number[] {
  const path: number[] = [];
  for (let level = kids; ;) {
    const law = p(path);
    if (level.length === 0) return [...path, choose(law, "bonus")];
    const outcome = rule(
      level.map((k) => k.token),
      law,
      q(path),
      choose,
    );
    if ("residual" in outcome) return [...path, choose(outcome.residual, "residual")];
    const next = level[outcome.accepted]!;
    path.push(next.token);
    level = next.children;
  }
}
