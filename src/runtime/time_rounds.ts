/** Plays rounds of plain decoding, for choosing how a law is drawn from: what they take, and what they say. */
import { DecoscopeError } from "../base/errors";
import { lossOf } from "../engine/device";
import type { Engine } from "../engine/dispatch_list";
import type { Tuning } from "../kernels/tuning";
import type { SamplerSettings } from "../trace/events";
import type { GpuModel } from "./gpu_model";
import { GpuSession } from "./session";

export interface RoundOptions {
  /** Rounds in one submit, whose time is divided by them. */
  readonly replays: number;
  /** Submits that are timed, after one that is not. */
  readonly trials: number;
  readonly now: () => number;
}

export interface PlayedRounds {
  /** Milliseconds of a round that lists candidates and one that does not, together, in each trial. */
  readonly times: readonly number[];
  /** Drawn and listed ones, in order, and the natural logarithm of what the law gave each. */
  readonly tokens: readonly number[];
  readonly logprobs: Float32Array<ArrayBuffer>;
}

const PROMPT = 4;
/** As many candidates as a run in full detail lists. */
const LISTED = 10;
const SAMPLER: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

const roundsOf = ({ replays, trials }: Pick<RoundOptions, "replays" | "trials">): number =>
  2 * (trials + 1) * replays;

/** Whether a model appends to a text, and to one long enough for these rounds. */
export const canPlay = (
  { masked, maxContext }: GpuModel,
  options: Pick<RoundOptions, "replays" | "trials">,
): boolean => !masked && maxContext >= PROMPT + roundsOf(options);

/**
 * The same rounds whatever the variants, of a model that can play them; null if the device cannot: a kernel does not compile, or
 * something has no room.
 * @throws DecoscopeError "device_lost", and whatever else is no matter of the variants
 */
export async function playRounds(
  engine: Engine,
  tuning: Tuning,
  model: GpuModel,
  { replays, trials, now }: RoundOptions,
): Promise<PlayedRounds | null> {
  const rounds = roundsOf({ replays, trials });
  const { vocabSize } = model.facts;
  // The same model for a text this short, so that caches of a long one are not made for it.
  const target = Object.create(model, { maxContext: { value: PROMPT + rounds } }) as GpuModel;
  const [times, tokens, logprobs]: [number[], number[], number[]] = [[], [], []];
  let session: GpuSession | null = null;
  try {
    session = await GpuSession.open(engine, {
      ...{ target, draft: null, treeNodes: 1, tuning, profiler: null },
      ...{ seed: 1, firstStep: 0, maxNewTokens: rounds },
    });
    await session.prefill(Array.from({ length: PROMPT }, (_, i) => (i * 7919 + 13) % vocabSize));
    const listed = await session.record((ops) => {
      const laws = ops.forward("target", ops.committedTail(1), SAMPLER);
      return { top: ops.top(laws, Math.min(LISTED, vocabSize)), outcome: ops.commitSample(laws) };
    });
    const plain = await session.record((ops) => ({
      outcome: ops.commitSample(ops.forward("target", ops.committedTail(1), SAMPLER)),
    }));
    for (let trial = 0; trial <= trials; trial++) {
      const start = now();
      const withList = await listed.run(replays);
      const without = await plain.run(replays);
      // The first trial warms up.
      if (trial > 0) times.push((now() - start) / replays);
      for (const said of [
        ...withList.flatMap(({ top, outcome }) => [top, outcome]),
        ...without.map((r) => r.outcome),
      ]) {
        tokens.push(...said.tokens);
        logprobs.push(...said.logprobs);
      }
    }
    return { times, tokens, logprobs: Float32Array.from(logprobs) };
  } catch (thrown) {
    // Of a lost device it is often said that a kernel could not be built.
    const loss = await lossOf(engine.gpu);
    if (loss) throw loss;
    if (thrown instanceof DecoscopeError && (thrown.code === "shader" || thrown.code === "limit"))
      return null;
    throw thrown;
  } finally {
    session?.dispose();
  }
}
