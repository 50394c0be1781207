/** Masked positions are filled in a random order: with one a step, the law of the trained model itself. */
import { uncached } from "./canvas/cache";
import { randomOrder } from "./canvas/commit";
import { blockParams, stepParams, stepsOf } from "./canvas/params";
import { atRandom } from "./canvas/rank";
import { blocks } from "./canvas/schedule";
import { defineCanvasMethod } from "./method";

export const randomOrderMethod = defineCanvasMethod({
  id: "random-order",
  label: "Random order",
  summary: "Fills masked positions in an order drawn beforehand, whatever the model says of them.",
  source: {
    title: "Simple and Effective Masked Diffusion Language Models",
    authors:
      "S. S. Sahoo, M. Arriola, Y. Schiff, A. Gokaslan, E. Marroquin, J. T. Chiu, A. Rush, V. Kuleshov",
    year: 2024,
    url: "https://arxiv.org/abs/2406.07524",
    where: "section 4.2: ancestral sampling; its order of unmasking is uniform",
  },
  requires: "masked",
  lossless: false,
  params: { ...stepParams, ...blockParams },
  views: ["canvas", "denoised", "scores"],
  showcase: { watch: "Positions are filled in an order that looks at nothing.", maxNewTokens: 32 },
  parts({ params }, canvas) {
    const steps = stepsOf(params, canvas);
    return {
      schedule: blocks(params.blockLength, steps),
      cache: uncached,
      rank: atRandom,
      reweight: [],
      stop: null,
      commit: randomOrder(steps),
      verify: null,
      ending: params.ending,
      reuse: false,
    };
  },
});
