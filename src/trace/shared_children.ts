/** Which nodes of a draft tree what was drafted is below, where paths that begin alike share it. */

interface TreeNode {
  readonly id: number;
  /** -1 for the anchor. */
  readonly parent: number;
  readonly token: number;
}

/**
 * Gives a node without children those of its first sibling with the same token, by the same list: independent paths that
 * have been equal so far go on below one node, and verification may take any of the equal ones. Changes `children`,
 * which is by node, in draw order.
 * @see docs/trace.md, verify
 */
export function shareChildren(nodes: readonly TreeNode[], children: (readonly number[])[]): void {
  nodes.forEach(({ id, parent, token }) => {
    const twin = parent < 0 ? id : children[parent]!.find((other) => nodes[other]!.token === token)!;
    if (children[id]!.length === 0) children[id] = children[twin]!;
  });
}
