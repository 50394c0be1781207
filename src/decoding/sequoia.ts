/** Draft trees planned ahead by dynamic programming over how often children of each draw order are accepted. */
import { toggle } from "../base/params";
import { draftTemperature, treeDepth, treeSize } from "./draft_params";
import { draftSampler, modelDrafter, RECURSIVE_REJECTION, type Drafter } from "./draft_tree";
import { defineMethod } from "./method";
import { Acceptance, measuredPairs, plannedNodes, plannedTree, planTree } from "./sequoia_plan";
import { speculate, type Planner } from "./speculation";

/** Rounds after which the tree is planned anew, each time with all that was measured until then. */
const REPLAN_AFTER = [32, 224];

const params = {
  nodes: treeSize(". How it is best spent is planned before decoding begins."),
  depth: treeDepth(8),
  replan: toggle({
    default: true,
    label: "Measure while decoding",
    help: `Count which children are accepted and plan the tree anew after ${REPLAN_AFTER[0]} and ${REPLAN_AFTER[0]! + REPLAN_AFTER[1]!} rounds. Off keeps the first plan.`,
  }),
  draftTemperature,
};

export const sequoia = defineMethod({
  id: "sequoia",
  label: "Sequoia",
  summary:
    "The tree shape that is worth most by measured acceptance, found by dynamic programming before decoding.",
  source: {
    title: "Sequoia: Scalable, Robust, and Hardware-aware Speculative Decoding",
    authors: "Z. Chen, A. May, R. Svirschevski, Y. Huang, M. Ryabinin, Z. Jia, B. Chen",
    year: 2024,
    url: "https://arxiv.org/abs/2402.12374",
    where:
      "section 4.1, tree construction under positional acceptance; section 4.2, verification without replacement. The size is asked for instead of chosen by a device's speed. Where the draft law runs out of tokens, verification ends instead of going on with uniform ones",
  },
  requires: "causal+draft",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "The tree has the same shape in every step: the one that measured acceptance says is worth most.",
    params: { nodes: 24 },
    maxNewTokens: 24,
  },
  treeNodes: ({ nodes }) => plannedNodes(nodes),
  async *decode(context) {
    const { session, sampler, params } = context;
    const acceptance = new Acceptance(
      await measuredPairs(),
      session.target.id,
      session.draft?.id ?? "",
      sampler.temperature,
    );
    if (!acceptance.isMeasured && !params.replan)
      yield {
        kind: "warning",
        step: 0,
        message: `no acceptance was measured for ${session.draft?.id} drafting for ${session.target.id}; the tree is planned by a guess. Let it be measured while decoding instead.`,
      };
    const drafters = new Map<string, Drafter<"wor">>();
    const segments = params.replan ? [...REPLAN_AFTER] : [];
    const planner: Planner<"wor"> = {
      next() {
        const plan = planTree(acceptance.vector(), params.nodes, params.depth);
        const key = JSON.stringify(plan.counts);
        const policy = plannedTree(plan, session.target.vocabSize);
        const drafter =
          drafters.get(key) ?? modelDrafter(policy, draftSampler(sampler, params.draftTemperature));
        drafters.set(key, drafter);
        return { drafter, rounds: segments.shift() ?? Infinity };
      },
      observe: (told) => acceptance.observe(told),
    };
    yield* speculate(context, planner, RECURSIVE_REJECTION);
  },
});
