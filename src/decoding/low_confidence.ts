/** Each pass predicts every masked position; the ones the model is surest of stay, the others are masked again. */
import { choice } from "../base/params";
import { uncached } from "./canvas/cache";
import { bestOfPlan } from "./canvas/commit";
import { blockParams, stepParams, stepsOf } from "./canvas/params";
import { RANKS } from "./canvas/rank";
import { blocks } from "./canvas/schedule";
import { defineCanvasMethod } from "./method";

export const lowConfidence = defineCanvasMethod({
  id: "low-confidence",
  label: "Low-confidence remasking",
  summary: "Keeps the surest of all proposals in each step and masks the others again, as LLaDA does.",
  source: {
    title: "Large Language Diffusion Models",
    authors: "S. Nie, F. Zhu, Z. You, X. Zhang, J. Ou, J. Hu, J. Zhou, Y. Lin, J.-R. Wen, C. Li",
    year: 2025,
    url: "https://arxiv.org/abs/2502.09992",
    where: "section 2.4 and algorithm 5; margin order as Kim et al. 2025, entropy order as Dream 7B",
  },
  requires: "masked",
  lossless: false,
  params: {
    order: choice({
      default: "confidence",
      choices: [
        { value: "confidence", label: "Confidence" },
        { value: "margin", label: "Margin of the best two" },
        { value: "entropy", label: "Entropy" },
        { value: "left_to_right", label: "Left to right" },
      ],
      label: "Order",
      help: "What sure means: the probability of the proposed token, its lead over the next one, or how little the whole law spreads. Left to right looks at none of these.",
    }),
    ...stepParams,
    ...blockParams,
  },
  views: ["canvas", "denoised", "scores"],
  parts({ params }, canvas) {
    const steps = stepsOf(params, canvas.masked().length);
    return {
      schedule: blocks(params.blockLength, steps),
      cache: uncached,
      rank: RANKS[params.order],
      reweight: [],
      stop: null,
      commit: bestOfPlan(steps),
      verify: null,
      ending: params.ending,
      reuse: false,
    };
  },
});
