/**
 * The rules of one round: what a tree is, that verification followed one path through it, and that this path was
 * committed.
 */
import type { CommitEvent, DraftEvent, DraftNode, NodeVerdict, TokenOrigin, VerifyEvent } from "./events";
import { shareChildren } from "./shared_children";
import { expect, isLogprob, isNear, isProbability } from "./violation";

/**
 * A checked tree: its nodes and the ids of each node's children in draw order. Paths of independent draws that begin
 * alike share what follows: a node without children has those of its first equal sibling.
 */
export interface CheckedTree {
  readonly nodes: readonly DraftNode[];
  readonly children: readonly (readonly number[])[];
}

/**
 * Checks the shape of a draft tree: ids in order, parents first, depths, siblings numbered from 0, logs in range.
 * @throws Violation
 */
export function checkDraft(e: Pick<DraftEvent, "nodes" | "law">): CheckedTree {
  const { nodes } = e;
  expect(nodes.length > 0, "at least the anchor among the nodes", nodes.length);
  const children: number[][] = nodes.map(() => []);
  nodes.forEach((n, i) => {
    const at = () => `node ${i}`;
    expect(n.id === i, () => `id ${i} at index ${i} of the nodes`, n.id);
    expect(isLogprob(n.logq), () => `${at()} with a finite logq at most 0`, n.logq);
    expect(isLogprob(n.phi), () => `${at()} with a finite phi at most 0`, n.phi);
    expect(Number.isFinite(n.perturbed), () => `${at()} with a finite perturbed`, n.perturbed);
    if (i === 0) {
      expect(n.parent === -1, "the anchor (node 0) with parent -1", n.parent);
      expect(n.depth === 0, "the anchor (node 0) with depth 0", n.depth);
      expect(n.sibling === 0, "the anchor (node 0) with sibling 0", n.sibling);
      return;
    }
    expect(n.parent >= 0 && n.parent < i, () => `${at()} with a parent from 0 to ${i - 1}`, n.parent);
    const parent = nodes[n.parent]!;
    expect(
      n.depth === parent.depth + 1,
      () => `${at()} with depth ${parent.depth + 1}, one below its parent ${parent.id}`,
      n.depth,
    );
    expect(
      n.phi <= parent.phi || isNear(n.phi, parent.phi),
      () => `${at()} with phi at most its parent's ${parent.phi}`,
      n.phi,
    );
    const siblings = children[n.parent]!;
    expect(
      siblings[n.sibling] === undefined,
      () => `${at()} to be the only child ${n.sibling} of node ${n.parent}`,
      "another one",
    );
    siblings[n.sibling] = i;
  });
  children.forEach((own, id) => {
    for (let k = 0; k < own.length; k++)
      expect(
        own[k] !== undefined,
        () => `children of node ${id} numbered 0 to ${own.length - 1}`,
        `no sibling ${k}`,
      );
    if (e.law === "wor" || e.law === "point") {
      const tokens = own.map((child) => nodes[child]!.token);
      expect(
        new Set(tokens).size === tokens.length,
        () => `children of node ${id} with different tokens (law ${e.law})`,
        tokens,
      );
    }
  });
  if (e.law === "iidPaths") shareChildren(nodes, children);
  return { nodes, children };
}

function checkNumbers(v: NodeVerdict, rule: VerifyEvent["rule"]): void {
  const at = () => `node ${v.id}`;
  expect(isLogprob(v.logp), () => `${at()} with a finite logp at most 0`, v.logp);
  expect(isProbability(v.r), () => `${at()} with r from 0 to 1`, v.r);
  expect(isProbability(v.d), () => `${at()} with d from 0 to 1`, v.d);
  expect(isProbability(v.acceptProb), () => `${at()} with acceptProb from 0 to 1`, v.acceptProb);
  if (v.u !== null) expect(v.u >= 0 && v.u <= 1, () => `${at()} with u from 0 to 1`, v.u);
  const isDrawn = rule !== "greedy" && rule !== "sample_and_match" && v.outcome !== "not_reached";
  expect(
    (v.u !== null) === isDrawn,
    () => `${at()} (${v.outcome}, ${rule}) with ${isDrawn ? "a number" : "null"} as u`,
    v.u,
  );
  if (v.u === null) return;
  const ratio = v.d > 0 ? Math.min(1, v.r / v.d) : 1;
  // Where next to nothing is left to the residual law, a verifier accepts instead of dividing: acceptProb is then 1.
  expect(
    isNear(v.acceptProb, ratio) || v.acceptProb === 1,
    () => `${at()} with acceptProb min(1, r / d) = ${ratio}`,
    v.acceptProb,
  );
  const isAccepted = v.outcome === "accepted";
  expect(
    isNear(v.u, v.acceptProb) || v.u < v.acceptProb === isAccepted,
    () =>
      `${at()} ${isAccepted ? "rejected" : "accepted"}, since u = ${v.u} and acceptProb = ${v.acceptProb}`,
    v.outcome,
  );
}

/**
 * Checks one verdict per drafted node, numbers in range, and that the outcomes are those of a walk from the anchor:
 * at each node of the path its children are tested in draw order up to the first accepted one.
 * @throws Violation
 */
export function checkVerify(
  e: Pick<VerifyEvent, "verdicts" | "path" | "rule" | "extra">,
  tree: CheckedTree,
): void {
  const drafted = tree.nodes.length - 1;
  expect(
    e.verdicts.length === drafted,
    () => `one verdict for each of ${drafted} drafted nodes`,
    e.verdicts.length,
  );
  e.verdicts.forEach((v, i) => {
    expect(v.id === i + 1, () => `the verdict of node ${i + 1} at index ${i}`, `that of node ${v.id}`);
    checkNumbers(v, e.rule);
  });

  expect(e.path[0] === 0, "a path that starts at the anchor (0)", e.path);
  e.path.slice(1).forEach((id, k) => {
    const parent = e.path[k]!;
    expect(
      tree.children[parent]?.includes(id) === true,
      () => `a child of node ${parent} at index ${k + 1} of the path`,
      id,
    );
  });
  const implied = tree.nodes.map((): NodeVerdict["outcome"] => "not_reached");
  e.path.forEach((id, k) => {
    const next = e.path[k + 1];
    for (const child of tree.children[id]!) {
      implied[child] = child === next ? "accepted" : "rejected";
      if (child === next) break;
    }
  });
  for (const v of e.verdicts)
    expect(
      v.outcome === implied[v.id],
      () => `node ${v.id} ${implied[v.id]}, from path ${e.path.join(",")}`,
      v.outcome,
    );

  const last = e.path.at(-1)!;
  const isLeaf = tree.children[last]!.length === 0;
  const extra = e.rule === "greedy" ? "argmax" : isLeaf ? "bonus" : "residual";
  const why =
    e.rule === "greedy" ? "for the greedy rule" : `since node ${last} has ${isLeaf ? "no " : ""}children`;
  expect(e.extra === extra, () => `extra ${extra}, ${why}`, e.extra);
}

/** Origins the extra token may have. Under the greedy rule it is the target's own choice, whatever the tree did. */
const EXTRA_ORIGINS: Readonly<Record<VerifyEvent["extra"], readonly TokenOrigin[]>> = {
  bonus: ["bonus"],
  residual: ["residual"],
  argmax: ["target", "bonus", "residual"],
};

/** What a verified round lets a commit contain. */
export interface VerifiedPath extends Pick<VerifyEvent, "path" | "extra"> {
  readonly nodes: readonly DraftNode[];
}

/**
 * Checks that the committed tokens are those of the verified path from its start, then the extra one; without a
 * tree that all are the target's own. Positions are not looked at.
 * @throws Violation
 */
export function checkCommit(
  e: Pick<CommitEvent, "tokens" | "positions" | "origins" | "logprobs" | "nodes">,
  verified: VerifiedPath | null,
): void {
  const count = e.tokens.length;
  expect(count > 0, "at least one token", 0);
  for (const key of ["positions", "origins", "logprobs", "nodes"] as const)
    expect(e[key].length === count, () => `as many ${key} as tokens (${count})`, e[key].length);
  const most = verified?.path.length ?? Infinity;
  expect(count <= most, () => `at most ${most} tokens, the accepted path and one more`, count);
  e.tokens.forEach((token, i) => {
    const origin = e.origins[i]!;
    const id = verified?.path[i + 1] ?? null;
    expect(isLogprob(e.logprobs[i]!), () => `a finite logprob at most 0 for token ${token}`, e.logprobs[i]);
    expect(e.nodes[i] === id, () => `node ${id} for token ${i} of the commit`, e.nodes[i]);
    const drafted = id === null ? token : verified?.nodes[id]?.token;
    expect(token === drafted, () => `token ${drafted}, that of node ${id}`, token);
    const choices = !verified ? ["target"] : id === null ? EXTRA_ORIGINS[verified.extra] : ["accepted"];
    expect(
      choices.includes(origin),
      () => `origin ${choices.join(" or ")} for token ${i} of the commit`,
      origin,
    );
  });
}
