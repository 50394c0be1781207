/**
 * Events of models of recurrent depth: which tokens ran which recurrence, how deep each went in the end, and the steps of
 * a sampler that refines several positions at once. Part of events.ts.
 */

interface Base {
  readonly step: number;
  readonly ms: number;
}

/** One recurrence ran for some positions; arrays are parallel to `positions`, those that were not measured are left out. */
export interface RecurEvent extends Base {
  readonly kind: "recur";
  /** From 1. */
  readonly recurrence: number;
  /** Ascending. */
  readonly positions: readonly number[];
  /** |s_r - s_(r-1)| / |s_r| */
  readonly relChange: readonly number[];
  /** 1 - cos(s_r, s_(r-1)) */
  readonly cosine: readonly number[];
  /** What the model's router said before the recurrence, as a probability. */
  readonly gate?: readonly number[];
  /** What a looped model's exit gate said after the recurrence, as a probability of stopping for those that went on until here. */
  readonly exit?: readonly number[];
  /** KL(p_(r-1), p_r) of the readouts, in nats; p_0 is uniform. */
  readonly kl?: readonly number[];
  /** The same after improbable tokens were made alike. */
  readonly minPKl?: readonly number[];
  /** Of the readout, in nats. */
  readonly entropy?: readonly number[];
  /** Most probable token of the readout. */
  readonly argmax?: readonly number[];
  /** The most probable tokens of each readout, most probable first. */
  readonly top?: readonly (readonly (readonly [token: number, logprob: number])[])[];
  /** Positions that run no further. */
  readonly exited: readonly number[];
  /** Keys with values that the core's layers hold of all positions after this recurrence. */
  readonly kvEntries: number;
  /** Those of this recurrence's own bank after the pass; 0 if recurrences share the first one's. Only with a router. */
  readonly bankEntries?: number;
}
/**
 * Why a position ran no further: a criterion was met, no more were allowed, so many were asked for, a router turned it away,
 * the model's exit gate was open, or it is the depth that the router chose for it at the start.
 */
export type DepthReason = "converged" | "cap" | "forced" | "router" | "chosen" | "gate";
/** How many recurrences a position had in the end. */
export interface DepthEvent extends Base {
  readonly kind: "depth";
  readonly position: number;
  readonly depth: number;
  /** Most it could have had. */
  readonly maxDepth: number;
  readonly reason: DepthReason;
  /** Of the router, before the recurrence that the position was not let into; only with reason "router". */
  readonly gate?: number;
  /** Probability of each depth from 1, where the router has tokens choose theirs; always with reason "chosen". */
  readonly law?: readonly number[];
}
/**
 * One step of a sampler that refines a wave of positions together: arrays start at the anchor, the last frozen position,
 * except `tokens`, which are the drafts for the positions behind each.
 */
export interface WaveEvent extends Base {
  readonly kind: "wave";
  readonly anchor: number;
  /** Positions in the wave. */
  readonly width: number;
  /** First position without a frozen token: anchor + 1. */
  readonly draftFrom: number;
  /** Drafts for positions draftFrom, draftFrom + 1, ...; `width` of them. */
  readonly tokens: readonly number[];
  /** |z - z of the step before| / |z|; null for latents that are new. */
  readonly relChange: readonly (number | null)[];
  /** How much the last two such changes differ, |(z - z') - (z' - z'')| / |z|; null before the third step of a latent. Only with freezing by it. */
  readonly acceleration?: readonly (number | null)[];
  /** Steps in a row that gave the position behind the same token. */
  readonly unchanged: readonly number[];
  /** Recurrences each latent has had. */
  readonly recurrences: readonly number[];
  /** First position without a frozen token after the step. */
  readonly frozenTo: number;
  /** Positions that join the wave. */
  readonly added: number;
}

export type AnyDepthEvent = RecurEvent | DepthEvent | WaveEvent;
export type DepthKind = AnyDepthEvent["kind"];

const KINDS: ReadonlySet<string> = new Set<DepthKind>(["recur", "depth", "wave"]);

/** Whether an event is about recurrences. */
export const isDepthEvent = <E extends { readonly kind: string }>(
  e: E,
): e is Extract<E, { readonly kind: DepthKind }> => KINDS.has(e.kind);
