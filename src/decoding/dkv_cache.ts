/** Keys and values of decoded tokens are cached, one step after the token became known. */
import { choice, integer } from "../base/params";
import { delayedCache, greedyCache, prefillCache } from "./canvas/cache";
import { bestOfPlan, randomOrder } from "./canvas/commit";
import { blockParams, stepParams, stepsOf } from "./canvas/params";
import { atRandom, byConfidence } from "./canvas/rank";
import { blocks } from "./canvas/schedule";
import { defineCanvasMethod } from "./method";

/** Steps between refreshes in the paper's code. */
const PAPER = { greedy: 2, others: 8 } as const;

export const dkvCache = defineCanvasMethod({
  id: "dkv-cache",
  label: "dKV-Cache",
  summary:
    "Caches the keys and values of decoded tokens with a delay of one step; recomputes masked rows only.",
  source: {
    title: "dKV-Cache: The Cache for Diffusion Language Models",
    authors: "X. Ma, R. Yu, G. Fang, X. Wang",
    year: 2025,
    url: "https://arxiv.org/abs/2505.15781",
    where: "sections 3.3 (Decode, PD, Prefill) and 3.4 (Greedy)",
  },
  requires: "masked",
  lossless: false,
  params: {
    variant: choice({
      default: "decode",
      choices: [
        { value: "decode", label: "Decode" },
        { value: "greedy", label: "Greedy" },
        { value: "prefill", label: "Prefill" },
        { value: "no_delay", label: "Without delay" },
      ],
      label: "Variant",
      help: "Decode recomputes every masked position. Greedy recomputes a few neighbours only, in a random order drawn beforehand. Prefill stores the prompt alone. Without delay, tokens keep what was computed while they were masks: the variant the paper shows to fail.",
    }),
    refreshEvery: integer({
      default: -1,
      min: -1,
      max: 256,
      label: "Refresh every",
      help: "Steps of a block between passes that compute every row. -1 takes those of the paper: 8, and 2 for Greedy. 1 is no cache at all, 0 never refreshes after the first two.",
    }),
    window: integer({
      default: 4,
      min: 0,
      max: 64,
      label: "Window",
      help: "Greedy only: masked neighbours computed beside the positions at work.",
    }),
    centre: choice({
      default: "previous",
      choices: [
        { value: "previous", label: "Just decoded" },
        { value: "next", label: "Decoded next" },
      ],
      label: "Window around",
      help: "Greedy only: whose neighbours are computed. The paper takes the positions of the step before; its code, by default, those decoded now.",
    }),
    prompt: choice({
      default: "stored",
      choices: [
        { value: "stored", label: "Stored" },
        { value: "once", label: "Computed once" },
        { value: "live", label: "Recomputed" },
      ],
      label: "Prompt",
      help: "Stored prompts are computed in refreshes only, as in the paper; computed once, not even there (its variant PD), which changes nothing for models whose prompt sees only itself. Other small models use rows of the prompt as scratch paper; recomputing them costs rows and keeps their answers.",
    }),
    ...stepParams,
    ...blockParams,
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch: "Only masked and freshly filled positions are computed again; the rest is read as stored.",
    model: "task-diffusion",
    prompt: "sort:rpexbhgtsuni=",
    temperature: 0,
    maxNewTokens: 14,
  },
  parts({ params }, canvas) {
    const { variant } = params;
    const steps = stepsOf(params, canvas);
    const isGreedy = variant === "greedy";
    const refreshEvery =
      params.refreshEvery >= 0 ? params.refreshEvery : isGreedy ? PAPER.greedy : PAPER.others;
    const delayed = delayedCache({ refreshEvery, delay: variant === "decode", prompt: params.prompt });
    return {
      schedule: blocks(params.blockLength, steps),
      cache: isGreedy
        ? greedyCache({ ...params, refreshEvery })
        : variant === "prefill"
          ? prefillCache
          : delayed,
      rank: isGreedy ? atRandom : byConfidence,
      reweight: [],
      stop: null,
      commit: isGreedy ? randomOrder(steps) : bestOfPlan(steps),
      verify: null,
      ending: params.ending,
      reuse: false,
    };
  },
});
