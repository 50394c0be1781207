/**
 * Verifiers that judge a path as a whole and not node by node: V6 (typical acceptance), V7 (block verification) and V8
 * (traversal verification). No method of the page uses one yet; they stand beside the others so that what those give up is
 * known, and for whoever adds a method with them.
 * @see Cai et al. 2024 (Medusa), section 2.3.2; Sun et al. 2024 (block verification), algorithm 2; Weng et al. 2025
 *   (traversal verification), reconstructed from its description
 */
import type { Choose } from "./choice";
import type { Draft, LawOf } from "./speculation";

const sum = (law: readonly number[]): number => law.reduce((a, b) => a + b, 0);
const scaled = (law: readonly number[]): number[] => law.map((v) => v / sum(law));
/** What `weight` times the target's law leaves above the draft's, not normalised. */
const excess = (weight: number, p: readonly number[], q: readonly number[]): number[] =>
  p.map((v, x) => Math.max(0, weight * v - q[x]!));
const isBelow = (chance: number, choose: Choose): boolean => choose([chance, 1 - chance], "accept") === 0;

/**
 * V7: how much of a chain drawn from `q` is kept, tested from its end; returns the tokens one round commits. The weight of
 * i tokens is min(1, weight of i - 1 tokens * p / q), so what one token lacks another may make up for.
 */
export function verifyBlock(chain: readonly number[], p: LawOf, q: LawOf, choose: Choose): number[] {
  const weight = [1];
  for (const [i, x] of chain.entries()) {
    const before = chain.slice(0, i);
    weight.push(Math.min(1, (weight[i]! * p(before)[x]!) / q(before)[x]!));
  }
  for (let kept = chain.length; ; kept--) {
    const path = chain.slice(0, kept);
    if (kept === chain.length) {
      if (isBelow(weight[kept]!, choose)) return [...path, choose(p(path), "bonus")];
      continue;
    }
    const left = excess(weight[kept]!, p(path), q(path));
    const mass = sum(left);
    if (kept === 0 || isBelow(mass / (mass + 1 - weight[kept]!), choose))
      return [...path, choose(scaled(left), "residual")];
  }
}

interface Place {
  readonly token: number;
  readonly parent: Place | null;
  readonly children: Place[];
  readonly path: readonly number[];
  /** The target's law and the draft's here, of what is left after the children that were rejected. */
  target: readonly number[];
  draft: readonly number[];
  /** Weight of the path to here once a child was rejected; before that it follows from the parent's. */
  weight: number | null;
  readonly drawn: Set<number>;
}

function placeOf(node: Draft, parent: Place | null, p: LawOf, q: LawOf): Place {
  const path = parent ? [...parent.path, node.token] : [];
  const place: Place = {
    token: node.token,
    parent,
    path,
    children: [],
    target: p(path),
    draft: q(path),
    weight: parent ? null : 1,
    drawn: new Set(),
  };
  place.children.push(...node.children.map((child) => placeOf(child, place, p, q)));
  return place;
}

/** Takes a rejected first child away: the parent's laws become what is left without it. */
function reject(parent: Place, weight: number): void {
  const { token } = parent.children.shift()!;
  const left = excess(weight, parent.target, parent.draft);
  const mass = sum(left);
  parent.weight = mass === 0 ? 0 : mass / (mass + 1 - weight);
  if (mass > 0) parent.target = scaled(left);
  parent.drawn.add(token);
  const draft = parent.draft.map((v, x) => (x === token ? 0 : v));
  // Where the draft model has nothing left to draw, the rest is drawn evenly from what was not drawn.
  parent.draft = scaled(sum(draft) > 0 ? draft : draft.map((_, x) => (parent.drawn.has(x) ? 0 : 1)));
}

/** V8: a tree whose siblings were drawn without replacement, tested from its leaves up; returns the tokens of one round. */
export function verifyTraversal(kids: readonly Draft[], p: LawOf, q: LawOf, choose: Choose): number[] {
  const root = placeOf({ token: -1, children: kids }, null, p, q);
  for (;;) {
    let at = root;
    let weight = root.weight!;
    let parentWeight = weight;
    while (at.children.length > 0) {
      const child = at.children[0]!;
      parentWeight = weight;
      weight = child.weight ?? Math.min(1, (weight * at.target[child.token]!) / at.draft[child.token]!);
      at = child;
    }
    if (isBelow(weight, choose)) return [...at.path, choose(at.target, "residual")];
    reject(at.parent!, parentWeight);
  }
}

export interface TypicalSettings {
  /** Most that a token must have, and the share of exp(-entropy) that is enough. */
  readonly epsilon: number;
  readonly delta: number;
}

/**
 * V6, which does not keep the target's law: a token is typical if p > min(epsilon, delta * exp(-entropy)); the longest
 * path of typical tokens wins, of equally long ones the most probable; the token after it is drawn from the typical ones.
 */
export function verifyTypical(
  kids: readonly Draft[],
  p: LawOf,
  { epsilon, delta }: TypicalSettings,
  choose: Choose,
): number[] {
  const typical = (law: readonly number[]): number[] => {
    const entropy = -law.reduce((h, v) => h + (v > 0 ? v * Math.log(v) : 0), 0);
    const bound = Math.min(epsilon, delta * Math.exp(-entropy));
    return law.map((v) => (v > bound ? v : 0));
  };
  let best: { path: readonly number[]; logp: number } = { path: [], logp: 0 };
  const search = (level: readonly Draft[], path: readonly number[], logp: number): void => {
    if (path.length > best.path.length || (path.length === best.path.length && logp > best.logp))
      best = { path, logp };
    const law = typical(p(path));
    for (const { token, children } of level)
      if (law[token]! > 0) search(children, [...path, token], logp + Math.log(law[token]!));
  };
  search(kids, [], 0);
  return [...best.path, choose(scaled(typical(p(best.path))), "typical")];
}
