/** Mixtures of recursions on the device: every number of a pass beside the float64 session's, and text beside the forward without a cache. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CachePolicy, DepthPolicy } from "../../src/decoding/depth/policy";
import type { MixtureOfRecursionsConfig } from "../../src/models/architectures/mixture_of_recursions";
import { loadModel, type LoadedModel } from "../../src/models/load";
import { isDepthModel } from "../../src/runtime/depth_model";
import { GpuDepthSession } from "../../src/runtime/recurrent_session";
import type { EngineHost } from "../../src/worker/host";
import { both, passOf, policyOf, rowsOf } from "../helpers/depth_passes";
import { FakeDepthSession } from "../helpers/fake_depth";
import { memorySource } from "../helpers/tiny_model";
import { tinyMor } from "../helpers/tiny_mor";
import { argmax } from "../reference/llama";
import { forwardMor, type MorCache, MorReference } from "../reference/mor";
import { openHost } from "./helpers";

const R = 3;
const PROMPT = [5, 17, 3, 99, 42, 8, 61, 23, 150];
const source = memorySource(tinyMor({ temperature: 0.7 }), { id: "tiny mor" });
const choosing = memorySource(tinyMor({ temperature: 0.7, isChoosing: true, isTied: false }), {
  id: "tiny mor, tokens choose",
});
const gate = (threshold: number): DepthPolicy => policyOf(R, { criterion: "gate", threshold });
let host: EngineHost;
type Loaded = LoadedModel & { config: MixtureOfRecursionsConfig };
let loaded: Loaded;
let loadedChoosing: Loaded;
beforeAll(async () => {
  host = await openHost();
  await host.load(source.id, source);
  await host.load(choosing.id, choosing);
  loaded = (await loadModel(source)) as Loaded;
  loadedChoosing = (await loadModel(choosing)) as Loaded;
});
afterAll(() => host.destroy());

async function pair(cache: CachePolicy & MorCache, id = source.id) {
  const { gpu } = await host.model(id);
  if (!isDepthModel(gpu)) throw new Error("no recurrent depth");
  const device = await GpuDepthSession.open(host.engine, {
    ...{ model: gpu, seed: 3, length: 40, maxRecurrence: R, cache },
    ...{ tuning: host.tuning, profiler: null },
  });
  const { config, tensors } = id === source.id ? loaded : loadedChoosing;
  const core = Object.assign(new MorReference(config, tensors, cache), { dim: config.dim, sigma: 0 });
  return { device, plain: new FakeDepthSession({ facts: device.model, core, seed: 3 }) };
}
const origin = { origin: "embedding" } as const;

describe.each(["per-recurrence", "first-recurrence"] as const)("cache %s", (cache) => {
  it.each<[string, DepthPolicy]>([
    ["the threshold of training", gate(0.5)],
    ["threshold 0", gate(0)],
    ["a threshold above 1", gate(1.01)],
    ["depth 2", policyOf(2, {})],
  ])("a text with %s", async (_, policy) => {
    const sessions = await pair(cache);
    const start = await both(sessions, passOf(rowsOf(PROMPT, 0, origin), policy, { cache }));
    let token = start.rows.at(-1)!.draw!.token;
    const depths = start.rows.map((row) => row.depth);
    for (let step = 1; step <= 6; step++) {
      const pass = passOf(rowsOf([token], PROMPT.length + step - 1, origin), policy, { cache, step });
      const { rows } = await both(sessions, pass);
      token = rows[0]!.draw!.token;
      depths.push(rows[0]!.depth);
    }
    if (policy.threshold === 0.5) expect(new Set(depths).size).toBe(3);
    const { counts } = sessions.device;
    expect([counts.submits, counts.readbacks]).toEqual([7, 7]);
    sessions.device.dispose();
  });

  it("goes back to a position and on from there as if nothing had followed it", async () => {
    const sessions = await pair(cache);
    await both(sessions, passOf(rowsOf(PROMPT, 0, origin), gate(0.5), { cache }));
    await both(sessions, passOf(rowsOf([7, 200, 31, 2], 4, origin), gate(0.5), { cache, step: 1 }));
    sessions.device.dispose();
  });

  it("lets in the best rows of a whole text", async () => {
    const sessions = await pair(cache);
    const policy = policyOf(R, { criterion: "gate-top", capacities: [3, 2, 1] });
    const { rows } = await both(sessions, passOf(rowsOf(PROMPT, 0, origin), policy, { cache }));
    expect([1, 2, 3].map((r) => rows.filter((row) => row.depth >= r).length)).toEqual([9, 6, 3]);
    sessions.device.dispose();
  });

  it("writes what the float64 forward writes without a cache", async () => {
    const { config, tensors } = loaded;
    const { device } = await pair(cache);
    const text = [...PROMPT];
    let fed: number[] = [...PROMPT];
    for (let step = 0; step < 8; step++) {
      const routing = { kind: "threshold", threshold: 0.5 } as const;
      const whole = forwardMor(config, tensors, text, routing, cache);
      const rows = rowsOf(fed, text.length - fed.length, origin);
      const result = await device.run(passOf(rows, gate(0.5), { cache, step }));
      const last = result.rows.at(-1)!;
      expect(last.draw!.token).toBe(argmax(whole.logits.at(-1)!));
      expect(last.depth).toBe(whole.depths.at(-1));
      fed = [last.draw!.token];
      text.push(...fed);
    }
    device.dispose();
  });
});

describe.each(["per-recurrence", "first-recurrence"] as const)("tokens choose, cache %s", (cache) => {
  const choice = policyOf(R, { criterion: "choice" });

  it.each<[string, DepthPolicy]>([
    ["its own choice", choice],
    ["its own choice, at most 2", { ...choice, maxRecurrence: 2 }],
    ["depth 1", policyOf(1, {})],
    ["depth 2", policyOf(2, {})],
    ["depth 3", policyOf(3, {})],
  ])("a text with %s, one submit and one readback a pass", async (_, policy) => {
    const sessions = await pair(cache, choosing.id);
    const start = await both(sessions, passOf(rowsOf(PROMPT, 0, origin), policy, { cache }));
    let token = start.rows.at(-1)!.draw!.token;
    const depths = start.rows.map((row) => row.depth);
    for (let step = 1; step <= 6; step++) {
      const pass = passOf(rowsOf([token], PROMPT.length + step - 1, origin), policy, { cache, step });
      const { rows } = await both(sessions, pass);
      token = rows[0]!.draw!.token;
      depths.push(rows[0]!.depth);
    }
    if (policy === choice) expect(new Set(depths).size).toBe(3);
    const { counts } = sessions.device;
    expect([counts.submits, counts.readbacks]).toEqual([7, 7]);
    sessions.device.dispose();
  });

  it("goes back to a position and on from there as if nothing had followed it", async () => {
    const sessions = await pair(cache, choosing.id);
    await both(sessions, passOf(rowsOf(PROMPT, 0, origin), choice, { cache }));
    await both(sessions, passOf(rowsOf([7, 200, 31, 2], 4, origin), choice, { cache, step: 1 }));
    sessions.device.dispose();
  });

  it("writes what the float64 forward writes without a cache", async () => {
    const { config, tensors } = loadedChoosing;
    const { device } = await pair(cache, choosing.id);
    const text = [...PROMPT];
    let fed: number[] = [...PROMPT];
    for (let step = 0; step < 8; step++) {
      const whole = forwardMor(config, tensors, text, { kind: "choice" }, cache);
      const rows = rowsOf(fed, text.length - fed.length, origin);
      const last = (await device.run(passOf(rows, choice, { cache, step }))).rows.at(-1)!;
      expect(last.draw!.token).toBe(argmax(whole.logits.at(-1)!));
      expect(last.depth).toBe(whole.depths.at(-1));
      fed = [last.draw!.token];
      text.push(...fed);
    }
    device.dispose();
  });
});
