/** One token after another from the target: the law every other method is measured against. */
import { integer } from "../base/params";
import { defineMethod } from "./method";

const params = {
  runAhead: integer({
    default: 8,
    min: 1,
    max: 32,
    label: "Tokens per readback",
    help: "Tokens the GPU computes before the page looks at them, when only the text is shown. More is faster; text then arrives in larger pieces.",
  }),
};

export type AutoregressiveParams = typeof params;

export const autoregressive = defineMethod({
  id: "autoregressive",
  label: "Autoregressive",
  summary: "Draws one token after another from the model, one forward pass each.",
  source: {
    title: "A Neural Probabilistic Language Model",
    authors: "Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin",
    year: 2003,
    url: "https://www.jmlr.org/papers/v3/bengio03a.html",
    where: "section 2: the law of a text as a product of next-word laws",
  },
  requires: "causal",
  lossless: true,
  params,
  views: ["tokens", "state"],
  showcase: { watch: "Every step is one pass over all weights and adds one token.", maxNewTokens: 28 },
  treeNodes: () => 1,
  async *decode(context) {
    const { drawRounds } = await import("./autoregressive_rounds");
    yield* drawRounds(context);
  },
});
