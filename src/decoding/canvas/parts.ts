/**
 * The places where denoising methods differ. A method names one part for each; `denoise.ts` runs them all by one loop.
 * Parts are made anew for every run, so each may keep what it needs to remember.
 */
import type { RemaskReason, UnmaskReason } from "../../trace/canvas_events";
import type { Canvas } from "./canvas";
import type { CanvasFacts, PassCost, Scores } from "./session";

/** The stretch of the canvas that a step works on. */
export interface Region {
  /** Positions [start, end) may be committed. */
  readonly start: number;
  readonly end: number;
  /** Blocks before this one. */
  readonly block: number;
  /** Steps since the block began. */
  readonly step: number;
  /** Masked positions of the block when it began. */
  readonly size: number;
  /** Steps planned for the block; null where that depends on the model. */
  readonly planned: number | null;
}

/** What every part may look at. */
export interface Moment {
  readonly canvas: Canvas;
  readonly model: CanvasFacts;
  readonly seed: number;
  readonly step: number;
  /** Step whose random numbers it draws: later than `step` in a run that goes on from another one. */
  readonly draw: number;
  readonly region: Region;
}

/** One masked position that may be committed in this step, with what was proposed for it. */
export interface Row {
  readonly position: number;
  readonly token: number;
  /** Natural log of the token's probability. */
  readonly logprob: number;
  /** Its probability. */
  readonly confidence: number;
  readonly margin: number;
  readonly gap: number;
  /** In nats. */
  readonly entropy: number;
  /** What positions are ranked by; larger first. */
  readonly priority: number;
}

/** Which part of the canvas a step works on. */
export interface Schedule {
  /** Steps of the whole run; null where that depends on the model. */
  planned(canvas: Canvas): number | null;
  /** The stretch of the step that begins now; called once a step, whose number within the block it counts. */
  advance(canvas: Canvas): Region;
}

/** Which rows a pass computes; the others are read as they were stored. */
export interface CachePolicy {
  /**
   * Positions to compute, ascending; must include every position that may be committed.
   * @param ahead positions chosen before the pass, by a commit policy that can; null for others
   */
  query(moment: Moment, ahead: readonly number[] | null): readonly number[];
}

/** What a position is ranked by, before {@link Reweight}. */
export type Rank = (row: Omit<Row, "priority">, moment: Moment) => number;

/** Changes priorities. */
export interface Reweight {
  readonly name: string;
  apply(row: Row, moment: Moment): number;
  /** Numbers shown with the step under the same name. */
  probe(moment: Moment): Readonly<Record<string, number>>;
}

/** Decides before the commits of a step whether everything left is committed at once. */
export interface StopPolicy {
  readonly name: string;
  /** @param rows of every masked position of the canvas that this pass computed */
  decide(
    rows: readonly Row[],
    moment: Moment,
  ): { readonly isEnough: boolean; readonly values: Record<string, number> };
}

/** Which positions a step commits. */
export interface CommitPolicy {
  readonly reason: UnmaskReason;
  /** Steps for block number `block` with so many masked positions; null where that depends on the model. */
  planned(size: number, block: number): number | null;
  /**
   * The rows to commit. A policy without a plan must take one at least: after as many steps as the canvas had masks, or as
   * were planned, everything left is committed with a warning.
   * @param rows those of the region, by priority (larger first, then lower position)
   */
  select(rows: readonly Row[], moment: Moment): readonly Row[];
  /** For policies that look at no logits: the positions this step commits, known before the pass. */
  ahead?(moment: Moment): readonly number[];
}

/** A second opinion on what is to be committed. */
export interface Verdict {
  readonly rows: readonly Row[];
  readonly judged: {
    readonly rows: readonly Row[];
    readonly logprobs: readonly number[];
    readonly ranks: readonly number[];
    readonly accepted: number;
  };
  /** The passes of the second model. */
  readonly costs: readonly PassCost[];
}
export type Verify = (rows: readonly Row[], moment: Moment) => Promise<Verdict>;

/** Which committed positions become masks again at the end of a step. */
export interface RemaskPolicy {
  readonly reason: RemaskReason;
  /** @param fresh positions committed in this step; they stay */
  select(moment: Moment, fresh: ReadonlySet<number>): readonly number[];
  /** Whether step number `step` is still to be made though nothing is masked. */
  goesOn(step: number): boolean;
}

/** Numbers shown with every step, under a name of their own. */
export interface Probe {
  readonly name: string;
  /** @param passes forward passes so far */
  values(moment: Moment, passes: number): Readonly<Record<string, number>>;
}

export interface Parts {
  readonly schedule: Schedule;
  readonly cache: CachePolicy;
  readonly rank: Rank;
  readonly reweight: readonly Reweight[];
  readonly stop: StopPolicy | null;
  readonly commit: CommitPolicy;
  readonly verify: Verify | null;
  readonly remask?: RemaskPolicy;
  readonly probe?: Probe;
  /** `ban` never proposes end tokens; `delay` ranks them last, which policies with `ahead` cannot. */
  readonly ending: "allow" | "delay" | "ban";
  /** What was set and does nothing beside the other settings, in words for the run's warning. */
  readonly unused?: readonly string[];
  /** Steps in which nothing is committed need no pass: the canvas has not changed. For policies with `ahead`. */
  readonly reuse: boolean;
}

/** The rows of scores, without priorities. */
export const rowsOf = (s: Scores): Omit<Row, "priority">[] =>
  s.positions.map((position, i) => ({
    position,
    token: s.proposal[i]!,
    logprob: s.logprob[i]!,
    confidence: Math.exp(s.logprob[i]!),
    margin: s.margin[i]!,
    gap: s.gap[i]!,
    // Rounding in f32 can leave it a hair below 0.
    entropy: Math.max(0, s.entropy[i]!),
  }));
