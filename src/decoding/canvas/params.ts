/** Options that several denoising methods share, and the parts they become. */
import { choice, integer, type ParamsOf } from "../../base/params";
import { delayedCache, dualCache, prefixCache, uncached } from "./cache";
import { perStep, shareOf, type StepsFor } from "./commit";
import type { CachePolicy } from "./parts";

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
    help: "Passes for the whole canvas, spread over the blocks; decides in place of tokens per step. 0 leaves it to those.",
  }),
} as const;

/** Steps of a block by {@link stepParams}. */
export const stepsOf = ({ tokensPerStep, steps }: ParamsOf<typeof stepParams>, masked: number): StepsFor =>
  steps > 0 ? shareOf(steps, masked) : perStep(tokensPerStep);

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
