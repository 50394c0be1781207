/**
 * Drafting of trees by reach and by probability with randomness as an effect: the heap of the paper, and the same drafted
 * level by level and ranked afterwards, as the device does it.
 * @see Xiong et al. 2024, DySpec, algorithms 1 and 2; Li et al. 2024, EAGLE-2, section 4
 */
import type { Choose } from "./choice";
import { anchorTree, nodesAtDepth, pathTo, type TreeNodes } from "./expand_tree";
import { rankTree, type Listed } from "./rank_tree";
import type { Draft, Drafting, LawOf } from "./speculation";

interface Growing {
  readonly token: number;
  readonly children: Growing[];
}
/** The next draw at a node: the chance that it is tested, and its law, the draft's over what elder siblings left. */
interface DrawEvent {
  readonly value: number;
  readonly kids: Growing[];
  readonly context: readonly number[];
  readonly law: readonly number[];
}

const total = (law: readonly number[]): number => law.reduce((a, b) => a + b, 0);
const scaled = (law: readonly number[]): number[] => law.map((v) => v / total(law));
const without = (law: readonly number[], token: number): number[] => law.map((v, x) => (x === token ? 0 : v));

/**
 * `budget` draws, each where one is most likely to be tested, down to `depth` levels; none less likely than `least`.
 * `draw` picks the token; anything but a draw from the law is a mistake to be noticed.
 */
export function heapDrafting(
  budget: number,
  depth: number,
  least = 0,
  draw: (law: readonly number[], choose: Choose) => number = (law, choose) => choose(law, "draft"),
): Drafting {
  return (q, context, choose) => {
    const root: Growing[] = [];
    const events: DrawEvent[] = [{ value: 1, kids: root, context, law: q(context) }];
    for (let k = 0; k < budget; k++) {
      let best = 0;
      events.forEach((e, i) => (best = e.value > events[best]!.value ? i : best));
      const [event] = events.splice(best, 1);
      if (!event || event.value <= 0 || event.value < least) break;
      const { law } = event;
      const token = draw(law, choose);
      const kid: Growing = { token, children: [] };
      event.kids.push(kid);
      const left = without(law, token);
      if (total(left) > 0)
        events.push({ ...event, value: event.value * (1 - law[token]!), law: scaled(left) });
      const below = [...event.context, token];
      if (below.length - context.length < depth)
        events.push({ value: event.value * law[token]!, kids: kid.children, context: below, law: q(below) });
    }
    return root;
  };
}

export interface RankedShape {
  readonly by: "reach" | "probability";
  readonly children: number;
  readonly width: number;
  readonly depth: number;
  readonly nodes: number;
  readonly least?: number;
}

function listOf(
  tree: TreeNodes,
  node: number,
  law: readonly number[],
  shape: RankedShape,
  choose: Choose,
): Listed[] {
  const list: Listed[] = [];
  let left: readonly number[] = law;
  let reach = node === 0 ? 0 : tree.perturbed[node]! + tree.logq[node]!;
  while (list.length < shape.children && total(left) > 0) {
    const here = scaled(left);
    const token = shape.by === "reach" ? choose(here, "draft") : here.indexOf(Math.max(...here));
    const phi = tree.phi[node]! + Math.log(law[token]!);
    list.push({
      token,
      logq: Math.log(here[token]!),
      phi,
      value: shape.by === "reach" ? reach : phi,
    });
    reach += Math.log(Math.max(1 - here[token]!, 1e-7));
    left = without(left, token);
  }
  return list;
}

/** Lists below the best nodes of each level, then the best of all that was listed. `value` may spoil what decides. */
export function rankedDrafting(
  shape: RankedShape,
  value: (candidate: Listed) => number = (c) => c.value,
): Drafting {
  return (q: LawOf, context, choose) => {
    const drafted = anchorTree(-1);
    const lists: Listed[][] = [];
    const key = (c: Listed): number => (shape.by === "reach" ? c.value + c.logq : c.value);
    const limit = shape.least ? Math.log(shape.least) : -Infinity;
    for (let level = 0; level < shape.depth; level++) {
      const own = nodesAtDepth(drafted, level).map((node) => {
        const at = pathTo(drafted, node)
          .slice(1)
          .map((id) => drafted.token[id]!);
        const list = listOf(drafted, node, q([...context, ...at]), shape, choose);
        return list.map((c) => ({ ...c, value: value(c) }));
      });
      const first = lists.length;
      lists.push(...own);
      own
        .flatMap((list, row) => list.map((c, sibling) => ({ c, row: first + row, sibling })))
        .filter(({ c }) => c.value >= limit)
        .sort((a, b) => key(b.c) - key(a.c) || a.row - b.row || a.sibling - b.sibling)
        .slice(0, shape.width)
        .sort((a, b) => a.row - b.row || a.sibling - b.sibling)
        .forEach(({ c, row, sibling }) => {
          drafted.token.push(c.token);
          drafted.parent.push(row);
          drafted.depth.push(level + 1);
          drafted.sibling.push(sibling);
          drafted.logq.push(c.logq);
          drafted.phi.push(c.phi);
          drafted.perturbed.push(c.value);
        });
    }
    const { tree } = rankTree(drafted, lists, shape.nodes, shape.least ?? 0);
    const childrenOf = (node: number): Draft[] =>
      tree.token.flatMap((token, id) =>
        tree.parent[id] === node ? [{ token, children: childrenOf(id) }] : [],
      );
    return childrenOf(0);
  };
}
