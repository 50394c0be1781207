/** Rules, orders, caches and early stop together: to see what gains add up and which only overlap. */
import { choice, number, type ParamsOf } from "../base/params";
import { ascending, bestOfPlan, bestOfProcess } from "./canvas/commit";
import {
  barParams,
  barsOf,
  blockParams,
  cacheOf,
  cacheParams,
  orderNoise,
  orderParams,
  stepParams,
  stepsOf,
  sureParams,
  sureRule,
} from "./canvas/params";
import type { Parts } from "./canvas/parts";
import { RANKS } from "./canvas/rank";
import { ascendingProgress, evenProgress, rejectEarlyEnds } from "./canvas/reweight";
import { blocks } from "./canvas/schedule";
import { clearAnswer, committedShare } from "./canvas/stop";
import { defineCanvasMethod } from "./method";

const ORDER_UNUSED =
  "This rule takes whatever is sure enough: the order and its temperature had no effect. Choose a rule with a planned number of tokens.";
const hasOrder = ({ order, orderTemperature }: ParamsOf<typeof orderParams>): boolean =>
  order !== orderParams.order.default || orderTemperature !== orderParams.orderTemperature.default;

export const combinedDenoising = defineCanvasMethod({
  id: "combined-denoising",
  label: "Denoising, combined",
  summary:
    "Low-confidence decoding with switches for rule, order, cache, early stop and end tokens; without Greedy, remasking or a guider.",
  source: {
    title: "Large Language Diffusion Models",
    authors: "S. Nie, F. Zhu, Z. You, X. Zhang, J. Ou, J. Hu, J. Zhou, Y. Lin, J.-R. Wen, C. Li",
    year: 2025,
    url: "https://arxiv.org/abs/2502.09992",
    where:
      "algorithm 5 with all switches off; the switches are those of Fast-dLLM, dKV-Cache, Prophet and EOSER with ASS",
  },
  requires: "masked",
  lossless: false,
  params: {
    rule: choice({
      default: "even",
      choices: [
        { value: "even", label: "Even (LLaDA)" },
        { value: "process", label: "As the process (Dream)" },
        { value: "ascending", label: "Ascending (ASS)" },
        { value: "threshold", label: "Threshold (Fast-dLLM)" },
        { value: "factor", label: "Factor (Fast-dLLM)" },
        { value: "entropy", label: "Entropy bound" },
      ],
      label: "Rule",
      help: "How many positions a step commits: a planned number of the best by order, or as many as are sure enough, whatever the order below says.",
    }),
    ...sureParams,
    ...orderParams,
    ...stepParams,
    ...blockParams,
    ...cacheParams,
    early: choice({
      default: "off",
      choices: [
        { value: "off", label: "Off" },
        { value: "mean", label: "By the mean gap (Prophet)" },
        { value: "min", label: "By the smallest gap" },
      ],
      label: "Early commit",
      help: "Commits everything left once the gap between the two best logits, over the masked positions computed, passes a bar that falls with progress.",
    }),
    ...barParams,
    leastGamma: number({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      label: "End token factor",
      help: "What the confidence of end tokens is multiplied by at the start, rising to 1 (EOSER). 1 holds nothing back.",
    }),
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch: "Few passes and few rows: sure positions together, and a cache that is one step behind.",
    model: "task-diffusion",
    prompt: "insert-any:p,vqrahedl____=",
    params: { rule: "threshold", cache: "delayed" },
    temperature: 0,
    maxNewTokens: 14,
  },
  parts({ params }, canvas) {
    const { rule, early, leastGamma } = params;
    const steps = stepsOf(params, canvas);
    const planned = {
      even: bestOfPlan(steps),
      process: bestOfProcess(steps),
      ascending: ascending(),
    };
    const isSure = rule === "threshold" || rule === "factor" || rule === "entropy";
    const { commit, rank }: Pick<Parts, "commit" | "rank"> = isSure
      ? sureRule(rule, params)
      : { commit: planned[rule], rank: RANKS[params.order] };
    const progress = isSure ? committedShare : rule === "ascending" ? ascendingProgress : evenProgress;
    const schedule = blocks(params.blockLength, (size, block) => commit.planned(size, block));
    return {
      schedule,
      cache: cacheOf(params),
      rank,
      reweight: [
        ...(leastGamma < 1 ? [rejectEarlyEnds({ least: leastGamma, progress })] : []),
        ...(isSure ? [] : orderNoise(params)),
      ],
      stop:
        early === "off"
          ? null
          : clearAnswer({
              bars: barsOf(params),
              aggregate: early,
              sees: "canvas",
              // Growing steps are few: their share of the text says more than their number.
              planned: rule === "ascending" ? null : schedule.planned(canvas),
            }),
      commit,
      verify: null,
      ending: params.ending,
      unused: isSure && hasOrder(params) ? [ORDER_UNUSED] : [],
      reuse: false,
    };
  },
});
