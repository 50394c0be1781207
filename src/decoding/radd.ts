/** Ancestral sampling of a model that knows no time: steps in which nothing changes need no pass. */
import { integer, toggle } from "../base/params";
import { ancestral } from "./canvas/ancestral";
import { evaluationsByStep, raddRates } from "./canvas/radd_rates";
import type { Probe } from "./canvas/parts";
import { defineCanvasMethod } from "./method";

/** Passes so far, beside how many the cached sampler is expected to have made by then, and in all. */
function evaluations(steps: number, positions: number): Probe {
  const byStep = evaluationsByStep(steps, positions);
  const inAll = byStep.at(-1)!;
  return {
    name: "evaluations",
    values: ({ step }, passes) => ({ passes, expected: byStep[step] ?? inAll, inAll }),
  };
}

export const radd = defineCanvasMethod({
  id: "radd",
  label: "RADD",
  summary: "Random transitions as the diffusion process has them; steps that change nothing cost nothing.",
  source: {
    title: "Your Absorbing Discrete Diffusion Secretly Models the Conditional Distributions of Clean Data",
    authors: "J. Ou, S. Nie, K. Xue, F. Zhu, J. Sun, Z. Li, C. Li",
    year: 2024,
    url: "https://arxiv.org/abs/2406.03736",
    where:
      "theorem 1 (time-free conditionals), section 3.2 (cached sampler), equation for the expected evaluations",
  },
  requires: "masked",
  lossless: false,
  params: {
    steps: integer({
      default: 64,
      min: 1,
      max: 1024,
      label: "Steps",
      help: "Equal intervals of time. More follow the process closer; passes grow only up to one for each token.",
    }),
    isCached: toggle({
      default: true,
      label: "Skip unneeded passes",
      help: "The model knows no time, so while no token changes its answer stands. Off, every step makes a pass; the text is the same.",
    }),
  },
  views: ["canvas", "denoised", "scores"],
  showcase: {
    watch:
      "Some steps change nothing, and need no pass of the model. Curves counts the passes beside the formula.",
    params: { steps: 48 },
    maxNewTokens: 32,
  },
  parts: ({ params }, canvas) => ({
    ...ancestral(raddRates(params.steps)),
    probe: evaluations(params.steps, canvas.masked().length),
    reuse: params.isCached,
  }),
});
