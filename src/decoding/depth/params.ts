/** Options that methods of recurrent depth share, and what they stand for. */
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
    help: "Exit below it, or from it on for the same best token. 0 takes the value of the released code: 0.03 for the latent's change, 0.001 for cosine and entropy (nats) and KL (nats), 0.00001 for min-p KL, 5 recurrences for the same best token.",
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
    help: "Which recurrence of earlier tokens a token sees. Last written keeps one place a token and layer. Same or before keeps all and takes the last one a token reached. Same recurrence hides tokens that stopped earlier. First only keeps those of the first recurrence.",
  }),
  start: choice({
    default: "random",
    choices: [
      { value: "random", label: "Noise" },
      { value: "previous", label: "Token before" },
      { value: "zero", label: "Zeros" },
    ],
    label: "Latent starts as",
    help: "Noise keyed by seed and position, as in training. The token before's latent is a warm start (continuous compute).",
  }),
};
type PolicyParams = ParamsOf<typeof policyParams>;

/** Recurrences that "0" or a number stand for. */
export const recurrencesOf = (asked: number, facts: RecurrenceFacts): number =>
  Math.min(MOST_RECURRENCES, asked || facts.trainedRecurrence);

export function policyOf(params: PolicyParams, facts: RecurrenceFacts): DepthPolicy {
  return {
    criterion: params.criterion,
    threshold: params.threshold || criteria[params.criterion].threshold,
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
