/** Transition rates of absorbing diffusion under the log-linear schedule, and how many passes they need. */

/** Time at which sampling ends, a little above 0. */
const ETA = 1e-5;

/** Times t_0 = 1 > t_1 > ... > t_n, equally spaced. */
export const timesOf = (steps: number): number[] =>
  Array.from({ length: steps + 1 }, (_, k) => 1 + (k * (ETA - 1)) / steps);

/**
 * Chance that a masked position is committed in each of `steps` steps: (t_k - t_{k+1}) / t_k, and 1 in the last.
 * @see Ou et al. 2024, RADD, appendix on samplers: Tweedie tau-leaping, which equals Euler for this schedule
 */
export function raddRates(steps: number): number[] {
  const t = timesOf(steps);
  return Array.from({ length: steps }, (_, k) => (k === steps - 1 ? 1 : (t[k]! - t[k + 1]!) / t[k]!));
}

/**
 * Expected passes up to and with each of `steps` steps over `positions` masks when steps that commit nothing make none: sums
 * of 1 - (1 - a_k)^positions, a_k the chance that a position is committed in step k.
 * @see Ou et al. 2024, RADD, equation for the expected number of function evaluations
 */
export function evaluationsByStep(steps: number, positions: number): number[] {
  let stillMasked = 1;
  let sum = 0;
  return raddRates(steps).map((rate) => {
    const a = stillMasked * rate;
    stillMasked -= a;
    return (sum += 1 - (1 - a) ** positions);
  });
}

/** Expected passes of all steps: about n (1 - (1 - 1/n)^l). */
export const expectedEvaluations = (steps: number, positions: number): number =>
  evaluationsByStep(steps, positions).at(-1)!;

/**
 * Standard deviation of the passes of one run. Positions are committed in steps of equal chance, up to the end of time, so
 * this is the number of boxes of `steps` that hold one of `positions` balls.
 */
export function evaluationsDeviation(steps: number, positions: number): number {
  const empty = (1 - 1 / steps) ** positions;
  const bothEmpty = Math.max(0, 1 - 2 / steps) ** positions;
  return Math.sqrt(Math.max(0, steps * empty * (1 - empty) + steps * (steps - 1) * (bothEmpty - empty ** 2)));
}
