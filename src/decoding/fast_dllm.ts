/** As many positions a step as the model is sure enough of, in blocks, with or without a cache. */
import { choice } from "../base/params";
import { blockParams, cacheOf, cacheParams, sureParams, sureRule } from "./canvas/params";
import { blocks } from "./canvas/schedule";
import { defineCanvasMethod } from "./method";

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
    ...sureParams,
    ...blockParams,
    ...cacheParams,
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch:
      "Two blocks, from left to right. Everything surer than the threshold is committed in one pass: the easy letters at once, the doubtful ones after them. When a block begins, all rows are computed; then only its own, and those before and behind it are read from the cache.",
    model: "task-diffusion",
    prompt: "sort:rpexbhgtsuni=",
    params: { blockLength: 7, cache: "dual" },
    temperature: 0,
    maxNewTokens: 14,
  },
  parts: ({ params }) => ({
    schedule: blocks(params.blockLength, () => null),
    cache: cacheOf(params),
    ...sureRule(params.rule, params),
    reweight: [],
    stop: null,
    verify: null,
    ending: params.ending,
    reuse: false,
  }),
});
