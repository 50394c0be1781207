/**
 * Speculative decoding with randomness as an effect: drafts, node rules and the tree walk, for exact laws of one
 * round. A context is the list of tokens after the anchor.
 * @see Leviathan et al. 2023 (one child a level); Jeon et al. 2024 (without replacement); Miao et al. 2024 (iid)
 */
import type { Choose } from "./choice";
import { recursiveRejection, type DrawLaw } from "./verify_tree";

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
