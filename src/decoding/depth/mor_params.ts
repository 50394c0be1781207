/** Options of a mixture of recursions. */
import { choice, integer, number } from "../../base/params";
import { MOST_RECURRENCES } from "./params";

export const morParams = {
  routing: choice({
    default: "threshold",
    choices: [
      { value: "threshold", label: "By threshold" },
      { value: "topk-text", label: "Best of the text" },
    ],
    label: "Let in",
    help: "Only where recursions choose their tokens; where each token chooses its depth, it does so once and this has no say. By threshold a token is let in when its own gate is large enough: causal, and what the model was trained to make possible. The best of the text are chosen as in training, which looks at later tokens and so is no way to write: every step runs the whole text anew, to see what the paper measures.",
  }),
  threshold: number({
    default: 0.5,
    min: 0,
    max: 1.01,
    step: 0.001,
    // Most gates are near 0 or near 1: their odds are spread evenly.
    scale: { by: "log-odds", least: 0.0001 },
    label: "Threshold",
    help: "Gate from which a token is let into the next recursion. 0 lets all in, above 1 none. Training aims at 0.5. The slider moves in odds, because most gates lie near 0 or 1. No say where each token chooses its depth.",
  }),
  forceDepth: integer({
    default: 0,
    min: 0,
    max: MOST_RECURRENCES,
    label: "Same depth for all",
    help: "So many recursions for every token, whatever the router says; 0 leaves it to the router. At most as many as the model has.",
  }),
  cache: choice({
    default: "per-recurrence",
    choices: [
      { value: "per-recurrence", label: "Of the same recursion" },
      { value: "first-recurrence", label: "Of the first, shared" },
    ],
    label: "Keys and values",
    help: "In a recursion a token sees earlier tokens that ran it too, each recursion with keys of its own; or all of them, with the keys of the first recursion.",
  }),
};
