/** Full-canvas decoding in few, growing steps, with end tokens held back at first. */
import { choice, number } from "../base/params";
import { uncached } from "./canvas/cache";
import { ascending, bestOfPlan } from "./canvas/commit";
import { blockParams, stepParams, stepsOf } from "./canvas/params";
import { byConfidence } from "./canvas/rank";
import { ascendingProgress, evenProgress, rejectEarlyEnds } from "./canvas/reweight";
import { blocks } from "./canvas/schedule";
import { defineCanvasMethod } from "./method";

export const eoserAss = defineCanvasMethod({
  id: "eoser-ass",
  label: "EOSER and ASS",
  summary:
    "Holds early end tokens back and commits 1, 2, 4, ... tokens a step: as many steps as the length has bits.",
  source: {
    title:
      "Taming Masked Diffusion Language Models via Consistency Trajectory Reinforcement Learning with Fewer Decoding Step",
    authors: "J. Yang, G. Chen, X. Hu, J. Shao",
    year: 2025,
    url: "https://arxiv.org/abs/2509.23924",
    where: "end-of-sequence early rejection and ascending step size; the training part is left out",
  },
  requires: "masked",
  lossless: false,
  params: {
    counts: choice({
      default: "ascending",
      choices: [
        { value: "ascending", label: "Ascending" },
        { value: "even", label: "Even" },
      ],
      label: "Tokens of a step",
      help: "Ascending: 1, 2, 4, ... and all that are left in the last step. Even: as tokens per step and steps say.",
    }),
    leastGamma: number({
      default: 0.01,
      min: 0,
      max: 1,
      step: 0.01,
      label: "End token factor",
      help: "What the confidence of end tokens is multiplied by at the start, rising to 1. 1 holds nothing back. Follows the choice above to the paper\u2019s 0.01 for ascending and 0.4 for even steps, unless it was set otherwise.",
      follows: { key: "counts", values: { ascending: 0.01, even: 0.4 } },
    }),
    ...stepParams,
    blockLength: blockParams.blockLength,
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch: "Steps begin with few tokens and end with many; ends of text are held back.",
    model: "task-diffusion",
    prompt: "reverse:pvhsxajtl___=",
    temperature: 0,
    maxNewTokens: 14,
  },
  parts({ params }, canvas) {
    const isAscending = params.counts === "ascending";
    const commit = isAscending ? ascending() : bestOfPlan(stepsOf(params, canvas));
    const progress = isAscending ? ascendingProgress : evenProgress;
    return {
      schedule: blocks(params.blockLength, (size, block) => commit.planned(size, block)),
      cache: uncached,
      rank: byConfidence,
      reweight: [rejectEarlyEnds({ least: params.leastGamma, progress })],
      stop: null,
      commit,
      verify: null,
      ending: "allow",
      reuse: false,
    };
  },
});
