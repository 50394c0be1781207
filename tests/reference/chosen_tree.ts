/** Plain twins of the kernels that choose trees without a draft model. */
import type { TreeTemplate } from "../../src/decoding/session";
import type { TreeNodes } from "./expand_tree";

function append(tree: TreeNodes, parent: number, token: number, sibling: number): number {
  tree.token.push(token);
  tree.parent.push(parent);
  tree.depth.push(tree.depth[parent]! + 1);
  tree.sibling.push(sibling);
  for (const list of [tree.logq, tree.phi, tree.perturbed]) list.push(0);
  return tree.token.length - 1;
}

/** Token -> its successors, most probable first. */
export type SuccessorTable = Map<number, readonly number[]>;

/**
 * Adds the nodes of a template that the table knows; returns the template's number of each node of the tree.
 * @see Luo et al. 2024, Token Recycling, section 3.2
 */
export function chooseByTemplate(tree: TreeNodes, table: SuccessorTable, template: TreeTemplate): number[] {
  const ids = new Map([[0, 0]]);
  template.parent.forEach((parent, i) => {
    const at = ids.get(parent);
    if (i === 0 || at === undefined) return;
    const token = table.get(tree.token[at]!)?.[template.rank[i]!];
    if (token !== undefined) ids.set(i, append(tree, at, token, template.rank[i]!));
  });
  return [...ids.keys()];
}

/**
 * The tokens after an earlier occurrence of the last m tokens, m from `longest` down to 1; none if there is no such
 * place. "earliest" wants `count` tokens after it. @see Saxena 2023, Prompt Lookup Decoding
 */
export function lookup(
  text: readonly number[],
  longest: number,
  count: number,
  which: "latest" | "earliest",
): readonly number[] {
  for (let m = Math.min(longest, text.length - 1); m > 0; m--) {
    const wanted = text.slice(-m).join();
    const ends = text
      .map((_, end) => end)
      .filter((end) => end >= m && text.slice(end - m, end).join() === wanted);
    const usable = ends.filter((end) => which === "latest" || end + count <= text.length);
    const end = which === "latest" ? usable.at(-1) : usable[0];
    if (end !== undefined) return text.slice(end, end + count);
  }
  return [];
}

export function appendChain(tree: TreeNodes, tokens: readonly number[]): void {
  tokens.forEach((token, i) => append(tree, i, token, 0));
}

/** Rows of the table after a round: of nodes with one token, one on the path wins, then the highest id. */
export function learnSuccessors(
  table: SuccessorTable,
  tokens: readonly number[],
  tops: readonly (readonly number[])[],
  path: readonly number[],
): void {
  const weight = (node: number): number => (path.includes(node) ? tokens.length + node : node);
  tokens.forEach((token, node) => {
    const isBeaten = tokens.some((other, id) => other === token && weight(id) > weight(node));
    if (!isBeaten) table.set(token, tops[node]!);
  });
}

/** The next guesses: what the target said after each node beyond the path, then the last of that again and again. */
export function shiftGuesses(count: number, said: readonly number[], path: readonly number[]): number[] {
  const later = said.slice(path.length);
  let last = said[path.length - 1]!;
  return Array.from({ length: count }, (_, i) => (last = later[i] ?? last));
}
