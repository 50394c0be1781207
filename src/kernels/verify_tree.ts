/** Verifies a draft tree against the target's laws, commits the accepted path and one more token. */
import { defineKernel } from "../engine/kernel";
import commitSource from "../../shaders/commit_tree.wgsl?raw";
import scalarsSource from "../../shaders/node_scalars.wgsl?raw";
import walkSource from "../../shaders/verify_walk.wgsl?raw";
import { CTL_WORDS, MAX_TREE_NODES, outcomeWords, treeWords } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const nodeScalarsKernel = defineKernel({
  name: "node_scalars",
  source: scalarsSource,
  reads: ["tree", "target_laws", "draft_laws", "ctl"],
  writes: ["scalars"],
  params: { vocab_size: "u32", rule: "u32", cap: "u32" },
  overrides: REDUCE_OVERRIDES,
});
export const verifyWalkKernel = defineKernel({
  name: "verify_walk",
  source: walkSource,
  reads: ["tree", "target_laws", "draft_laws"],
  writes: ["scalars", "ctl", "seq", "outcome"],
  params: { vocab_size: "u32", rule: "u32", cap: "u32" },
  overrides: REDUCE_OVERRIDES,
});
export const commitTreeKernel = defineKernel({
  name: "commit_tree",
  source: commitSource,
  reads: ["tree", "target_laws", "scalars"],
  writes: ["ctl", "seq", "outcome"],
  params: { vocab_size: "u32", rule: "u32", cap: "u32", partials: "u32" },
});

/** Fields of the scalars buffer, f32 [SCALAR_FIELDS, cap]; by child node, NODE by node; see include/residual.wgsl. */
export const Scalar = { LOG_LEFT: 0, ACCEPT: 1, Z: 2, R: 3, D: 4, LOGP: 5, NODE: 6, PARTIAL: 7 } as const;
export const SCALAR_FIELDS = 8;
export const scalarWords = (cap: number): number => SCALAR_FIELDS * cap;

/** Codes of the rules, the same as in shaders/include/residual.wgsl. */
export const Rule = {
  recursive_rejection: 0,
  greedy: 1,
  multi_round: 2,
  sample_and_match: 3,
  k_seq: 4,
} as const;
export type VerifyRule = keyof typeof Rule;
/** Rules that decide by one token of the target after each node, and look at no draft law. */
export const isPointRule = (rule: VerifyRule): boolean => rule === "greedy" || rule === "sample_and_match";

/** Tokens of the vocabulary that one workgroup of the final draw looks at. */
const DRAW_STRETCH = 16384;

export interface VerifyTreeArgs {
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** u32 [NODE_FIELDS, cap] */
  readonly tree: GPUBuffer;
  readonly cap: number;
  readonly vocabSize: number;
  /** f32 [*, vocabSize] each, normalised log-probabilities; row i is the law after node i. */
  readonly targetLaws: GPUBuffer;
  readonly draftLaws: GPUBuffer;
  /** Scratch of {@link scalarWords} words. */
  readonly scalars: GPUBuffer;
  /** u32 [outcomeWords(cap)] */
  readonly outcome: GPUBuffer;
  readonly rule: VerifyRule;
}

/**
 * Records the verification of a round: two dispatches, or three where the vocabulary is long enough to draw the last
 * token with several workgroups. A node can have at most 64 children. @see speculative.md 4.3
 */
export function verifyTree(rec: Recording, a: VerifyTreeArgs): void {
  if (a.cap < 2 || a.cap > MAX_TREE_NODES)
    throw new Error(`verify_tree: cap is ${a.cap}, expected 2 to ${MAX_TREE_NODES}`);
  needBytes("verify_tree", "targetLaws", a.targetLaws, 4 * a.cap * a.vocabSize);
  needBytes("verify_tree", "ctl", a.ctl, 4 * CTL_WORDS);
  needBytes("verify_tree", "tree", a.tree, 4 * treeWords(a.cap));
  needBytes("verify_tree", "scalars", a.scalars, 4 * scalarWords(a.cap));
  needBytes("verify_tree", "outcome", a.outcome, 4 * outcomeWords(a.cap));
  const laws = { tree: a.tree, target_laws: a.targetLaws, draft_laws: a.draftLaws };
  const text = { ctl: a.ctl, seq: a.seq, outcome: a.outcome };
  const params = { vocab_size: a.vocabSize, rule: Rule[a.rule], cap: a.cap };
  const isSoftware = rec.list.engine.gpu.isSoftware;
  const wanted =
    rec.tuning.choices["verify_walk.groups"] ?? (isSoftware ? 1 : Math.ceil(a.vocabSize / DRAW_STRETCH));
  // Partial results have room in one field of the scalars, two words each.
  const groups = isPointRule(a.rule) ? 1 : Math.max(1, Math.min(wanted, Math.floor(a.cap / 2)));
  rec.list.add(nodeScalarsKernel, reduceVariant(rec, 256, "node_scalars.lanes"), {
    bind: { ...laws, ctl: a.ctl, scalars: a.scalars },
    params,
    grid: [a.cap],
  });
  rec.list.add(verifyWalkKernel, reduceVariant(rec, 256, "verify_walk.lanes"), {
    bind: { ...laws, scalars: a.scalars, ...text },
    params,
    grid: [groups],
  });
  if (groups === 1) return;
  rec.list.add(
    commitTreeKernel,
    {},
    {
      bind: { tree: a.tree, target_laws: a.targetLaws, scalars: a.scalars, ...text },
      params: { ...params, partials: groups },
      grid: [1],
    },
  );
}
