/** As many positions a step as the model is sure enough of, in blocks, with or without a cache. */
import { choice, number } from "../base/params";
import { aboveThreshold, withinEntropy, withinFactor } from "./canvas/commit";
import { blockParams, cacheOf, cacheParams } from "./canvas/params";
import type { CommitPolicy } from "./canvas/parts";
import { byConfidence, byEntropy } from "./canvas/rank";
import { blocks } from "./canvas/schedule";
import { defineCanvasMethod } from "./method";

interface Rule {
  readonly rule: "threshold" | "factor" | "entropy";
  readonly threshold: number;
  readonly factor: number;
  readonly entropyBound: number;
}
function policyOf({ rule, threshold, factor, entropyBound }: Rule): CommitPolicy {
  switch (rule) {
    case "threshold":
      return aboveThreshold(threshold);
    case "factor":
      return withinFactor(factor);
    case "entropy":
      return withinEntropy(entropyBound);
  }
}

export const fastDllm = defineCanvasMethod({
  id: "fast-dllm",
  label: "Fast-dLLM",
  summary: "Commits in parallel every position the model is sure of; caches what lies outside the block.",
  source: {
    title:
      "Fast-dLLM: Training-free Acceleration of Diffusion LLM by Enabling KV Cache and Parallel Decoding",
    authors: "C. Wu, H. Zhang, S. Xue, Z. Liu, S. Diao, L. Zhu, P. Luo, S. Han, E. Xie",
    year: 2025,
    url: "https://arxiv.org/abs/2505.22618",
    where: "sections 3.2 and 3.3, theorem 1; the entropy bound as Ben-Hamu et al. 2025, arXiv:2505.24857",
  },
  requires: "masked",
  lossless: false,
  params: {
    rule: choice({
      default: "threshold",
      choices: [
        { value: "threshold", label: "Threshold" },
        { value: "factor", label: "Factor" },
        { value: "entropy", label: "Entropy bound" },
      ],
      label: "Rule",
      help: "Which positions are sure enough to be committed together: each above a threshold; as many as the theorem behind the factor allows; or as many as their joint entropy allows.",
    }),
    threshold: number({
      default: 0.9,
      min: 0,
      max: 1.05,
      step: 0.05,
      label: "Threshold",
      help: "Least probability of a proposed token to be committed. The best one always is, so above 1 there is one token a step.",
    }),
    factor: number({
      default: 1,
      min: 0,
      max: 4,
      step: 0.1,
      label: "Factor",
      help: "Commits the n surest positions while (n + 1) (1 - confidence of the n-th) stays below this. At 1 the tokens are those that one at a time would give, if the theorem's conditions hold.",
    }),
    entropyBound: number({
      default: 0.1,
      min: 0,
      max: 10,
      step: 0.05,
      label: "Entropy bound",
      help: "In nats: commits positions by rising entropy while their sum without the largest stays below this.",
    }),
    ...blockParams,
    ...cacheParams,
  },
  views: ["canvas", "denoised", "scores"],
  parts: ({ params }) => ({
    schedule: blocks(params.blockLength, () => null),
    cache: cacheOf(params),
    rank: params.rule === "entropy" ? byEntropy : byConfidence,
    reweight: [],
    stop: null,
    commit: policyOf(params),
    verify: null,
    ending: params.ending,
    reuse: false,
  }),
});
