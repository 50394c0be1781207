/** What is measured of a recurrence, as a cell shows it: which signal, how dark, and where the run's own criterion draws its line. */
import { criteria, type CriterionId } from "../../../decoding/depth/policy";
import type { RunView } from "../../../trace/view";

export const signalIds = [
  "change",
  "turn",
  "kl",
  "minPKl",
  "entropy",
  "entropyChange",
  "same",
  "gate",
  "stop",
] as const;
export type SignalId = (typeof signalIds)[number];

/** One recurrence of one position; what was not measured is null. */
export interface Measured {
  readonly change: number;
  readonly turn: number;
  readonly kl: number | null;
  /** KL of the readouts over tokens that are probable enough. */
  readonly minPKl: number | null;
  readonly entropy: number | null;
  /** How far the entropy moved from the recurrence before; null in the first. */
  readonly entropyChange: number | null;
  /** Recurrences in a row, up to this one, whose readout had the same most probable token. */
  readonly same: number | null;
  /** What the router said before it. */
  readonly gate: number | null;
  /** Probability of having stopped by the exit gate. */
  readonly stop: number | null;
}

export interface SignalScale {
  readonly label: string;
  /** With its formula and unit. */
  readonly title: string;
  readonly isLog: boolean;
  /** The faintest and the darkest value. */
  readonly range: readonly [least: number, most: number];
  readonly stops: readonly number[];
}

/** Of a wave, whose latents are compared from step to step. */
export const CHANGE_BY_STEP = "Change of the latent since the step before, |s \u2212 s before| / |s|";

export const signals: Readonly<Record<SignalId, SignalScale>> = {
  change: {
    label: "Change of the latent",
    title: "Change of the latent in a recurrence, |s \u2212 s before| / |s|",
    isLog: true,
    range: [1e-4, 1],
    stops: [1, 0.1, 0.01, 0.001],
  },
  turn: {
    label: "Turn of the latent",
    title: "Turn of the latent in a recurrence, 1 \u2212 cos(s, s before)",
    isLog: true,
    range: [1e-6, 1],
    stops: [1, 0.01, 0.0001],
  },
  kl: {
    label: "KL of the readouts",
    title: "KL from the readout before to this one, in nats",
    isLog: true,
    range: [1e-5, 10],
    stops: [10, 0.1, 0.001],
  },
  minPKl: {
    label: "KL of probable tokens",
    title: "KL from the readout before to this one over probable tokens, in nats",
    isLog: true,
    range: [1e-6, 10],
    stops: [10, 0.1, 0.001],
  },
  entropyChange: {
    label: "Change of the entropy",
    title: "Change of the readout\u2019s entropy in a recurrence, in nats",
    isLog: true,
    range: [1e-4, 5],
    stops: [5, 0.1, 0.001],
  },
  same: {
    label: "Same best token",
    title: "Recurrences in a row with the same most probable token",
    isLog: false,
    range: [0, 8],
    stops: [8, 4, 2, 1],
  },
  entropy: {
    label: "Entropy of the readout",
    title: "Entropy of the readout, in nats",
    isLog: false,
    range: [0, 5],
    stops: [5, 3, 1, 0],
  },
  gate: {
    label: "Gate of the router",
    title: "Gate of the router before a recursion, a probability",
    isLog: false,
    range: [0, 1],
    stops: [1, 0.5, 0],
  },
  stop: {
    label: "Stopped by the exit gate",
    title: "Probability of having stopped by the exit gate until here",
    isLog: false,
    range: [0, 1],
    stops: [1, 0.5, 0],
  },
};

/** Where a value lies between the faintest, 0, and the darkest, 1. */
export function levelOf({ isLog, range: [least, most] }: SignalScale, value: number): number {
  const to = (v: number): number => (isLog ? Math.log(Math.max(v, least)) : v);
  return Math.max(0, Math.min(1, (to(value) - to(least)) / (to(most) - to(least))));
}
/** Ink of a value, under text that has to be read. */
export const inkOf = (scale: SignalScale, value: number): number =>
  Number((0.03 + 0.31 * levelOf(scale, value)).toFixed(2));

const DECIDES: Partial<Record<CriterionId, SignalId>> = {
  cosine: "turn",
  kl: "kl",
  "minp-kl": "minPKl",
  "entropy-diff": "entropyChange",
  "argmax-stability": "same",
  "exit-gate": "stop",
};

const isCriterion = (id: unknown): id is CriterionId => typeof id === "string" && id in criteria;

const isRouted = (view: RunView): boolean =>
  view.rounds.at(0)?.recursion?.recurs.some((e) => e.gate !== undefined) ?? false;

/** The signal that the run itself goes by, or one that shows most. */
export function decidingSignal(view: RunView): SignalId {
  if (isRouted(view)) return "gate";
  const criterion = view.start?.params.criterion;
  return (isCriterion(criterion) ? DECIDES[criterion] : undefined) ?? "change";
}

/** The signal that a visitor chose, see `choice` of the view. */
export const chosenSignal = (view: RunView, choice: string | undefined): SignalId =>
  signalIds.find((id) => id === choice) ?? decidingSignal(view);

/** The value of a signal at which the run's criterion lets a token stop; null where it goes by something else. */
export function thresholdOf({ start }: RunView, signal: SignalId): number | null {
  const { threshold, criterion, routing, forceDepth, exitThreshold, freeze } = start?.params ?? {};
  if (signal === "gate")
    return routing === "threshold" && forceDepth === 0 && typeof threshold === "number" ? threshold : null;
  if (freeze !== undefined)
    return signal === "change" && freeze === "latent-diff" && typeof exitThreshold === "number"
      ? exitThreshold
      : null;
  if (!isCriterion(criterion) || criterion === "none" || (DECIDES[criterion] ?? "change") !== signal)
    return null;
  // What the checkpoint was published with is not in the trace.
  if (signal === "stop" && threshold === 0) return null;
  return typeof threshold === "number" && threshold > 0 ? threshold : criteria[criterion].threshold;
}
