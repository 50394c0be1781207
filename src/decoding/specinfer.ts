/** Draft trees whose children are drawn independently, verified in several rounds of rejection sampling. */
import { integers } from "../base/params";
import { draftTemperature } from "./draft_params";
import {
  countNodes,
  draftSampler,
  independentTree,
  MAX_NODES,
  modelDrafter,
  MULTI_ROUND,
} from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

const params = {
  expansion: integers({
    default: [1, 1, 3, 1, 1],
    min: 1,
    max: 8,
    maxLength: 16,
    label: "Expansion",
    help: `Draws after each node, one number a level. Draws are independent, so two of them can be the same token. The tree is cut at ${MAX_NODES} nodes.`,
  }),
  draftTemperature,
};

export const specinfer = defineMethod({
  id: "specinfer",
  label: "SpecInfer",
  summary:
    "Draft trees of a fixed shape with independent draws; each draw is tested against what the last one left.",
  source: {
    title:
      "SpecInfer: Accelerating Large Language Model Serving with Tree-based Speculative Inference and Verification",
    authors: "X. Miao, G. Oliaro, Z. Zhang, X. Cheng, Z. Wang, Z. Zhang, and others",
    year: 2024,
    url: "https://arxiv.org/abs/2305.09781",
    where: "expansion-based tree; algorithm 2, multi-step speculative sampling",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "Each refused sibling takes its share out of the target\u2019s law before the next is tested.",
    maxNewTokens: 24,
  },
  treeNodes: ({ expansion }) => countNodes(independentTree(expansion)),
  async *decode(context) {
    const { sampler, params } = context;
    const policy = independentTree(params.expansion);
    const drafter = modelDrafter(policy, draftSampler(sampler, params.draftTemperature));
    yield* speculate(context, drafter, MULTI_ROUND);
  },
});
