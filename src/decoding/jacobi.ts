/** Guesses a block of tokens and replaces the guesses by what the target says, round after round. */
import { integer } from "../base/params";
import { chosenDrafter, SAMPLE_AND_MATCH } from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

const params = {
  block: integer({
    default: 8,
    min: 1,
    max: 32,
    label: "Block",
    help: "Tokens guessed ahead. All guesses are renewed in every round; those the target agrees with from the left stay.",
  }),
};

export const jacobi = defineMethod({
  id: "jacobi",
  label: "Jacobi",
  summary: "No draft model: the target's own last answers are the next guesses, until they no longer change.",
  source: {
    title: "Accelerating Transformer Inference for Translation via Parallel Decoding",
    authors: "A. Santilli, S. Severino, E. Postolache, V. Maiorca, M. Mancusi, R. Marin, E. Rodol\u00e0",
    year: 2023,
    url: "https://arxiv.org/abs/2305.10427",
    where:
      "algorithm 1, parallel Jacobi decoding; above temperature 0 verified by sample and match, which keeps the law",
  },
  requires: "causal",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch: "Guesses for all positions are refined side by side; a run of right ones is kept at once.",
    model: "task-target",
    prompt: "reverse:hnelofbcuaz_=",
    temperature: 0,
    maxNewTokens: 16,
  },
  treeNodes: ({ block }) => block + 1,
  async *decode(context) {
    const { block } = context.params;
    const levels = Array.from({ length: block }, () => 1);
    const drafter = chosenDrafter(levels, (ops) => ({
      choice: { kind: "guesses", guesses: ops.guesses(block) },
    }));
    yield* speculate(context, drafter, SAMPLE_AND_MATCH);
  },
});
