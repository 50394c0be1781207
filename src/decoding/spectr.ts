/** Several independent draft sequences, verified together by K-sequential selection. */
import { integer } from "../base/params";
import { draftTemperature } from "./draft_params";
import { countNodes, draftSampler, K_SEQ, modelDrafter, pathTree } from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

const params = {
  sequences: integer({
    default: 4,
    min: 1,
    max: 8,
    label: "Sequences, K",
    help: "Independent drafts of the same length. Where they begin alike they share one node, and stay candidates together.",
  }),
  draftLength: integer({
    default: 4,
    min: 1,
    max: 15,
    label: "Draft length",
    help: "Tokens in each sequence: the most draft tokens one round can accept, and the draft model's passes per round.",
  }),
  draftTemperature,
};

export const spectr = defineMethod({
  id: "spectr",
  label: "SpecTr",
  summary:
    "K independent drafts; at each position one is kept by a near-optimal transport from draft to target law.",
  source: {
    title: "SpecTr: Fast Speculative Decoding via Optimal Transport",
    authors: "Z. Sun, A. T. Suresh, J. H. Ro, A. Beirami, H. Jain, F. Yu",
    year: 2023,
    url: "https://arxiv.org/abs/2310.15141",
    where: "K-SEQ, algorithms 2 and 3, theorem 3",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "Several drafts of the same position are tested together against one threshold.",
    maxNewTokens: 24,
  },
  treeNodes: ({ sequences, draftLength }) => countNodes(pathTree(sequences, draftLength)),
  async *decode(context) {
    const { sampler, params } = context;
    const policy = pathTree(params.sequences, params.draftLength);
    const drafter = modelDrafter(policy, draftSampler(sampler, params.draftTemperature));
    yield* speculate(context, drafter, K_SEQ);
  },
});
