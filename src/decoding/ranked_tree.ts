/** Trees of whatever a draft model holds most promising: more is drafted than is verified, and the best of it kept. */
import type { SamplerSettings } from "../trace/events";
import { MAX_NODES, type Drafter } from "./draft_tree";
import type { Expansion } from "./session";

/** What is kept of a tree that grows by its best candidates. */
export interface RankedPolicy {
  readonly by: "probability" | "reach";
  /** Nodes that are verified, without the anchor. */
  readonly nodes: number;
  /** Levels of drafting: the draft model's passes a round. */
  readonly depth: number;
  /** Candidates listed below each node that is fed. */
  readonly children: number;
  /** Nodes of a level that drafting goes on below. */
  readonly width: number;
  /** Smallest value of a candidate that is kept; 0 keeps the best whatever they are worth. */
  readonly least: number;
}

/** Nodes that the draft model is fed at depth 1, 2, ..., so that all fit with the anchor into MAX_NODES. */
export function fedLevels(policy: Pick<RankedPolicy, "depth" | "width" | "children">): number[] {
  const width = Math.min(policy.width, Math.floor((MAX_NODES - 1) / policy.depth));
  const levels: number[] = [];
  for (let level = 0, size = 1; level < policy.depth; level++) {
    size = Math.min(width, size * policy.children);
    levels.push(size);
  }
  return levels;
}

/** Most nodes of either tree, the anchor included: the one that is drafted and the one that is verified. */
export const rankedNodes = (policy: RankedPolicy): number =>
  1 +
  Math.max(
    Math.min(policy.nodes, MAX_NODES - 1),
    fedLevels(policy).reduce((a, b) => a + b, 0),
  );

/**
 * A draft model that grows a tree level by level below its best nodes only, one forward pass a level, then keeps the best
 * of all candidates that it listed. With law "wor" candidates are drawn, and a value must be known before its draw;
 * with "point" they are the most probable ones.
 */
export function rankedDrafter<L extends "wor" | "point">(
  law: L,
  policy: RankedPolicy,
  sampler: SamplerSettings,
  vocabSize: number,
): Drafter<L> {
  const { by, least } = policy;
  const children = Math.min(policy.children, vocabSize);
  const levels = fedLevels({ ...policy, children });
  const listed = children * levels.slice(0, -1).reduce((a, b) => a + b, 1);
  const nodes = Math.min(policy.nodes, MAX_NODES - 1, listed);
  return {
    law,
    levels,
    fedDepth: levels.length - 1,
    record(ops, noisy) {
      const tree = ops.tree(levels);
      const laws = levels.map((width, level) => {
        const rows = level === 0 ? ops.committedTail(2) : ops.levelRows(tree, level);
        const after = ops.forward("draft", rows, sampler);
        const how: Expansion = { kind: "best", by, children, width, least };
        ops.expand(tree, after, how, noisy && law === "wor");
        return after;
      });
      return { tree: ops.ranked(tree, nodes, least), laws };
    },
  };
}
