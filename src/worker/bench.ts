/** What a model does on this device, measured part by part, so that whoever asks can show how far it is and stop. */
import { DecoscopeError } from "../base/errors";
import { copyRate, median } from "../runtime/copy_rate";
import { GpuSession } from "../runtime/session";
import { timePass } from "../runtime/time_pass";
import type { BenchPart, DeviceFigures, RunSettings } from "./api";
import type { EngineHost, HostedModel } from "./host";
import { runMethod } from "./run";

/** All parts, in the order they are measured. */
export const BENCH_PARTS: readonly BenchPart[] = ["copy", "prefill", "decode", 1, 2, 4, 8, 16, 32];

const TRIALS = 3;
/** Longest prompt that is timed, and tokens that are written. */
const PROMPT_ROWS = 256;
const WRITTEN = 48;
const WARM_UP = 9;
/** Text before the rows of a pass. */
const BEFORE = 64;

const now = (): number => performance.now();

const greedy = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

async function prefill(host: EngineHost, { gpu }: HostedModel): Promise<DeviceFigures["prefill"]> {
  const rows = Math.min(PROMPT_ROWS, gpu.maxContext - 1);
  const tokens = Array.from({ length: rows + 1 }, (_, i) => (i * 7919 + 13) % gpu.facts.vocabSize);
  const text = { seed: 0, firstStep: 0, maxNewTokens: 1 };
  const session = await GpuSession.open(host.engine, {
    ...{ ...text, target: gpu, draft: null, treeNodes: 1, tuning: host.tuning, profiler: null },
  });
  try {
    const times: number[] = [];
    for (let trial = 0; trial <= TRIALS; trial++) {
      session.goOn([], text);
      const start = now();
      await session.prefill(tokens);
      await host.gpu.device.queue.onSubmittedWorkDone();
      // The first trial builds kernels.
      if (trial > 0) times.push(now() - start);
    }
    const ms = median(times);
    return { rows, ms, tokensPerSecond: (1000 * rows) / ms };
  } finally {
    session.dispose();
  }
}

/** Plain decoding as a visitor runs it: the method, readbacks and events included. */
async function decode(host: EngineHost, model: HostedModel): Promise<DeviceFigures["decode"]> {
  const settings = (maxNewTokens: number): RunSettings => ({
    model: model.id,
    draft: null,
    method: "autoregressive",
    params: {},
    sampler: greedy,
    prompt: "Once upon a time",
    begin: null,
    seed: 0,
    maxNewTokens,
    detail: "light",
    profile: false,
  });
  const once = async (maxNewTokens: number) => {
    const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
    let read = { ms: 0, dispatches: 0 };
    let tokens = 0;
    for await (const e of runMethod(host, settings(maxNewTokens), { cancelled: false }, counts)) {
      if (e.kind === "prefill") read = { ms: e.ms, dispatches: counts.dispatches };
      if (e.kind === "commit") tokens += e.tokens.length;
      if (e.kind !== "run_end") continue;
      if (e.error) throw DecoscopeError.fromRecord(e.error);
      return {
        tokens,
        ms: e.ms - read.ms,
        dispatches: counts.dispatches - read.dispatches,
        readbacks: counts.readbacks,
      };
    }
    throw new Error("the run did not end");
  };
  await once(WARM_UP);
  const runs: Awaited<ReturnType<typeof once>>[] = [];
  for (let trial = 0; trial < TRIALS; trial++) runs.push(await once(WRITTEN));
  const { tokens, dispatches, readbacks } = runs[0]!;
  const ms = median(runs.map((r) => r.ms));
  const { weightBytes, lookedUpBytes = 0, recurrence } = model.gpu;
  // Of a core that runs again and again, how often its weights are read is not told by their bytes.
  const bytesPerToken = recurrence ? null : weightBytes - lookedUpBytes;
  return {
    tokens,
    ms,
    tokensPerSecond: (1000 * tokens) / ms,
    dispatchesPerToken: dispatches / tokens,
    readbacksPerToken: readbacks / tokens,
    bytesPerToken,
    bytesPerSecond: bytesPerToken === null ? null : (1000 * tokens * bytesPerToken) / ms,
  };
}

async function pass(host: EngineHost, { gpu }: HostedModel, rows: number): Promise<DeviceFigures["passes"]> {
  if (rows > gpu.maxContext) return [];
  const before = Math.min(BEFORE, gpu.maxContext - rows);
  const options = { count: rows, before, replays: 3, trials: 5, now };
  const times = await timePass(host.engine, host.tuning, gpu, options);
  return times ? [{ rows, ms: median(times) }] : [];
}

/**
 * One part of the figures; the others are left out.
 * @throws DecoscopeError "method" for a model that does not append to a text
 */
export async function measurePart(
  host: EngineHost,
  model: HostedModel,
  part: BenchPart,
): Promise<Partial<DeviceFigures>> {
  if (model.gpu.masked)
    throw new DecoscopeError(
      "method",
      `Expected a model that appends to a text, and ${model.id} fills masks. Choose another model.`,
    );
  switch (part) {
    case "copy": {
      const { reduce, packedDot, f16, choices } = host.tuning;
      const { storage, cacheStorage } = model;
      return {
        copy: await copyRate(host.engine, now),
        variants: { reduce, cache: cacheStorage, packedDot, f16, storage, ...choices },
      };
    }
    case "prefill":
      return { prefill: await prefill(host, model) };
    case "decode":
      return { decode: await decode(host, model) };
    default:
      return { passes: await pass(host, model, part) };
  }
}
