/**
 * What methods see of a model of recurrent depth and its memory. Implemented on the GPU in src/runtime and by a float64
 * fake in tests/helpers; a method cannot tell which it runs on.
 *
 * Latents, embeddings, keys and values are kept by position. A pass embeds some tokens, begins or goes on with their
 * latents, runs recurrences until a policy says that a row has had enough, and reads out: nothing comes back in between.
 */
import type { SamplerSettings } from "../../trace/events";
import type { ModelFacts, RecurrenceFacts } from "../../models/model";
import type { CachePolicy, DepthPolicy, RecurrenceSignals } from "./policy";

export interface RecurrentFacts extends ModelFacts {
  readonly recurrence: RecurrenceFacts;
}

/** How the latent of a row begins. */
export type LatentOrigin =
  /** Noise keyed by the run's seed and the position. */
  | "random"
  | "zero"
  /** The row's own embedding. */
  | "embedding"
  /** As the last pass left it. */
  | "kept"
  /** As the last pass left that of the position before. */
  | "previous";

export interface DepthRow {
  readonly token: number;
  readonly position: number;
  readonly origin: LatentOrigin;
  /** Shares of noise and of what it was in the latent before the first recurrence; the second counts only with noise. */
  readonly noise: number;
  readonly keep: number;
  /** Share of the position's last embedding in the new one, 0 to 1; 0 where it has none. */
  readonly momentum: number;
  /** Share of the new embedding; 1 - momentum unless a release did otherwise. */
  readonly fresh: number;
}

export interface DepthPass {
  /** Positions ascending, without gaps; everything before the first was in earlier passes. */
  readonly rows: readonly DepthRow[];
  /** With a threshold that is not null. */
  readonly policy: DepthPolicy;
  readonly cache: CachePolicy;
  /** Whether to read all rows out in the end, and draw the token behind each. */
  readonly reads: boolean;
  /** Whether to read every row out after every recurrence too, as policies that go by readouts need. */
  readonly readsEach: boolean;
  /** Whether to compare latents with those of the last pass. */
  readonly compares: boolean;
  /** Whether to compare how far they moved with how far they moved in the pass before; only where latents are compared. */
  readonly accelerates?: boolean;
  /** How many of the most probable tokens to report of every readout; 0 for none. */
  readonly top: number;
  readonly sampler: SamplerSettings;
  /** The text that repetitions are counted in. */
  readonly text: readonly number[];
  /** With seed and position it addresses the noise of draws and latents. */
  readonly step: number;
}

/** The token drawn behind a row. */
export interface Draw {
  readonly token: number;
  /** Log of its probability in the law that it was drawn from. */
  readonly logprob: number;
  /** The most probable tokens of that law, most probable first; empty unless asked for. */
  readonly top: readonly (readonly [token: number, logprob: number])[];
}

/** What became of a row. */
export interface RowOutcome {
  /** Recurrences it had in this pass. */
  readonly depth: number;
  readonly reason: "converged" | "gate" | "cap" | "forced" | "router" | "chosen";
  /**
   * What the model's router said before each recurrence that it was asked about, as probabilities: one more than the depth
   * unless the row had all there are; empty without such a router.
   */
  readonly gates: readonly number[];
  /** Of models whose router has tokens choose: the probability of each depth from 1; empty for others. */
  readonly law: readonly number[];
  /** Measured after each of them. */
  readonly signals: readonly RecurrenceSignals[];
  /** The most probable tokens of the readout after each; empty lists unless asked for. */
  readonly ladder: readonly (readonly (readonly [token: number, logprob: number])[])[];
  /** |z - z of the last pass| / |z| at the end of the pass; null unless asked for, or if the position is new. */
  readonly change: number | null;
  /** |(z - z') - (z' - z'')| / |z| of the last two passes; null unless asked for, or if fewer than two asked for it before. */
  readonly acceleration: number | null;
  /** Null unless read. */
  readonly draw: Draw | null;
}

export interface DepthResult {
  /** In the order of the pass's rows. */
  readonly rows: readonly RowOutcome[];
  /** Keys with values in the core's layers after each recurrence, of all positions. */
  readonly kvEntries: readonly number[];
  /** The same after the pass, by bank: one for each recurrence, or one for all. */
  readonly bankEntries: readonly number[];
  readonly cost: { readonly dispatches: number };
}

export interface DepthSession {
  readonly model: RecurrentFacts;
  readonly maxContext: number;
  /** Most rows of a pass. */
  readonly maxRows: number;
  readonly seed: number;
  /**
   * One pass: one submit, one readback. Passes run in the order of the calls. Positions from the first row on forget
   * what they held; those behind the last row are no longer part of the text.
   */
  run(pass: DepthPass): Promise<DepthResult>;
  /** Frees everything the session holds on the device. */
  dispose(): void;
}
