/** One token after another from the target: the law every other method is measured against. */
import { integer } from "../base/params";
import { defineMethod } from "./method";
import { CANDIDATES, commitEvent, costEvent, plainCandidates, targetSlots } from "./round_events";
import { prefillPrompt, runRounds } from "./rounds";
import type { Readable, RoundOutcome, TopTokens } from "./session";

const params = {
  runAhead: integer({
    default: 8,
    min: 1,
    max: 32,
    label: "Tokens per readback",
    help: "Tokens the GPU computes before the page looks at them, when only the text is shown. More is faster; text then arrives in larger pieces.",
  }),
};

/** What a round reads back: "topTarget" only where candidates are shown. */
type Reads = {
  readonly outcome: Readable<RoundOutcome>;
  readonly [top: `top${string}`]: Readable<TopTokens>;
};

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
  showcase: { watch: "Every step is one pass over all weights and adds one token.", maxNewTokens: 20 },
  treeNodes: () => 1,
  async *decode(context) {
    const { session, sampler } = context;
    const isFull = context.detail === "full";
    yield* prefillPrompt(context);
    const program = await session.record((ops): Reads => {
      const laws = ops.forward("target", ops.committedTail(1), sampler);
      const shown = isFull
        ? { topTarget: ops.top(laws, Math.min(CANDIDATES, session.target.vocabSize)) }
        : {};
      return { ...shown, outcome: ops.commitSample(laws) };
    });
    const pace = isFull ? { perRun: 1, inFlight: 1 } : { perRun: context.params.runAhead, inFlight: 2 };
    for await (const { values, transfers } of runRounds(program, { ...pace, most: context.maxNewTokens })) {
      const { outcome, topTarget } = values;
      if (topTarget) yield plainCandidates(outcome.step, outcome.n, topTarget);
      yield commitEvent(outcome);
      yield targetSlots({ nodes: [], ids: [0], origins: [0], outcome }, 1);
      yield costEvent(outcome.step, program.cost, transfers);
    }
  },
});
