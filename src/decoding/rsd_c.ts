/** Draft trees with a fixed number of children per level, drawn without replacement. */
import { integers } from "../base/params";
import { draftTemperature } from "./draft_params";
import {
  branchingTree,
  countNodes,
  draftSampler,
  MAX_NODES,
  modelDrafter,
  RECURSIVE_REJECTION,
} from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

const params = {
  branching: integers({
    default: [2, 2, 2],
    min: 1,
    max: 8,
    maxLength: 16,
    label: "Children per level",
    help: `How many different tokens are drawn after each node, one number a level. The tree grows with their product; it is cut at ${MAX_NODES} nodes.`,
  }),
  draftTemperature,
};

export const rsdC = defineMethod({
  id: "rsd-c",
  label: "RSD-C",
  summary: "Draft trees with a constant branching factor per level, siblings drawn without replacement.",
  source: {
    title: "Recursive Speculative Decoding: Accelerating LLM Inference via Sampling Without Replacement",
    authors: "W. Jeon, M. Gagrani, R. Goel, J. Park, M. Lee, C. Lott",
    year: 2024,
    url: "https://arxiv.org/abs/2402.14160",
    where: "RSD with constant branching factors (Gumbel-top-k); recursive rejection sampling",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "When the first branch is refused, its sibling is still there to be accepted.",
    params: { branching: [2, 2, 1, 1] },
    maxNewTokens: 24,
  },
  treeNodes: ({ branching }) => countNodes(branchingTree(branching)),
  async *decode(context) {
    const { session, sampler, params } = context;
    const asked = params.branching;
    const policy = branchingTree(asked, session.target.vocabSize);
    const sizes = policy.levels.map((nodes, level) => nodes / (policy.levels[level - 1] ?? 1));
    if (sizes.join() !== asked.join()) {
      const message = `a tree with ${asked.join(",")} children per level would be too large; using ${sizes.join(",")} instead`;
      yield { kind: "warning", step: 0, message };
    }
    const drafter = modelDrafter(policy, draftSampler(sampler, params.draftTemperature));
    yield* speculate(context, drafter, RECURSIVE_REJECTION);
  },
});
