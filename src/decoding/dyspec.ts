/** Draft trees grown where the draft model is sure: the next draw is the one most likely to be tested. */
import { choice, number } from "../base/params";
import { treeDepth, treeSize } from "./draft_params";
import { draftSampler, RECURSIVE_REJECTION } from "./draft_tree";
import { defineMethod } from "./method";
import { rankedDrafter, rankedNodes, type RankedPolicy } from "./ranked_tree";
import { speculate } from "./speculation";

/** Most draws listed after a node; what more of them would reach is next to nothing. */
const CHILDREN = 16;

const params = {
  nodes: treeSize(". Every round spends it where the draft model expects most."),
  depth: treeDepth(8),
  stop: choice({
    default: "budget",
    choices: [
      { value: "budget", label: "Node budget" },
      { value: "threshold", label: "Threshold" },
    ],
    label: "Grow until",
    help: "Node budget: the tree always has as many nodes as allowed. Threshold: draws less likely to be tested than the threshold are left out too, so that trees vary in size.",
  }),
  threshold: number({
    default: 0.06,
    min: 0.001,
    max: 0.5,
    step: 0.001,
    label: "Threshold",
    help: "Least estimated chance that a draw is tested. About 1 / nodes in the paper; used by the threshold variant.",
  }),
  draftTemperature: number({
    default: 0,
    min: 0,
    max: 2,
    step: 0.05,
    label: "Draft temperature",
    help: "Temperature of the draft model; 0 uses the target's, and 0.6 where that is 0. Published with 0.6 throughout. The text keeps the target's law either way.",
  }),
};

/** Temperature that drafts are judged by where the target's is 0: the published one. */
const GREEDY_TEMPERATURE = 0.6;
/** Of a level's nodes only a few have children among the best: the draft model is fed a third of the tree's size at most. */
const FED_SHARE = 3;

const policyOf = (p: { nodes: number; depth: number; stop: string; threshold: number }): RankedPolicy => ({
  by: "reach",
  nodes: p.nodes,
  depth: p.depth,
  children: CHILDREN,
  width: Math.max(FED_SHARE, Math.ceil(p.nodes / FED_SHARE)),
  least: p.stop === "threshold" ? p.threshold : 0,
});

export const dyspec = defineMethod({
  id: "dyspec",
  label: "DySpec",
  summary:
    "Draft trees that grow by the draw most likely to be tested, judged by the draft model's own probabilities.",
  source: {
    title: "DySpec: Faster Speculative Decoding with Dynamic Token Tree Structure",
    authors: "Y. Xiong, R. Zhang, Y. Li, T. Wu, L. Zou",
    year: 2024,
    url: "https://arxiv.org/abs/2410.11744",
    where:
      "algorithms 1 and 2. Drafted level by level, then cut to the best draws, which gives the tree of the paper's heap as long as it goes on below no more than a third of its nodes on one level; at most 16 draws after a node. The draft temperature is the target's unless set",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "The tree grows where the draft model is sure: deep and narrow when it is, wide when it is not.",
    params: { nodes: 24 },
    maxNewTokens: 24,
  },
  treeNodes: (params) => rankedNodes(policyOf(params)),
  async *decode(context) {
    const { session, sampler, params } = context;
    const drafter = rankedDrafter(
      "wor",
      policyOf(params),
      draftSampler(sampler, params.draftTemperature || (sampler.temperature === 0 ? GREEDY_TEMPERATURE : 0)),
      session.target.vocabSize,
    );
    yield* speculate(context, drafter, RECURSIVE_REJECTION);
  },
});
