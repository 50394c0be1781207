/** Options that methods of recurrent depth share, and what they stand for. */
import { DecoscopeError } from "../../base/errors";
import { choice, integer, number, toggle, type ParamsOf } from "../../base/params";
import type { RecurrenceFacts } from "../../models/model";
import { type CachePolicy, criteria, type CriterionId, type DepthPolicy } from "./policy";

/** Most recurrences that can be asked for: room on the device is taken for all of them. */
export const MOST_RECURRENCES = 32;

export const recurrencesParam = integer({
  default: 0,
  min: 0,
  max: MOST_RECURRENCES,
  label: "Recurrences",
  help: "How often the core runs at most for each token. 0 takes as many as training used on average. More cost more and, past the point where latents settle, change nothing.",
});

export const policyParams = {
  criterion: choice<CriterionId>({
    default: "latent-diff",
    choices: (Object.keys(criteria) as CriterionId[]).map((value) => ({
      value,
      label: criteria[value].label,
    })),
    label: "Exit when",
    help: "What must be small (or stable) for a token to run no further. Those that look at readouts need a coda and a head after every recurrence, which is dearer than the recurrence itself.",
  }),
  threshold: number({
    default: 0,
    min: 0,
    max: 20,
    step: 0.001,
    scale: { by: "log", least: 0.000001 },
    label: "Threshold",
    help: "Exit below it, or from it on for the same best token and for an exit gate (the probability of having stopped by now). 0 takes the value of the released code: 0.03 for the latent's change, 0.001 for cosine and entropy (nats) and KL (nats), 0.00001 for min-p KL, 5 recurrences for the same best token, and for an exit gate what the checkpoint was published with.",
  }),
  recurrences: recurrencesParam,
  minRecurrence: integer({
    default: 0,
    min: 0,
    max: MOST_RECURRENCES,
    label: "At least",
    help: "No token exits before so many recurrences.",
  }),
  checkEvery: integer({
    default: 1,
    min: 1,
    max: 8,
    label: "Test every",
    help: "Recurrences from one test of the criterion to the next.",
  }),
  exitInPrompt: toggle({
    default: true,
    label: "Exit in the prompt",
    help: "Off runs every token of the prompt to the full depth, as the released code does.",
  }),
  cache: choice<CachePolicy>({
    default: "latest",
    choices: [
      { value: "latest", label: "Last written" },
      { value: "nearest", label: "Same or before" },
      { value: "per-recurrence", label: "Same recurrence" },
      { value: "first-recurrence", label: "First only" },
    ],
    label: "Keys and values",
    help: "Which recurrence of earlier tokens a token sees. Last written keeps one place a token and layer. Same or before keeps all and takes the last one a token reached. Same recurrence hides tokens that stopped earlier. First only keeps those of the first recurrence. Looped models (Ouro) have no last written that fits all loops: they keep all, as same or before does.",
  }),
  start: choice({
    default: "random",
    choices: [
      { value: "random", label: "Noise" },
      { value: "previous", label: "Token before" },
      { value: "zero", label: "Zeros" },
    ],
    label: "Latent starts as",
    help: "Noise keyed by seed and position, as in training. The token before's latent is a warm start (continuous compute). Looped models (Ouro) always start with the embedding.",
  }),
};
type PolicyParams = ParamsOf<typeof policyParams>;

/** Recurrences that "0" or a number stand for. */
export const recurrencesOf = (asked: number, facts: RecurrenceFacts): number =>
  Math.min(MOST_RECURRENCES, asked || facts.trainedRecurrence);

/** Which keys and values a choice means: a loop that sees nothing but its latent cannot read those of another loop. */
export const cacheOf = (asked: CachePolicy, { looped }: RecurrenceFacts): CachePolicy =>
  looped && asked === "latest" ? "nearest" : asked;

/** @throws DecoscopeError "method" for an exit gate that the model does not have */
export function policyOf(params: PolicyParams, facts: RecurrenceFacts): DepthPolicy {
  const { criterion } = params;
  if (criterion === "exit-gate" && !facts.looped)
    throw new DecoscopeError(
      "method",
      `Expected a model with an exit gate (a looped one, such as Ouro) to exit by it, found one without. Choose another criterion or model.`,
    );
  const own = criterion === "exit-gate" ? facts.looped!.exitThreshold : criteria[criterion].threshold;
  return {
    criterion,
    threshold: params.threshold || own,
    minRecurrence: params.minRecurrence,
    maxRecurrence: recurrencesOf(params.recurrences, facts),
    checkEvery: params.checkEvery,
  };
}

/** So many recurrences, whatever is measured. */
export const fixedDepth = (recurrences: number): DepthPolicy => ({
  criterion: "none",
  threshold: null,
  minRecurrence: 0,
  maxRecurrence: recurrences,
  checkEvery: 1,
});
