/** Passes of recurrent depth on the device: every number they bring back beside the float64 session's. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CachePolicy, criteria, type CriterionId } from "../../src/decoding/depth/policy";
import { loadModel, type LoadedModel } from "../../src/models/load";
import { type GpuRecurrent, recurrentOf } from "../../src/runtime/gpu_recurrent";
import { GpuDepthSession } from "../../src/runtime/recurrent_session";
import type { EngineHost } from "../../src/worker/host";
import { both, passOf, policyOf as anyPolicy, rowsOf } from "../helpers/depth_passes";
import { FakeDepthSession } from "../helpers/fake_depth";
import { memorySource } from "../helpers/tiny_model";
import { tinyRecurrent } from "../helpers/tiny_recurrent";
import { RecurrentReference } from "../reference/recurrent";
import { GREEDY_SAMPLER, openHost } from "./helpers";

const SEED = 9;
const MOST = 7;
const PROMPT = [5, 17, 3, 99, 42, 8, 61];
const source = memorySource(tinyRecurrent({ memory: 0.4 }), { id: "tiny recurrent" });
let host: EngineHost;
let model: GpuRecurrent;
let loaded: LoadedModel;
beforeAll(async () => {
  host = await openHost();
  model = recurrentOf((await host.load(source.id, source)).gpu)!;
  loaded = await loadModel(source);
});
afterAll(() => host.destroy());

const policyOf = (change: Parameters<typeof anyPolicy>[1]) => anyPolicy(MOST, change);

async function pair(cache: CachePolicy): Promise<{ device: GpuDepthSession; plain: FakeDepthSession }> {
  const { config, tensors } = loaded;
  if (config.architecture !== "recurrent-depth") throw new Error("no recurrent depth");
  const device = await GpuDepthSession.open(host.engine, {
    ...{ model, seed: SEED, length: 40, maxRecurrence: MOST, cache },
    ...{ tuning: host.tuning, profiler: null },
  });
  const reference = new RecurrentReference(config, tensors, cache);
  const core = Object.assign(reference, { dim: config.dim, sigma: config.latentStd });
  const plain = new FakeDepthSession({ facts: device.model, core, seed: SEED });
  return { device, plain };
}

describe.each(["latest", "nearest", "per-recurrence", "first-recurrence"] as const)("cache %s", (cache) => {
  it.each([
    ["none", null],
    ["latent-diff", 0.25],
    ["cosine", 0.03],
    ["kl", 0.02],
    ["minp-kl", 0.02],
    ["entropy-diff", 0.02],
    ["argmax-stability", 3],
  ] as [CriterionId, number | null][])("a text with the criterion %s", async (criterion, threshold) => {
    const sessions = await pair(cache);
    const policy = policyOf({ criterion, threshold, minRecurrence: 2 });
    const shared = { cache, readsEach: criteria[criterion].readsOut };
    const start = await both(sessions, passOf(rowsOf(PROMPT, 0), policy, shared));
    let token = start.rows.at(-1)!.draw!.token;
    const depths = new Set(start.rows.map((row) => row.depth));
    for (let step = 1; step <= 4; step++) {
      const at = PROMPT.length + step - 1;
      const { rows } = await both(sessions, passOf(rowsOf([token], at), policy, { ...shared, step }));
      token = rows[0]!.draw!.token;
      depths.add(rows[0]!.depth);
    }
    // The thresholds were chosen so that rows differ: else admission would not be tested.
    if (criterion !== "none") expect(depths.size).toBeGreaterThan(1);
    const { counts } = sessions.device;
    expect([counts.submits, counts.readbacks]).toEqual([5, 5]);
    sessions.device.dispose();
  });
});

it("goes on with latents, mixes noise and old embeddings in, and says how far they moved", async () => {
  const sessions = await pair("latest");
  const policy = policyOf({ maxRecurrence: 2 });
  await both(sessions, passOf(rowsOf(PROMPT.slice(0, 3), 0), policyOf({}), { reads: false }));
  const wave = { compares: true, step: 1 };
  const first = await both(sessions, passOf(rowsOf([7, 9], 3), policy, wave));
  expect(first.rows.map((row) => row.change)).toEqual([null, null]);
  const again = [
    ...rowsOf([7, 11], 3, { origin: "kept", noise: 0.3, keep: 0.6, momentum: 0.1, fresh: 0.9 }),
    ...rowsOf([12], 5, { origin: "previous" }),
    ...rowsOf([13], 6, { origin: "zero" }),
    ...rowsOf([14], 7, { origin: "embedding" }),
  ];
  const second = await both(sessions, passOf(again, policy, { compares: true, step: 2 }));
  expect(second.rows.map((row) => row.change === null)).toEqual([false, false, true, true, true]);
  sessions.device.dispose();
});

it("says how much the steps of a latent differ, from the third pass on", async () => {
  const sessions = await pair("latest");
  const policy = policyOf({ maxRecurrence: 1 });
  await both(sessions, passOf(rowsOf(PROMPT.slice(0, 3), 0), policyOf({}), { reads: false }));
  const told: string[] = [];
  for (let step = 1; step <= 4; step++) {
    const wave = [
      ...rowsOf([7, 9], 3, { origin: step > 1 ? "kept" : "random" }),
      ...(step >= 2 ? rowsOf([11], 5, { origin: step > 2 ? "kept" : "random" }) : []),
    ];
    const { rows } = await both(sessions, passOf(wave, policy, { compares: true, accelerates: true, step }));
    told.push(rows.map((row) => (row.acceleration === null ? "-" : "a")).join(""));
  }
  expect(told).toEqual(["--", "---", "aa-", "aaa"]);
  sessions.device.dispose();
});

it("samples by the user's settings, repetitions included", async () => {
  for (const sampler of [
    { ...GREEDY_SAMPLER, temperature: 0.8, topK: 5 },
    { ...GREEDY_SAMPLER, temperature: 1.3, topP: 0.7, repetitionPenalty: 1.4 },
    { ...GREEDY_SAMPLER, repetitionPenalty: 2 },
  ]) {
    const sessions = await pair("latest");
    await both(sessions, passOf(rowsOf(PROMPT, 0), policyOf({ maxRecurrence: 3 }), { sampler }));
    sessions.device.dispose();
  }
});

it("frees what it took", async () => {
  const before = host.memory.report().liveBytes;
  const { device } = await pair("nearest");
  await device.run(passOf(rowsOf(PROMPT, 0), policyOf({}), { cache: "nearest" }));
  expect(host.memory.report().liveBytes).toBeGreaterThan(before);
  device.dispose();
  await new Promise(setImmediate);
  expect(host.memory.report().liveBytes).toBe(before);
});
