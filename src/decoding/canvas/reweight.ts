/** What changes the rank of proposals. */
import { gumbelAt, Purpose } from "../../base/rng";
import type { Moment, Reweight } from "./parts";

export interface EarlyRejectionOptions {
  /** Factor of end tokens at the start; 1 changes nothing. */
  readonly least: number;
  /** How far a step of a block is, from 0 to 1. */
  readonly progress: (moment: Moment) => number;
}

/**
 * Proposals of an end token count `gamma` times their confidence, gamma rising from `least` to 1: early ends need to be
 * surer than other tokens. Ranks that are at most 0, as by entropy, lose (1 - gamma) ln V instead, which the paper leaves open.
 * @see Yang et al. 2025, arXiv:2509.23924 (EOS early rejection)
 */
export const rejectEarlyEnds = ({ least, progress }: EarlyRejectionOptions): Reweight => {
  const gamma = (m: Moment): number => least + (1 - least) * Math.min(1, progress(m));
  return {
    name: "eoser",
    probe: (m) => ({ gamma: gamma(m) }),
    apply(row, m) {
      if (!m.model.endTokens.includes(row.token)) return row.priority;
      if (row.priority <= 0) return row.priority - (1 - gamma(m)) * Math.log(m.model.vocabSize);
      return row.priority * gamma(m);
    },
  };
};

/** s / (S - 1) within the block. */
export const evenProgress = ({ region }: Moment): number =>
  (region.planned ?? 1) > 1 ? region.step / (region.planned! - 1) : 1;

/** (2^(s+1) - 1) / 2^S within the block: how much an ascending plan has committed. */
export const ascendingProgress = ({ region }: Moment): number =>
  (2 ** (region.step + 1) - 1) / 2 ** (region.planned ?? 1);

/**
 * Noise on the ranks: the k best are then drawn without replacement, each with probability proportional to
 * exp(priority / temperature) among those left.
 * @see Ye et al. 2025, Dream 7B (`alg_temp`); Kool et al. 2019 (Gumbel-top-k)
 */
export const drawOrder = (temperature: number): Reweight => ({
  name: "order",
  probe: () => ({ temperature }),
  apply: (row, { seed, draw }) => {
    const address = { seed, step: draw, purpose: Purpose.RANK, node: row.position, sibling: 0, index: 1 };
    return row.priority + temperature * gumbelAt(address);
  },
});
