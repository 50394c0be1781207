/** Options that several denoising methods share, and the parts they become. */
import { choice, integer, number, type ParamsOf } from "../../base/params";
import { delayedCache, dualCache, prefixCache, uncached } from "./cache";
import type { Canvas } from "./canvas";
import { aboveThreshold, inShares, perStep, type StepsFor, withinEntropy, withinFactor } from "./commit";
import type { CachePolicy, Parts, Reweight } from "./parts";
import { byConfidence, byEntropy } from "./rank";
import { drawOrder } from "./reweight";
import { blockSizes } from "./schedule";

export const blockParams = {
  blockLength: integer({
    default: 0,
    min: 0,
    max: 1024,
    label: "Block length",
    help: "Fill so many positions, left to right, before the next block begins; what lies behind is seen but not filled. 0 takes the whole canvas at once.",
  }),
  ending: choice({
    default: "allow",
    choices: [
      { value: "allow", label: "As proposed" },
      { value: "delay", label: "Last" },
      { value: "ban", label: "Never" },
    ],
    label: "End of text",
    help: "When an end token may be committed. Early end tokens make short texts; whatever stands behind the first one is filled up and costs nothing.",
  }),
} as const;

export const orderParams = {
  order: choice({
    default: "confidence",
    choices: [
      { value: "confidence", label: "Confidence" },
      { value: "margin", label: "Margin of the best two" },
      { value: "entropy", label: "Entropy" },
      { value: "left_to_right", label: "Left to right" },
    ],
    label: "Order",
    help: "What sure means: the probability of the proposed token, its lead over the next one, or how little the whole law spreads. Left to right looks at none of these.",
  }),
  orderTemperature: number({
    default: 0,
    min: 0,
    max: 10,
    step: 0.05,
    label: "Order temperature",
    help: "Draws the positions of a step instead of taking the best: without replacement, in proportion to exp(what they are ranked by / this). 0 takes the best.",
  }),
} as const;

/** What {@link orderParams} do to the ranks beside naming them. */
export const orderNoise = ({ orderTemperature }: { readonly orderTemperature: number }): Reweight[] =>
  orderTemperature > 0 ? [drawOrder(orderTemperature)] : [];

export const sureParams = {
  threshold: number({
    default: 0.9,
    min: 0,
    max: 1.05,
    step: 0.05,
    label: "Threshold",
    help: "Least probability of a proposed token to be committed. The best one always is, so above 1 there is one token a step.",
  }),
  factor: number({
    default: 1,
    min: 0,
    max: 4,
    step: 0.1,
    label: "Factor",
    help: "Commits the n surest positions while (n + 1) (1 - confidence of the n-th) stays below this. At 1 the tokens are those that one at a time would give, if the theorem's conditions hold.",
  }),
  entropyBound: number({
    default: 0.1,
    min: 0,
    max: 10,
    step: 0.05,
    label: "Entropy bound",
    help: "In nats: commits positions by rising entropy while their sum without the largest stays below this.",
  }),
} as const;

/** Rules that commit whatever is sure enough. */
export type SureRule = "threshold" | "factor" | "entropy";

/** The policy of a rule, and the rank that it compares with {@link sureParams}. */
export function sureRule(
  rule: SureRule,
  values: ParamsOf<typeof sureParams>,
): Pick<Parts, "commit" | "rank"> {
  switch (rule) {
    case "threshold":
      return { commit: aboveThreshold(values.threshold), rank: byConfidence };
    case "factor":
      return { commit: withinFactor(values.factor), rank: byConfidence };
    case "entropy":
      return { commit: withinEntropy(values.entropyBound), rank: byEntropy };
  }
}

const bar = (third: string, value: number) =>
  number({
    default: value,
    min: 0,
    max: 40,
    step: 0.5,
    label: `Bar, ${third} third`,
    help: `Least gap between the two best logits at which everything is committed in the ${third} third of the run. Small models spread their logits less than large ones.`,
  });

export const barParams = {
  firstBar: bar("first", 7.5),
  secondBar: bar("second", 5),
  thirdBar: bar("last", 2.5),
} as const;

/** The bars of the three thirds. */
export const barsOf = (values: ParamsOf<typeof barParams>): [number, number, number] => [
  values.firstBar,
  values.secondBar,
  values.thirdBar,
];

export const stepParams = {
  tokensPerStep: integer({
    default: 1,
    min: 1,
    max: 256,
    label: "Tokens per step",
    help: "Positions committed after each pass. More are faster, but tokens of one step do not know of each other.",
  }),
  steps: integer({
    default: 0,
    min: 0,
    max: 1024,
    label: "Steps",
    help: "Passes for the whole canvas, spread over the blocks, of which each takes at least one; decides in place of tokens per step. 0 leaves it to those.",
  }),
} as const;

/** Steps of a block by {@link stepParams}, of a canvas as it is opened. */
export const stepsOf = (
  { tokensPerStep, steps, blockLength }: ParamsOf<typeof stepParams> & { readonly blockLength: number },
  canvas: Canvas,
): StepsFor => (steps > 0 ? inShares(steps, blockSizes(canvas, blockLength)) : perStep(tokensPerStep));

export const cacheParams = {
  cache: choice({
    default: "none",
    choices: [
      { value: "none", label: "None" },
      { value: "prefix", label: "Prefix (Fast-dLLM)" },
      { value: "dual", label: "Prefix and suffix (Fast-dLLM)" },
      { value: "delayed", label: "Delayed (dKV)" },
    ],
    label: "Cache",
    help: "Which rows a pass leaves out, reading their keys and values as stored. Prefix and dual work in blocks; delayed recomputes masked positions and, once, what was just committed.",
  }),
  refreshEvery: integer({
    default: 8,
    min: 0,
    max: 256,
    label: "Refresh every",
    help: "Delayed cache: steps between passes that compute every row. 1 is no cache at all, 0 never refreshes after the first two.",
  }),
} as const;

/** The policy that {@link cacheParams} name. */
export function cacheOf({ cache, refreshEvery }: ParamsOf<typeof cacheParams>): CachePolicy {
  switch (cache) {
    case "none":
      return uncached;
    case "prefix":
      return prefixCache;
    case "dual":
      return dualCache;
    case "delayed":
      return delayedCache({ refreshEvery, delay: true, prompt: "stored" });
  }
}
