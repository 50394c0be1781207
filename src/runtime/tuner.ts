/**
 * Chooses kernel variants for a device by a short measurement: one forward pass with each candidate, the fastest kept whose logits
 * are those of the default; of ways to draw (`head.*`) rounds of plain decoding, the fastest kept that say the same.
 * What was found is remembered by whoever calls, under a key that changes with the device and with the kernels.
 */
import * as v from "valibot";
import { lossOf } from "../engine/device";
import type { Engine } from "../engine/dispatch_list";
import { kernels } from "../kernels";
import { tuningCandidates as productCandidates } from "../kernels/matvec";
import { drawCandidates, Fused } from "../kernels/matvec_draw";
import type { Tuning } from "../kernels/tuning";
import type { GpuModel } from "./gpu_model";
import { promptLogits } from "./logits";
import { timePass } from "./time_pass";
import { canPlay, playRounds } from "./time_rounds";

/** All that is measured, in this order: how many share a vocabulary matters only where the head draws. */
export const tuningCandidates = (): Readonly<Record<string, readonly number[]>> => ({
  ...productCandidates(),
  ...drawCandidates(),
});

/** Times of one choice: the value and the milliseconds of one pass with it. */
export interface Measured {
  readonly choice: string;
  readonly times: readonly { readonly value: number; readonly timeMs: number }[];
  /** Values whose logits, or rounds, were not those of the default: they are never chosen. */
  readonly wrong: readonly number[];
  readonly chosen: number | null;
}
export interface TuneResult {
  readonly tuning: Tuning;
  readonly measured: readonly Measured[];
  /** Choices that cannot be measured by this model, but by another: how to draw, by one that fills masks or has a short context. */
  readonly left: readonly string[];
}
export interface TuneOptions {
  /** No candidate is started after this long, ways to draw after half as long again; choices not reached keep their defaults. */
  readonly budgetMs: number;
  readonly candidates?: Readonly<Record<string, readonly number[]>>;
  readonly now?: () => number;
}

/** A default is given up only for something this much faster: measurements on a busy device wobble. */
const WORTHWHILE = 0.95;
const REPLAYS = 4;
const TRIALS = 3;
/** Of rounds, each of which is two passes and more. */
const ROUNDS = { replays: 2, trials: 2 } as const;

/** Rows of the pass that a choice matters for: `matvec1.*` is one token, `matmul.*` a prefill, the rest a small tree. */
const rowsFor = (choice: string): number =>
  choice.startsWith("matvec1.") ? 1 : choice.startsWith("matmul.") ? 32 : 8;

/** Largest difference of logits that is rounding, in parts of the largest: packed products round activations to 8 bits. */
const roundingOf = (choice: string): number => (choice === "matvec.packed_dot" ? 0.1 : 1e-3);

/** Logits of a text of so many tokens. */
const logitsOf = (
  engine: Engine,
  tuning: Tuning,
  model: GpuModel,
  count: number,
): Promise<Float32Array<ArrayBuffer>> => {
  const T = Math.min(count, model.maxContext);
  const tokens = Array.from({ length: T }, (_, i) => (i * 7919 + 13) % model.facts.vocabSize);
  return promptLogits(engine, tuning, model, tokens);
};

/** Largest difference, in parts of the largest number; infinite where one is no number. */
export function difference(found: Float32Array, expected: Float32Array): number {
  let most = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(found[i]! - expected[i]!);
    if (!Number.isFinite(off)) return Infinity;
    most = Math.max(most, off);
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return size > 0 ? most / size : most;
}

/** What a choice is measured by. */
interface Measurement {
  /** Milliseconds with these variants, the least of a few trials; null if they cannot be used. */
  readonly time: (tuning: Tuning) => Promise<number | null>;
  /** Whether two variants calculate the same but for rounding; the first is the default. */
  readonly agree: (standard: Tuning, tried: Tuning) => Promise<boolean>;
}

const least = (times: readonly number[] | undefined): number | null => (times ? Math.min(...times) : null);

/** A forward pass of as many rows as the choice matters for. */
function passes(engine: Engine, model: GpuModel, choice: string, now: () => number): Measurement {
  const count = rowsFor(choice);
  const options = { count, before: 0, replays: REPLAYS, trials: TRIALS, now };
  let expected: Float32Array | null = null;
  return {
    time: async (tuning) => least((await timePass(engine, tuning, model, options)) ?? undefined),
    agree: async (standard, tried) => {
      expected ??= await logitsOf(engine, standard, model, count);
      return difference(await logitsOf(engine, tried, model, count), expected) <= roundingOf(choice);
    },
  };
}

/** Rounds of plain decoding, which must say the same tokens. */
function rounds(engine: Engine, model: GpuModel, now: () => number): Measurement {
  const played = new Map<Tuning, Awaited<ReturnType<typeof playRounds>>>();
  const play = async (tuning: Tuning) => {
    const found = await playRounds(engine, tuning, model, { ...ROUNDS, now });
    played.set(tuning, found);
    return found;
  };
  return {
    time: async (tuning) => least((await play(tuning))?.times),
    agree: (standard, tried) => {
      const [expected, found] = [played.get(standard), played.get(tried)];
      const isSame =
        !!expected &&
        !!found &&
        String(found.tokens) === String(expected.tokens) &&
        difference(found.logprobs, expected.logprobs) <= roundingOf("head");
      return Promise.resolve(isSame);
    },
  };
}

/** Whether a choice changes anything after those that were made: how many share a vocabulary does not if the head never draws. */
const matters = (choice: string, { choices }: Tuning): boolean =>
  choice !== "head.groups" || choices["head.fused"] !== Fused.NEVER;

/**
 * Measures one choice after another, each with the best of those before.
 * @throws DecoscopeError "device_lost", and whatever else is no matter of the variants: then nothing was found
 */
export async function tune(
  engine: Engine,
  base: Tuning,
  model: GpuModel,
  options: TuneOptions,
): Promise<TuneResult> {
  const { budgetMs, candidates = tuningCandidates(), now = () => performance.now() } = options;
  let end = now() + budgetMs;
  let isDrawing = false;
  const measured: Measured[] = [];
  const left: string[] = [];
  let tuning = base;
  for (const [choice, values] of Object.entries(candidates)) {
    const isOfDrawing = choice.startsWith("head.");
    if (isOfDrawing && !canPlay(model, ROUNDS)) {
      left.push(choice);
      continue;
    }
    // Products, which are many, leave no time otherwise.
    if (isOfDrawing && !isDrawing) end = now() + budgetMs / 2;
    isDrawing = isOfDrawing;
    if (now() >= end || !matters(choice, tuning)) continue;
    const { time, agree } = isOfDrawing ? rounds(engine, model, now) : passes(engine, model, choice, now);
    const standard = await time(tuning);
    if (standard === null) continue;
    let best: { value: number | null; timeMs: number } = { value: null, timeMs: standard * WORTHWHILE };
    const times: { value: number; timeMs: number }[] = [];
    const wrong: number[] = [];
    for (const value of values) {
      if (now() >= end) break;
      const tried = { ...tuning, choices: { ...tuning.choices, [choice]: value } };
      const timeMs = await time(tried);
      if (timeMs === null) continue;
      times.push({ value, timeMs });
      if (timeMs >= best.timeMs) continue;
      // What would be chosen must also calculate rightly.
      if (await agree(tuning, tried)) best = { value, timeMs };
      else wrong.push(value);
    }
    if (best.value !== null) tuning = { ...tuning, choices: { ...tuning.choices, [choice]: best.value } };
    measured.push({ choice, times, wrong, chosen: best.value });
  }
  // Work that is given to a lost device is done in no time.
  const loss = measured.length > 0 ? await lossOf(engine.gpu) : null;
  if (loss) throw loss;
  return { tuning, measured, left };
}

/** Where choices are remembered: the adapter, what it can do, and the kernels' texts, in one string. */
export function tuningKey(engine: Engine): string {
  const { adapter, features } = engine.gpu;
  let hash = 0x811c9dc5;
  for (const k of kernels)
    for (let i = 0; i < k.source.length; i++) hash = Math.imul(hash ^ k.source.charCodeAt(i), 0x01000193);
  return `tuning/${adapter}/${JSON.stringify(features)}/${(hash >>> 0).toString(16)}`;
}

const remembered = v.object({
  choices: v.record(v.string(), v.pipe(v.number(), v.finite())),
  left: v.array(v.string()),
});

/** What is remembered of a device: its choices, and what no model could be measured by so far. */
export type Tuned = v.InferOutput<typeof remembered>;

/** What was remembered, if it is that; anything else is forgotten. */
export function readTuned(value: unknown): Tuned | null {
  const read = v.safeParse(remembered, value);
  return read.success ? read.output : null;
}

/** As {@link tune}, of what an earlier model left; of everything if there was none. */
export function tuneRest(
  engine: Engine,
  base: Tuning,
  model: GpuModel,
  left: readonly string[] | null,
  budgetMs: number,
): Promise<TuneResult> {
  const all = Object.entries(tuningCandidates());
  const candidates = Object.fromEntries(all.filter(([choice]) => left?.includes(choice) ?? true));
  return tune(engine, base, model, { budgetMs, candidates });
}
