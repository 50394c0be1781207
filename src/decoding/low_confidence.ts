/** Each pass predicts every masked position; the ones the model is surest of stay, the others are masked again. */
import { choice } from "../base/params";
import { uncached } from "./canvas/cache";
import { bestOfPlan, bestOfProcess } from "./canvas/commit";
import { blockParams, orderNoise, orderParams, stepParams, stepsOf } from "./canvas/params";
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
    where:
      "section 2.4 and algorithm 5; margin order as Kim et al. 2025, entropy order, order temperature and process counts as Dream 7B",
  },
  requires: "masked",
  lossless: false,
  params: {
    ...orderParams,
    counts: choice({
      default: "even",
      choices: [
        { value: "even", label: "Even (LLaDA)" },
        { value: "process", label: "As the process (Dream)" },
      ],
      label: "Tokens of a step",
      help: "Even: the same number in every step. As the process: what the noise process would reveal in an interval of time, a random number's mean rounded down, so early steps may commit nothing.",
    }),
    ...stepParams,
    ...blockParams,
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch: "The surest positions are filled first, wherever they stand: one a step.",
    model: "task-diffusion",
    prompt: "sort:rpexbhgtsuni=",
    temperature: 0,
    maxNewTokens: 14,
  },
  parts({ params }, canvas) {
    const steps = stepsOf(params, canvas);
    return {
      schedule: blocks(params.blockLength, steps),
      cache: uncached,
      rank: RANKS[params.order],
      reweight: orderNoise(params),
      stop: null,
      commit: params.counts === "even" ? bestOfPlan(steps) : bestOfProcess(steps),
      verify: null,
      ending: params.ending,
      reuse: false,
    };
  },
});
