/**
 * When a row of a recurrent model has run often enough: the exit criteria, as plain functions of what was measured after
 * each recurrence. Whatever decides on a device is compared with these.
 * @see Geiping et al. 2025, Scaling up Test-Time Compute with Latent Reasoning, section 5; criteria as in the released code
 */

/** Measured after a recurrence of one row; what comes of readouts is null where none was made. */
export interface RecurrenceSignals {
  /** |s_r - s_(r-1)| / |s_r| */
  readonly relChange: number;
  /** 1 - cos(s_r, s_(r-1)) */
  readonly cosine: number;
  /** KL(p_(r-1), p_r) in nats; p_0 is uniform. */
  readonly kl: number | null;
  /** The same after improbable tokens were made alike, see {@link flattened}. */
  readonly minPKl: number | null;
  /** In nats. */
  readonly entropy: number | null;
  readonly argmax: number | null;
  /** Probability of stopping here that a looped model's own gate gives, for those that went on until here; null without a gate. */
  readonly exit: number | null;
}

/** How a criterion reads the signals, and the threshold that is taken where none is given. */
export interface Criterion {
  readonly label: string;
  readonly threshold: number;
  /** Whether it needs a readout after every recurrence: a coda and a head each time. */
  readonly readsOut: boolean;
  /** Whether a row exits after the last of `signals`, which are those of its recurrences from the first on. */
  readonly exits: (signals: readonly RecurrenceSignals[], threshold: number) => boolean;
}

/** Entropy before the first recurrence: larger than any. */
const ENTROPY_BEFORE = 100;

/** @throws Error if the readout that a criterion goes by was not made */
function need(value: number | null | undefined, name: string): number {
  if (value === null || value === undefined) throw new Error(`no ${name}: the recurrence was not read out`);
  return value;
}

/** How many of the last recurrences had one argmax. */
function stability(signals: readonly RecurrenceSignals[]): number {
  const last = need(signals.at(-1)?.argmax, "argmax");
  let run = 0;
  while (run < signals.length && signals[signals.length - 1 - run]!.argmax === last) run++;
  return run;
}

/** Probability of having stopped by now: 1 - (1 - g_1) (1 - g_2) ... @see Zhu et al. 2025, Ouro, section 3 */
export const stopped = (signals: readonly RecurrenceSignals[]): number =>
  1 - signals.reduce((left, { exit }) => left * (1 - need(exit, "exit")), 1);

export const criteria = {
  none: { label: "Fixed depth", threshold: 0, readsOut: false, exits: () => false },
  "latent-diff": {
    label: "Change of the latent",
    threshold: 0.03,
    readsOut: false,
    exits: (signals, threshold) => signals.at(-1)!.relChange < threshold,
  },
  cosine: {
    label: "Turn of the latent",
    threshold: 1e-3,
    readsOut: false,
    exits: (signals, threshold) => signals.at(-1)!.cosine < threshold,
  },
  kl: {
    label: "KL of the readouts",
    threshold: 1e-3,
    readsOut: true,
    exits: (signals, threshold) => need(signals.at(-1)!.kl, "kl") < threshold,
  },
  "minp-kl": {
    label: "KL of probable tokens",
    threshold: 1e-5,
    readsOut: true,
    exits: (signals, threshold) => need(signals.at(-1)!.minPKl, "minPKl") < threshold,
  },
  "entropy-diff": {
    label: "Change of the entropy",
    threshold: 1e-3,
    readsOut: true,
    exits(signals, threshold) {
      const before = signals.length > 1 ? need(signals.at(-2)!.entropy, "entropy") : ENTROPY_BEFORE;
      return Math.abs(need(signals.at(-1)!.entropy, "entropy") - before) < threshold;
    },
  },
  "argmax-stability": {
    label: "Same best token",
    threshold: 5,
    readsOut: true,
    exits: (signals, threshold) => stability(signals) >= threshold,
  },
  "exit-gate": {
    label: "The model's exit gate",
    threshold: 1,
    readsOut: false,
    exits: (signals, threshold) => stopped(signals) >= threshold,
  },
} as const satisfies Readonly<Record<string, Criterion>>;

export type CriterionId = keyof typeof criteria;

/**
 * How a model's own router decides before each recurrence but the first, which all rows run: by the threshold that a row's
 * gate reaches, or for the rows of the pass with the largest gates, as training does, which looks at later tokens. Or, as
 * "choice", once before the first: for the depth that a row's own law makes the most of.
 * @see Bae et al. 2025, Mixture-of-Recursions (arXiv 2507.10524), section 2.2, expert-choice and token-choice routing
 */
export type RoutingId = "gate" | "gate-top" | "choice";

export const isRouting = (id: CriterionId | RoutingId): id is RoutingId =>
  id === "gate" || id === "gate-top" || id === "choice";

/** The depth, from 1, whose probability with its balance is largest; of equal ones the smallest. */
export function chosenDepth(law: readonly number[], balance: ArrayLike<number>): number {
  const scores = law.map((p, i) => p + balance[i]!);
  return 1 + scores.indexOf(Math.max(...scores));
}

/** Which keys and values of earlier positions a row at recurrence r sees. */
export const cachePolicies = {
  latest: "Last written: one place a position, overwritten by every recurrence.",
  nearest: "Those of recurrence r, or of the last one before it that the position ran.",
  "per-recurrence": "Those of recurrence r; positions that stopped earlier are not seen.",
  "first-recurrence": "Those of the first recurrence, the only ones that are kept.",
} as const;
export type CachePolicy = keyof typeof cachePolicies;

export interface DepthPolicy {
  readonly criterion: CriterionId | RoutingId;
  /** Null takes the criterion's own. */
  readonly threshold: number | null;
  /** No exit before so many recurrences. */
  readonly minRecurrence: number;
  /** No more than so many. */
  readonly maxRecurrence: number;
  /** Recurrences from one test to the next. */
  readonly checkEvery: number;
  /** Of "gate-top": how much of all rows each recurrence lets in, in shares of as many as there are entries. */
  readonly capacities?: readonly number[];
}

/** floor(T share / R), at least 1: rows of T that "gate-top" lets into recurrence r. */
export const capacityOf = (T: number, capacities: readonly number[], r: number): number =>
  Math.max(1, Math.floor((T * capacities[r - 1]!) / capacities.length));

/**
 * Which of the rows that ran recurrence r - 1 run recurrence r, where their gates decide.
 * @param gates of these rows, in their order; of equal gates the earlier row's counts as larger
 * @param T rows of the pass
 */
export function routedIn(policy: DepthPolicy, r: number, gates: readonly number[], T: number): boolean[] {
  if (r === 1) return gates.map(() => true);
  if (policy.criterion === "gate") return gates.map((gate) => gate >= policy.threshold!);
  const order = gates.map((_, i) => i).sort((a, b) => gates[b]! - gates[a]! || a - b);
  const best = new Set(order.slice(0, capacityOf(T, policy.capacities!, r)));
  return gates.map((_, i) => best.has(i));
}

/**
 * Why a row runs no further: null while it does.
 * @param depth that the row chose, where rows do
 */
export function exitReason(
  policy: DepthPolicy,
  signals: readonly RecurrenceSignals[],
  depth?: number,
): "converged" | "gate" | "cap" | "forced" | "chosen" | null {
  const r = signals.length;
  if (policy.criterion === "choice") return r >= Math.min(depth!, policy.maxRecurrence) ? "chosen" : null;
  // Routers are asked before a recurrence, see routedIn; nothing that was measured ends a row.
  const criterion: Criterion = criteria[isRouting(policy.criterion) ? "none" : policy.criterion];
  const isTested = r > 0 && r >= policy.minRecurrence && r % policy.checkEvery === 0;
  if (isTested && criterion.exits(signals, policy.threshold ?? criterion.threshold))
    return policy.criterion === "exit-gate" ? "gate" : "converged";
  if (r < policy.maxRecurrence) return null;
  return policy.criterion === "none" ? "forced" : "cap";
}

/** Natural logarithms of the softmax. */
function logLaw(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = most + Math.log(values.reduce((sum, z) => sum + Math.exp(z - most), 0));
  return values.map((z) => z - total);
}

/** Probabilities below a tenth of the largest become 1 / V, and all are divided by their sum; logarithms. */
export function flattened(law: readonly number[]): number[] {
  const bar = Math.max(...law) + Math.log(0.1);
  const raised = law.map((p) => (p < bar ? -Math.log(law.length) : p));
  const total = Math.log(raised.reduce((sum, p) => sum + Math.exp(p), 0));
  return raised.map((p) => p - total);
}

const divergence = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, v, i) => sum + Math.exp(v) * (v - q[i]!), 0);

/** Signals of the readout after a recurrence; `before` are the logits of the last one, null for the first recurrence. */
export function readoutSignals(
  before: ArrayLike<number> | null,
  logits: ArrayLike<number>,
): Pick<RecurrenceSignals, "kl" | "minPKl" | "entropy" | "argmax"> {
  const now = logLaw(logits);
  const last = logLaw(before ?? now.map(() => 0));
  return {
    kl: divergence(last, now),
    minPKl: divergence(flattened(last), flattened(now)),
    entropy: -now.reduce((sum, v) => sum + Math.exp(v) * v, 0),
    argmax: now.indexOf(Math.max(...now)),
  };
}
