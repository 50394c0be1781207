/** Low-confidence decoding that stops as soon as the answer is clear and commits the rest at once. */
import { choice } from "../base/params";
import { bestOfPlan } from "./canvas/commit";
import { barParams, barsOf, blockParams, cacheOf, cacheParams, stepParams, stepsOf } from "./canvas/params";
import { byConfidence } from "./canvas/rank";
import { blocks } from "./canvas/schedule";
import { clearAnswer } from "./canvas/stop";
import { defineCanvasMethod } from "./method";

export const prophet = defineCanvasMethod({
  id: "prophet",
  label: "Prophet",
  summary:
    "Watches the gap between the two best tokens and commits everything left once it passes a falling bar.",
  source: {
    title: "Diffusion Language Models Know the Answer Before Decoding",
    authors: "P. Li, Y. Zhou, D. Muhtar, L. Yin, S. Yan, L. Shen, Y. Liang, S. Vosoughi, S. Liu",
    year: 2025,
    url: "https://arxiv.org/abs/2508.19982",
    where: "section 4, equation of the confidence gap and algorithm 1",
  },
  requires: "masked",
  lossless: false,
  params: {
    ...barParams,
    aggregate: choice({
      default: "mean",
      choices: [
        { value: "mean", label: "Mean" },
        { value: "min", label: "Smallest" },
      ],
      label: "Gap",
      help: "The paper takes the mean gap. The smallest is the careful choice: one undecided position then holds everything back.",
    }),
    watched: choice({
      default: "canvas",
      choices: [
        { value: "canvas", label: "Canvas" },
        { value: "region", label: "Block" },
      ],
      label: "Watched",
      help: "Whose masked positions count: all of the canvas, or those of the block. Whatever is watched, the whole canvas is committed.",
    }),
    ...stepParams,
    ...blockParams,
    ...cacheParams,
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch:
      "The gap between the two best tokens, averaged over the open positions, waits for the falling bar: when the two meet, all that is left is committed at once, before the planned end.",
    model: "task-diffusion",
    prompt: "sort:rpexbhgtsuni=",
    temperature: 0,
    maxNewTokens: 14,
  },
  parts({ params }, canvas) {
    const steps = stepsOf(params, canvas);
    const schedule = blocks(params.blockLength, steps);
    return {
      schedule,
      cache: cacheOf(params),
      rank: byConfidence,
      reweight: [],
      stop: clearAnswer({
        bars: barsOf(params),
        aggregate: params.aggregate,
        sees: params.watched,
        planned: schedule.planned(canvas),
      }),
      commit: bestOfPlan(steps),
      verify: null,
      ending: params.ending,
      reuse: false,
    };
  },
});
