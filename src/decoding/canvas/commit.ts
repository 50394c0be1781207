/** How many positions a step commits, and which. */
import { Purpose, uniformAt } from "../../base/rng";
import type { CommitPolicy, Moment, Row } from "./parts";
import { placeOf } from "./rank";

/** How many tokens each of `steps` steps commits so that `size` are committed in the end: even, the first ones one more. */
export function evenCounts(size: number, steps: number): number[] {
  const n = Math.max(1, Math.min(steps, size));
  return Array.from({ length: n }, (_, s) => Math.floor(size / n) + (s < size % n ? 1 : 0));
}

/** Steps of block number `block`, which has `size` masked positions when it begins. */
export type StepsFor = (size: number, block: number) => number;

/** Ceil(size / perStep) steps. */
export const perStep =
  (tokens: number): StepsFor =>
  (size) =>
    Math.ceil(size / tokens);

/**
 * Steps of each of several blocks, in proportion to their masked positions: they add up to `steps`, but no block gets more
 * than it has positions, and none that has some gets no step. By largest remainders; of equal ones the earlier block.
 */
export function sharesOf(steps: number, sizes: readonly number[]): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sizes.map((size) => Math.min(1, size));
  const missing = (i: number): number =>
    shares[i]! < sizes[i]! ? (steps * sizes[i]!) / total - shares[i]! : -Infinity;
  for (let given = shares.reduce((sum, n) => sum + n, 0); given < Math.min(steps, total); given++) {
    let least = 0;
    for (let i = 1; i < sizes.length; i++) if (missing(i) > missing(least)) least = i;
    shares[least]!++;
  }
  return shares;
}

/** `steps` for the whole canvas, by {@link sharesOf}; fewer in a block of which some was filled before it began. */
export function inShares(steps: number, sizes: readonly number[]): StepsFor {
  const shares = sharesOf(steps, sizes);
  return (size, block) => Math.max(1, Math.min(size, shares[block] ?? 1));
}

const countAt = (steps: StepsFor, { region }: Moment): number =>
  evenCounts(region.size, steps(region.size, region.block))[region.step] ?? Infinity;

/**
 * The best by rank, as many as an even plan says.
 * @see Nie et al. 2025, LLaDA, algorithm 5
 */
export const bestOfPlan = (steps: StepsFor): CommitPolicy => ({
  reason: "ranked",
  planned: steps,
  select: (rows, moment) => rows.slice(0, countAt(steps, moment)),
});

/** Time at which Dream's plan ends. */
const DREAM_ETA = 1e-3;

/**
 * The best by rank, as many as the diffusion process would commit: floor(n (1 - t_{s+1} / t_s)) of the n still masked, with
 * times t_s equally spaced from 1 to nearly 0; all of them in the last step. Early steps may commit nothing.
 * @see Ye et al. 2025, Dream 7B (the published sampler)
 */
export const bestOfProcess = (steps: StepsFor): CommitPolicy => ({
  reason: "ranked",
  planned: steps,
  select(rows, { region }) {
    const planned = steps(region.size, region.block);
    const time = (s: number): number => 1 + (s * (DREAM_ETA - 1)) / planned;
    const { step } = region;
    if (step >= planned - 1) return rows;
    return rows.slice(0, Math.floor(rows.length * (1 - time(step + 1) / time(step))));
  },
});

/** As {@link bestOfPlan} in a random order fixed beforehand, so the positions are known before the pass. */
export function randomOrder(steps: StepsFor): CommitPolicy {
  const ahead = (moment: Moment): number[] => {
    const { canvas, region } = moment;
    const order = canvas.masked(region.start, region.end);
    order.sort((a, b) => placeOf(a, moment) - placeOf(b, moment) || a - b);
    return order.slice(0, countAt(steps, moment)).sort((a, b) => a - b);
  };
  return { reason: "random", planned: steps, ahead, select: (rows, moment) => chosen(rows, ahead(moment)) };
}

const chosen = (rows: readonly Row[], positions: readonly number[]): Row[] => {
  const set = new Set(positions);
  return rows.filter((row) => set.has(row.position));
};

/**
 * Every position whose priority reaches `least`, and always the best one.
 * @see Wu et al. 2025, Fast-dLLM, section 3.3 (confidence-aware parallel decoding)
 */
export const aboveThreshold = (least: number): CommitPolicy => ({
  reason: "threshold",
  planned: () => null,
  select: (rows) => rows.filter((row, i) => i === 0 || row.priority >= least),
});

/**
 * The largest n with (n + 1) (1 - c(n)) < factor, c(n) the n-th best priority; at least one.
 * @see Wu et al. 2025, Fast-dLLM, section 3.3 (factor-based); without the published loop's extra position
 */
export const withinFactor = (factor: number): CommitPolicy => ({
  reason: "factor",
  planned: () => null,
  select(rows) {
    let n = 1;
    while (n < rows.length && (n + 2) * (1 - rows[n]!.priority) < factor) n++;
    return rows.slice(0, n);
  },
});

/**
 * The longest run of positions by rising entropy with (sum of entropies) - (the largest) <= bound, in nats; at least one.
 * An entropy is the priority with its sign turned, so whatever lowered the rank of an end token counts as doubt, too.
 * @see Ben-Hamu et al. 2025, Accelerated Sampling from Masked Diffusion Models via Entropy Bounded Unmasking
 */
export const withinEntropy = (bound: number): CommitPolicy => ({
  reason: "entropy_bound",
  planned: () => null,
  select(rows) {
    // Without the largest, a run's sum is that of the run before it.
    let sum = 0;
    let n = 0;
    do sum -= rows[n++]?.priority ?? 0;
    while (n < rows.length && sum <= bound);
    return rows.slice(0, n);
  },
});

/** 1, 2, 4, ... tokens a step; the last of floor(log2 size) steps takes all that are left. */
export function ascendingCounts(size: number): number[] {
  const steps = Math.max(1, Math.floor(Math.log2(size)));
  const counts = Array.from({ length: steps }, (_, s) => 2 ** s);
  counts[steps - 1] = size - (2 ** (steps - 1) - 1);
  return counts;
}

/** The best by rank, twice as many in each step as in the one before. */
export const ascending = (): CommitPolicy => ({
  reason: "ascending",
  planned: (size) => ascendingCounts(size).length,
  select: (rows, { region }) => rows.slice(0, ascendingCounts(region.size)[region.step] ?? Infinity),
});

/**
 * Every masked position with probability `rates[step]`, whatever the model says; all of them in the last step.
 * @param rates one for each step of the run
 * @see Ou et al. 2024, RADD, section 3 (Tweedie tau-leaping and Euler agree for the log-linear schedule)
 */
export function transitions(rates: readonly number[]): CommitPolicy {
  const ahead = ({ canvas, region, step, draw, seed }: Moment): number[] =>
    canvas.masked(region.start, region.end).filter((node) => {
      if (step >= rates.length - 1) return true;
      const u = uniformAt({ seed, step: draw, purpose: Purpose.TRANSITION, node, sibling: 0, index: 0 });
      return u < rates[step]!;
    });
  return {
    reason: "random",
    planned: () => rates.length,
    ahead,
    select: (rows, moment) => chosen(rows, ahead(moment)),
  };
}
