/** A small model drafts a few tokens in a row, the target checks them all in one pass. */
import { integer } from "../base/params";
import { draftTemperature } from "./draft_params";
import { chainTree, countNodes, draftSampler, modelDrafter, RECURSIVE_REJECTION } from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

const params = {
  draftLength: integer({
    default: 5,
    min: 1,
    max: 32,
    label: "Draft length",
    help: "Tokens drafted in a row before the target checks them. Longer drafts save more passes when the models agree and waste more when they do not.",
  }),
  draftTemperature,
};

export const speculativeChain = defineMethod({
  id: "speculative-chain",
  label: "Speculative chain",
  summary: "A small model drafts several tokens in a row; the target accepts or corrects them in one pass.",
  source: {
    title: "Fast Inference from Transformers via Speculative Decoding",
    authors: "Y. Leviathan, M. Kalman, Y. Matias",
    year: 2023,
    url: "https://arxiv.org/abs/2211.17192",
    where: "algorithm 1",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "A step ends at the first draft the target refuses; everything before it came for one pass.",
    maxNewTokens: 24,
  },
  treeNodes: ({ draftLength }) => countNodes(chainTree(draftLength)),
  async *decode(context) {
    const { sampler, params } = context;
    const policy = chainTree(params.draftLength);
    const drafter = modelDrafter(policy, draftSampler(sampler, params.draftTemperature));
    yield* speculate(context, drafter, RECURSIVE_REJECTION);
  },
});
