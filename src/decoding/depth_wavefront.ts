/** A wave of half-decided tokens: many positions refined together, frozen from the front as they come to rest. */
import { defineDepthMethod } from "./depth/method";
import { MOST_RECURRENCES } from "./depth/params";
import { wavefrontParams } from "./depth/wavefront_params";

export const depthWavefront = defineDepthMethod({
  id: "depth-wavefront",
  label: "Depth wavefront",
  summary:
    "Refines many positions at once, each drafted from the half-finished one before, and freezes those that have come to rest.",
  source: {
    title:
      "Efficient Parallel Samplers for Recurrent-Depth Models and Their Connection to Diffusion Language Models",
    authors: "J. Geiping, X. Yang, G. Su",
    year: 2025,
    url: "https://arxiv.org/abs/2510.14961",
    where:
      "algorithm 1 (diffusion forcing sampler) with its prefix rule; the text need not equal plain decoding's",
  },
  lossless: false,
  params: wavefrontParams,
  views: ["wave", "words", "tokens"],
  showcase: {
    watch:
      "The wave moves one column a step while plain decoding would run six recurrences for each token: drafts behind the front change until they rest.",
    model: "story-loop",
    temperature: 0,
    maxNewTokens: 16,
  },
  // Only one place a layer and position: drafts overwrite what they were.
  needs: () => ({ maxRecurrence: MOST_RECURRENCES, cache: "latest" }),
  async *decode(context) {
    const { runWavefront } = await import("./depth/run_wavefront");
    yield* runWavefront(context);
  },
});
