/**
 * Float64 twin of "best" levels and of rank_tree: candidates below every node that was fed, valued by the path's
 * probability or by the estimated chance of being tested, and the tree of those worth most.
 * @see Li et al. 2024, EAGLE-2, section 4; Xiong et al. 2024, DySpec, algorithms 1 and 2
 */
import type { Expansion } from "../../src/decoding/session";
import { anchorTree, candidates, type DraftNoise, type TreeNodes } from "./expand_tree";
import { topK } from "./row_stats";

export type BestLevel = Extract<Expansion, { kind: "best" }>;

/** A possible child: fields as of TreeNodes; `value` decides. */
export interface Listed {
  readonly token: number;
  readonly logq: number;
  readonly phi: number;
  readonly value: number;
}

/** Smallest chance that a draw fails, so that the values of later ones stay finite. */
const RARE = 1e-7;

/** The `children` best candidates below `node`, best first, which is the order of drawing without replacement. */
export function listChildren(
  tree: TreeNodes,
  node: number,
  law: ArrayLike<number>,
  how: BestLevel,
  noise: DraftNoise,
): Listed[] {
  const all = candidates(tree, node, law, how.by === "reach" ? noise : null);
  const best = topK(
    all.map((c) => c.perturbed),
    how.children,
  ).map((i) => all[i]!);
  // Summed over the tokens that are left: 1 minus those drawn would be noise where they took nearly everything.
  const mass = (gone: ReadonlySet<number>): number => {
    let sum = 0;
    for (let x = 0; x < law.length; x++) if (!gone.has(x)) sum += Math.exp(law[x]!);
    return sum;
  };
  const drawn = new Set<number>();
  let reach = node === 0 ? 0 : tree.perturbed[node]! + tree.logq[node]!;
  return best.map(({ token, phi }) => {
    const logq = law[token]! - Math.log(mass(drawn));
    const value = how.by === "reach" ? reach : phi;
    reach += Math.log(Math.max(1 - Math.exp(logq), RARE));
    drawn.add(token);
    return { token, logq, phi, value };
  });
}

function push(tree: TreeNodes, parent: number, sibling: number, { token, logq, phi, value }: Listed): void {
  tree.token.push(token);
  tree.parent.push(parent);
  tree.depth.push(tree.depth[parent]! + 1);
  tree.sibling.push(sibling);
  tree.logq.push(logq);
  tree.phi.push(phi);
  tree.perturbed.push(value);
}

const leastValue = (least: number): number => (least > 0 ? Math.log(least) : -Infinity);

/**
 * Adds one level: of all candidates below the frontier the `width` of largest value, or by reach those whose first child
 * would have the largest, since that is what going on below them adds; returns what was listed below each frontier node. Ties go to the smaller node, then to the better of its list.
 */
export function expandBest(
  tree: TreeNodes,
  frontier: readonly number[],
  laws: readonly ArrayLike<number>[],
  how: BestLevel,
  noise: DraftNoise,
): Listed[][] {
  const lists = frontier.map((node, row) => listChildren(tree, node, laws[row]!, how, noise));
  const pool = lists
    .flatMap((list, row) => list.map((c, sibling) => ({ ...c, row, sibling })))
    .filter((c) => c.value >= leastValue(how.least));
  const kept = topK(
    pool.map((c) => (how.by === "reach" ? c.value + c.logq : c.value)),
    how.width,
  )
    .map((i) => pool[i]!)
    .sort((a, b) => a.row - b.row || a.sibling - b.sibling);
  for (const c of kept) push(tree, frontier[c.row]!, c.sibling, c);
  return lists;
}

/**
 * The tree of the `count` candidates of largest value, and each node's number among the drafted ones, -1 for those
 * that nothing was listed below. `lists[i]` stands below drafted node i.
 */
export function rankTree(
  drafted: TreeNodes,
  lists: readonly (readonly Listed[])[],
  count: number,
  least: number,
): { readonly tree: TreeNodes; readonly origin: number[] } {
  const below = (list: number, sibling: number): number => {
    const id = drafted.parent.findIndex((p, i) => p === list && drafted.sibling[i] === sibling);
    return id >= 0 && id < lists.length ? id : -1;
  };
  /** Candidates chosen of each list; undefined while its node is not in the tree. */
  const chosen: (number | undefined)[] = [0];
  for (let k = 0; k < count; k++) {
    let best = -1;
    lists.forEach((list, i) => {
      const head = chosen[i] === undefined ? undefined : list[chosen[i]];
      if (!head || head.value < leastValue(least)) return;
      if (best < 0 || head.value > lists[best]![chosen[best]!]!.value) best = i;
    });
    if (best < 0) break;
    const next = below(best, chosen[best]!);
    chosen[best]!++;
    if (next >= 0) chosen[next] = 0;
  }
  const tree = anchorTree(drafted.token[0]!);
  const origin = [0];
  const number = new Map([[0, 0]]);
  lists.forEach((list, i) => {
    for (let j = 0; j < (chosen[i] ?? 0); j++) {
      const id = below(i, j);
      if (id >= 0) number.set(id, tree.token.length);
      origin.push(id);
      push(tree, number.get(i)!, j, list[j]!);
    }
  });
  return { tree, origin };
}
