/** Loss on held-out text, when a policy says how deep each token is thought about. */
import type { CachePolicy, DepthPolicy } from "../../src/decoding/depth/policy";
import type { DepthRow, RowOutcome } from "../../src/decoding/depth/session";
import { isDepthModel } from "../../src/runtime/depth_model";
import { GpuDepthSession } from "../../src/runtime/recurrent_session";
import type { EngineHost, HostedModel } from "../../src/worker/host";
import type { HeldOut } from "../eval/stories";

export interface Loss {
  readonly bitsPerByte: number;
  /** Recurrences of a token. */
  readonly depth: number;
  /** Keys with values in the shared layers, a token. */
  readonly entries: number;
  /** What became of each token, window by window. */
  readonly outcomes: readonly RowOutcome[];
}

const sampler = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

/**
 * Each window is one pass. With keys of their own recurrence, or `nearest`, that is what writing token by token leads to: a token
 * sees what earlier ones left in its recurrence, or in their last before it. A policy that looks at the whole text is told apart.
 */
export async function lossOf(
  host: EngineHost,
  { gpu: model }: HostedModel,
  { windows, bytesPerToken }: HeldOut,
  how: {
    readonly policy: DepthPolicy;
    readonly cache: CachePolicy;
    readonly origin: DepthRow["origin"];
    /** Whether the policy goes by readouts after every recurrence. */
    readonly readsEach: boolean;
  },
): Promise<Loss> {
  if (!isDepthModel(model)) throw new Error("expected a model of recurrent depth");
  const { policy, cache, origin, readsEach } = how;
  let [nats, depth, entries, count] = [0, 0, 0, 0];
  const outcomes: RowOutcome[] = [];
  const session = await GpuDepthSession.open(host.engine, {
    ...{ model, cache, tuning: host.tuning, profiler: null, seed: 1 },
    length: Math.max(...windows.map(({ inputs }) => inputs.length)),
    maxRecurrence: policy.maxRecurrence,
  });
  for (const { inputs, targets } of windows) {
    const rows = inputs.map((token, position): DepthRow => ({
      ...{ token, position, origin },
      ...{ noise: 0, keep: 1, momentum: 0, fresh: 1 },
    }));
    const shared = { policy, cache, readsEach, sampler, reads: true, compares: false };
    const { result, laws } = await session.laws({ ...shared, rows, top: 0, text: inputs, step: 0 });
    for (const [row, next] of targets.entries()) nats -= laws[row * model.facts.vocabSize + next]!;
    outcomes.push(...result.rows);
    depth += result.rows.reduce((sum, row) => sum + row.depth, 0);
    entries += result.bankEntries.reduce((a, b) => a + b, 0);
    count += inputs.length;
  }
  session.dispose();
  return {
    bitsPerByte: nats / Math.LN2 / count / bytesPerToken,
    depth: depth / count,
    entries: entries / count,
    outcomes,
  };
}
