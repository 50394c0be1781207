/** A router lets each token into another recursion of the shared layers or says that it has had enough, or tells it its depth at the start. */
import { defineDepthMethod } from "./depth/method";
import { morParams } from "./depth/mor_params";

export const mor = defineDepthMethod({
  id: "mor",
  requires: "routed",
  label: "Mixture of recursions",
  summary: "A router decides for each token how often the shared layers run, before they run.",
  source: {
    title: "Mixture-of-Recursions: Learning Dynamic Recursive Depths for Adaptive Token-Level Computation",
    authors:
      "S. Bae, Y. Kim, R. Bayat, S. Kim, J. Ha, T. Schuster, A. Fisch, H. Harutyunyan, Z. Ji, A. Courville, S.-Y. Yun",
    year: 2025,
    url: "https://arxiv.org/abs/2507.10524",
    where:
      "section 2.2 (expert-choice and token-choice routing, key-value caching and sharing); of expert choice the paper selects the best of a whole text, which looks at later tokens: here a token's gate is compared with a threshold",
  },
  lossless: false,
  params: morParams,
  views: ["depth", "words", "tokens"],
  showcase: {
    watch:
      "Few tokens are let into the third recursion: the others are done after the first or second, and leave fewer keys behind.",
    model: "story-mor",
    maxNewTokens: 32,
  },
  needs: (params, facts) => ({ maxRecurrence: facts.trainedRecurrence, cache: params.cache }),
  async *decode(context) {
    const { runMor } = await import("./depth/run_mor");
    yield* runMor(context);
  },
});
