/** Ancestral sampling that takes tokens back: what was committed early may become a mask again. */
import { choice, integer, number } from "../base/params";
import { ancestral } from "./canvas/ancestral";
import { remaskAtRandom, remaskRates } from "./canvas/remask";
import { defineCanvasMethod } from "./method";

export const remdm = defineCanvasMethod({
  id: "remdm",
  label: "ReMDM",
  summary: "Commits at random and masks committed tokens again, so that early mistakes can be repaired.",
  source: {
    title: "Remasking Discrete Diffusion Models with Inference-Time Scaling",
    authors: "G. Wang, Y. Schiff, S. S. Sahoo, V. Kuleshov",
    year: 2025,
    url: "https://arxiv.org/abs/2503.00307",
    where: "the remasking posterior with its capped and rescaled schedules; without nucleus sampling",
  },
  requires: "masked",
  lossless: false,
  params: {
    steps: integer({
      default: 64,
      min: 1,
      max: 1024,
      label: "Steps",
      help: "Equal intervals of time. More steps mask more again, and so cost more passes than there are tokens.",
    }),
    eta: number({
      default: 0.2,
      min: 0,
      max: 1,
      step: 0.01,
      label: "Remasking",
      help: "How likely a committed token is masked again in a step: at most this (capped), or this share of what the process allows (rescaled). 0 is RADD.",
    }),
    schedule: choice({
      default: "rescale",
      choices: [
        { value: "cap", label: "Capped" },
        { value: "rescale", label: "Rescaled" },
      ],
      label: "Schedule",
      help: "What the number above limits: the chance itself, or its share of the largest chance at which the process still ends in time.",
    }),
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch: "Filled positions are masked again now and then, so that early mistakes can be repaired.",
    params: { steps: 40 },
    maxNewTokens: 24,
  },
  parts({ params }) {
    const rates = remaskRates(params);
    return {
      ...ancestral(rates.map((r) => r.commit)),
      remask: remaskAtRandom(rates),
      // A step that commits nothing asks the model nothing, whatever it masks.
      reuse: true,
    };
  },
});
