/** Draft trees that keep the best sequences drawn without replacement: stochastic beam search. */
import { integer } from "../base/params";
import { draftTemperature } from "./draft_params";
import { beamTree, countNodes, draftSampler, modelDrafter, RECURSIVE_REJECTION } from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

const params = {
  width: integer({
    default: 4,
    min: 1,
    max: 8,
    label: "Beam width",
    help: "Nodes kept at every level. Wider trees are accepted more often and cost more to check.",
  }),
  depth: integer({
    default: 4,
    min: 1,
    max: 16,
    label: "Depth",
    help: "Levels of the tree: the most draft tokens one round can accept, and the draft model's passes per round.",
  }),
  draftTemperature,
};

export const rsdS = defineMethod({
  id: "rsd-s",
  label: "RSD-S",
  summary: "Draft trees grown by stochastic beam search: whole sequences drawn without replacement.",
  source: {
    title: "Recursive Speculative Decoding: Accelerating LLM Inference via Sampling Without Replacement",
    authors: "W. Jeon, M. Gagrani, R. Goel, J. Park, M. Lee, C. Lott",
    year: 2024,
    url: "https://arxiv.org/abs/2402.14160",
    where: "RSD with stochastic beam search; recursive rejection sampling",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "Likely prefixes get more branches: the beam keeps whole sequences, not one child each.",
    maxNewTokens: 28,
  },
  treeNodes: ({ width, depth }) => countNodes(beamTree(width, depth)),
  async *decode(context) {
    const { session, sampler, params } = context;
    const policy = beamTree(params.width, params.depth, session.target.vocabSize);
    const drafter = modelDrafter(policy, draftSampler(sampler, params.draftTemperature));
    yield* speculate(context, drafter, RECURSIVE_REJECTION);
  },
});
