/** A core of layers runs again and again over each token's latent until a criterion says that it has settled. */
import { defineDepthMethod } from "./depth/method";
import { cacheOf, policyParams, recurrencesOf } from "./depth/params";

export const recurrent = defineDepthMethod({
  id: "recurrent",
  label: "Recurrent depth",
  summary: "Runs the same layers again and again for each token, and stops when the latent has settled.",
  source: {
    title: "Scaling up Test-Time Compute with Latent Reasoning: A Recurrent Depth Approach",
    authors:
      "J. Geiping, S. McLeish, N. Jain, J. Kirchenbauer, S. Singh, B. R. Bartoldson, B. Kailkhura, A. Bhatele, T. Goldstein",
    year: 2025,
    url: "https://arxiv.org/abs/2502.05171",
    where:
      "section 3 (the model), section 5 (exit criteria, cache sharing); further criteria as in the released code",
  },
  lossless: false,
  params: policyParams,
  views: ["depth", "words", "tokens"],
  showcase: {
    watch:
      "Some tokens settle after two recurrences, others need four: click one to see what the model would have said after each.",
    model: "story-loop",
    params: { recurrences: 12 },
    maxNewTokens: 24,
  },
  needs: (params, facts) => ({
    maxRecurrence: recurrencesOf(params.recurrences, facts),
    cache: cacheOf(params.cache, facts),
  }),
  async *decode(context) {
    const { runRecurrent } = await import("./depth/run_recurrent");
    yield* runRecurrent(context);
  },
});
