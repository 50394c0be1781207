/** What samplers that follow the noise process backwards share: each step commits masked positions by chance, wherever they stand. */
import { uncached } from "./cache";
import { transitions } from "./commit";
import type { Parts } from "./parts";
import { leftToRight } from "./rank";
import { blocks } from "./schedule";

/** Parts of such a sampler; entry k of `rates` is the chance that a masked position is committed in step k. */
export const ancestral = (rates: readonly number[]): Omit<Parts, "reuse"> => ({
  schedule: blocks(0, () => rates.length),
  cache: uncached,
  rank: leftToRight,
  reweight: [],
  stop: null,
  commit: transitions(rates),
  verify: null,
  ending: "allow",
});
