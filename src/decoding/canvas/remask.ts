/** Which committed positions become masks again. */
import { Purpose, uniformAt } from "../../base/rng";
import type { RemaskPolicy } from "./parts";
import { timesOf } from "./radd_rates";

export interface RemaskOptions {
  /** Steps of the run. */
  readonly steps: number;
  /** 0 never masks again; 1 as often as the process allows (`rescale`) or with no cap (`cap`). */
  readonly eta: number;
  readonly schedule: "cap" | "rescale";
}

/** Chances of one step: of a committed position to become a mask, and of a mask to be committed. */
export interface RemaskRates {
  readonly remask: number;
  readonly commit: number;
}

/**
 * For each step from time t to s, with a = 1 - t the share of known tokens: sigma = min(1, s / a_t) at most, and a mask is
 * committed with probability (a_s - (1 - sigma) a_t) / (1 - a_t), so that the share known at s is a_s whatever sigma is.
 * The last step commits all and masks nothing.
 * @see Wang et al. 2025, ReMDM, equations of the remasking posterior and of its capped and rescaled schedules
 */
export function remaskRates({ steps, eta, schedule }: RemaskOptions): RemaskRates[] {
  const times = timesOf(steps);
  return Array.from({ length: steps }, (_, k) => {
    if (k === steps - 1) return { remask: 0, commit: 1 };
    const [t, s] = [times[k]!, times[k + 1]!];
    // Nothing is committed at t = 1, so the bound does not matter there.
    const most = t === 1 ? 0 : Math.min(1, s / (1 - t));
    const remask = schedule === "cap" ? Math.min(most, eta) : eta * most;
    return { remask, commit: (1 - s - (1 - remask) * (1 - t)) / t };
  });
}

/** Masks every position committed in an earlier step with the chance of the step, whatever the model says. */
export const remaskAtRandom = (rates: readonly RemaskRates[]): RemaskPolicy => ({
  reason: "schedule",
  goesOn: (step) => step < rates.length,
  select({ canvas, step, draw, seed }, fresh) {
    const chance = rates[step]?.remask ?? 0;
    const positions = Array.from({ length: canvas.length }, (_, p) => p);
    return positions.filter((node) => {
      if (!canvas.isCommitted(node) || fresh.has(node)) return false;
      return (
        uniformAt({ seed, step: draw, purpose: Purpose.TRANSITION, node, sibling: 0, index: 1 }) < chance
      );
    });
  },
});
