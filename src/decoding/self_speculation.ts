/** A recurrent model as its own draft: few recurrences guess, many check. */
import { integer } from "../base/params";
import { recurrencesOf, recurrencesParam } from "./depth/params";
import { draftTemperature } from "./draft_params";
import { chainTree, countNodes, draftSampler, modelDrafter, RECURSIVE_REJECTION } from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

export const selfSpeculation = defineMethod({
  id: "self-speculation",
  label: "Self-speculation",
  summary: "Drafts with few recurrences of the model itself and checks with many: the same text, sooner.",
  source: {
    title: "Scaling up Test-Time Compute with Latent Reasoning: A Recurrent Depth Approach",
    authors:
      "J. Geiping, S. McLeish, N. Jain, J. Kirchenbauer, S. Singh, B. R. Bartoldson, B. Kailkhura, A. Bhatele, T. Goldstein",
    year: 2025,
    url: "https://arxiv.org/abs/2502.05171",
    where: "section 5, self-speculative decoding; acceptance as in Leviathan et al. 2023, algorithm 1",
  },
  requires: "recurrent",
  lossless: true,
  params: {
    draftLength: integer({
      default: 5,
      min: 1,
      max: 32,
      label: "Draft length",
      help: "Tokens drafted in a row before all are checked at full depth.",
    }),
    draftRecurrences: integer({
      default: 1,
      min: 1,
      max: 32,
      label: "Draft recurrences",
      help: "Recurrences of the core while drafting. Few are cheap and guess worse.",
    }),
    recurrences: recurrencesParam,
    draftTemperature,
  },
  views: ["tree", "tokens", "state"],
  showcase: {
    watch:
      "One recurrence guesses, six check: most guesses are right because later recurrences seldom change a token.",
    model: "story-loop",
    maxNewTokens: 24,
  },
  treeNodes: ({ draftLength }) => countNodes(chainTree(draftLength)),
  depths: (params, facts) => ({
    target: recurrencesOf(params.recurrences, facts),
    draft: params.draftRecurrences,
  }),
  async *decode(context) {
    const { sampler, params } = context;
    const drafter = modelDrafter(
      chainTree(params.draftLength),
      draftSampler(sampler, params.draftTemperature),
    );
    yield* speculate(context, drafter, RECURSIVE_REJECTION);
  },
});
