/** EAGLE-2's dynamic draft trees with a plain draft model: expand the most confident paths, then re-rank all of them. */
import { integer, number } from "../base/params";
import { treeDepth, treeSize } from "./draft_params";
import { draftSampler, SAMPLE_AND_MATCH } from "./draft_tree";
import { defineMethod } from "./method";
import { rankedDrafter, rankedNodes, type RankedPolicy } from "./ranked_tree";
import { speculate } from "./speculation";

const params = {
  nodes: treeSize(": the best of all paths that were looked at. 59 in the published code."),
  topK: integer({
    default: 6,
    min: 1,
    max: 16,
    label: "Top-k",
    help: "Paths that each level goes on with, and candidates after each of them. 10 in the published code.",
  }),
  depth: treeDepth(6, " 8 in the published code."),
  draftTemperature: number({
    default: 1,
    min: 0,
    max: 2,
    step: 0.05,
    label: "Draft temperature",
    help: "Temperature at which the draft model's confidence is read, 1 as published; 0 uses that of the target. It ranks candidates and nothing else.",
  }),
};

const policyOf = (p: { nodes: number; topK: number; depth: number }): RankedPolicy => ({
  by: "probability",
  nodes: p.nodes,
  depth: p.depth,
  children: p.topK,
  width: p.topK,
  least: 0,
});

export const eagleTree = defineMethod({
  id: "eagle-tree",
  label: "EAGLE-2 tree",
  summary:
    "The draft model's most confident paths are expanded, then the best nodes of all levels are verified together.",
  source: {
    title: "EAGLE-2: Faster Inference of Language Models with Dynamic Draft Trees",
    authors: "Y. Li, F. Wei, C. Zhang, H. Zhang",
    year: 2024,
    url: "https://arxiv.org/abs/2406.16858",
    where:
      "section 4.1 expansion, 4.2 re-ranking. The drafter is a small language model here, not EAGLE's network on the target's features",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "More nodes are drafted than kept: only those most likely to be reached go to the target.",
    maxNewTokens: 24,
  },
  treeNodes: (params) => rankedNodes(policyOf(params)),
  async *decode(context) {
    const { session, sampler, params } = context;
    const drafter = rankedDrafter(
      "point",
      policyOf(params),
      draftSampler(sampler, params.draftTemperature),
      session.target.vocabSize,
    );
    yield* speculate(context, drafter, SAMPLE_AND_MATCH);
  },
});
