/** The masked model drafts everything left, a causal model says how much of the draft is kept. */
import { choice, integer, toggle } from "../base/params";
import { freeCache } from "./canvas/cache";
import { guidedBy, leftmost } from "./canvas/guide";
import { leftToRight } from "./canvas/rank";
import { behindFrozen } from "./canvas/schedule";
import { defineCanvasMethod } from "./method";

export const guidedDiffusion = defineCanvasMethod({
  id: "guided-diffusion",
  label: "Guided diffusion",
  summary: "Drafts all masked positions at once; an autoregressive model keeps the beginning it agrees with.",
  source: {
    title: "Accelerating Diffusion Language Model Inference via Efficient KV Caching and Guided Diffusion",
    authors: "Z. Hu, J. Meng, Y. Akhauri, M. S. Abdelfattah, J. Seo, Z. Zhang, U. Gupta",
    year: 2025,
    url: "https://arxiv.org/abs/2505.21467",
    where: "FreeCache and Guided Diffusion",
  },
  requires: "masked+guider",
  lossless: false,
  params: {
    rule: choice({
      default: "topk_relative",
      choices: [
        { value: "deterministic", label: "The guider's own choice" },
        { value: "topk", label: "Among its five best" },
        { value: "topk_relative", label: "Two best, at least half as likely" },
        { value: "threshold", label: "More likely than a tenth" },
      ],
      label: "Kept",
      help: "What the guider lets pass. It never writes a token: the first of the draft is kept even where it disagrees.",
    }),
    chunk: integer({
      default: 32,
      min: 1,
      max: 256,
      label: "Judged at once",
      help: "Tokens of a draft that the guider reads in one pass; it reads on while all are kept. Fewer waste fewer rows on drafts that fail early.",
    }),
    blockLength: integer({
      default: 64,
      min: 0,
      max: 1024,
      label: "Frozen block",
      help: "FreeCache: once so many positions are filled, their keys and values are never computed again. 0 recomputes all but the prompt.",
    }),
    staleTail: toggle({
      default: false,
      label: "Freeze at once",
      help: "Freezes what was computed before the last tokens of a block were known, as the published code does.",
    }),
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch:
      "A left-to-right model judges what the denoiser proposes and takes the part it agrees with. Each eight positions that are filled are frozen: their rows are never computed again.",
    params: { blockLength: 8 },
    prompt: "One day, a boy named Tom",
    temperature: 0,
    maxNewTokens: 32,
  },
  parts: ({ params, session }) => ({
    schedule: behindFrozen(params.blockLength),
    cache: freeCache(params.staleTail),
    rank: leftToRight,
    reweight: [],
    stop: null,
    commit: leftmost(),
    verify: guidedBy(session, params.rule, params.chunk),
    ending: "allow",
    reuse: false,
  }),
});
