/** The account of memory is what the device was asked for: at every event of a run, after a model is dropped, with another cache. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { MemoryLine, MemoryUse } from "../../src/engine/memory";
import type { CacheStorage } from "../../src/kernels/cache";
import { promptLogits } from "../../src/runtime/logits";
import { GpuDepthSession } from "../../src/runtime/recurrent_session";
import { isDepthModel } from "../../src/runtime/depth_model";
import type { EngineHost, HostOptions } from "../../src/worker/host";
import { watchLiveMemory, type LiveMemory } from "../helpers/live_memory";
import { TEXELS } from "../helpers/dense";
import { MODEL_KINDS } from "../helpers/model_kinds";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { tinyRecurrent } from "../helpers/tiny_recurrent";
import { bundled, openHost, runToEnd } from "./helpers";

const opened: { host: EngineHost; held: LiveMemory }[] = [];
afterEach(() => {
  for (const { host, held } of opened.splice(0)) {
    held.stop();
    host.destroy();
  }
});

async function open(options: HostOptions = {}): Promise<{ host: EngineHost; held: LiveMemory }> {
  const host = await openHost(options);
  const watched = { host, held: watchLiveMemory(host.gpu.device) };
  opened.push(watched);
  return watched;
}

const sum = (lines: readonly MemoryLine[], use?: MemoryUse, model?: string | null): number =>
  lines
    .filter((l) => (use === undefined || l.use === use) && (model === undefined || l.model === model))
    .reduce((total, { bytes }) => total + bytes, 0);

/** Fails unless the account is what the device holds. */
function agree({ host, held }: { host: EngineHost; held: LiveMemory }): void {
  const { live, liveBytes, peak, peakBytes } = host.memory.report();
  expect(liveBytes).toBe(held.bytes());
  expect(sum(live)).toBe(held.bytes());
  expect(host.memory.held()).toHaveLength(held.count());
  expect(sum(peak)).toBe(peakBytes);
}

describe.each([
  ["f32", "rsd-s"],
  ["int8", "autoregressive"],
] as const)("weights as %s, %s", (storage, method) => {
  it("agrees at every event of a run, and when one of two models is dropped", async () => {
    const watched = await open({ storage });
    const { host } = watched;
    agree(watched);
    expect(host.memory.report().live).toEqual([]);
    const load = (id: string, seed: number) => host.load(id, memorySource(tinyModel({ seed }), { id }));
    const target = await load("target", 1);
    const draft = await load("draft", 2);
    agree(watched);
    const idle = host.memory.report().live;
    expect(new Set(idle.map(({ use }) => use))).toEqual(new Set(["weights"]));
    expect(sum(idle, "weights", "target")).toBe(target.gpu.weightBytes);
    expect(sum(idle, "weights", "draft")).toBe(draft.gpu.weightBytes);
    // Gains of norms are kept as they are.
    expect(new Set(idle.map((l) => l.storage))).toEqual(new Set(["f32", storage]));

    const ids = method === "rsd-s" ? ["target", "draft"] : ["target"];
    const seen = new Set<MemoryUse>();
    let most = 0;
    await runToEnd(
      host,
      {
        ...{ model: "target", draft: method === "rsd-s" ? "draft" : null, method },
        ...{ promptIds: [5, 9, 11], maxNewTokens: 8 },
      },
      undefined,
      () => {
        agree(watched);
        const { live } = host.memory.report();
        for (const { use } of live) seen.add(use);
        if (sum(live, "cache") > 0)
          for (const id of ids) expect(sum(live, "cache", id), id).toBeGreaterThan(0);
        most = Math.max(most, sum(live, "cache"));
      },
    );
    expect(seen).toEqual(new Set(["weights", "cache", "scratch", "params", "staging"]));
    agree(watched);
    const report = host.memory.report();
    expect(report.live).toEqual(idle);
    // What was held when it was most stays in the account after the run.
    expect(sum(report.peak, "cache")).toBe(most);

    await host.unload("draft");
    agree(watched);
    expect(sum(host.memory.report().live, undefined, "draft")).toBe(0);
    expect(sum(host.memory.report().live, "weights", "target")).toBe(target.gpu.weightBytes);
    await host.unload("target");
    agree(watched);
    expect(watched.held.bytes()).toBe(0);
  });
});

it("agrees where matrices lie in textures", async () => {
  const watched = await open();
  const { host } = watched;
  host.tuning = { ...host.tuning, choices: { ...host.tuning.choices, ...TEXELS } };
  const texture = vi.spyOn(host.gpu.device, "createTexture");
  const { gpu } = await host.load("story-draft", bundled("story-draft"));
  expect(texture).toHaveBeenCalled();
  agree(watched);
  expect(sum(host.memory.report().live, "weights")).toBe(gpu.weightBytes);
});

describe.each(Object.entries(MODEL_KINDS))("%s", (id, files) => {
  it("a forward pass is accounted for, and a model that is loaded again with another cache holds that one", async () => {
    const watched = await open();
    const { host } = watched;
    const tokens = Array.from({ length: 9 }, (_, i) => (i * 7919 + 13) % 60);
    const bytes: Partial<Record<CacheStorage, number>> = {};
    for (const cacheStorage of ["f32", "int8"] as const) {
      const { gpu } = await host.load(id, memorySource(files(), { id }), undefined, undefined, {
        cacheStorage,
      });
      agree(watched);
      const state = gpu.createState("text", 64, 8);
      agree(watched);
      const caches = host.memory.report().live.filter(({ use }) => use === "cache");
      expect(caches.map(({ model }) => model)).toEqual([id]);
      if (!gpu.keepsState) expect(caches.map(({ storage }) => storage)).toEqual([cacheStorage]);
      bytes[cacheStorage] = sum(caches);
      state.dispose();
      await promptLogits(host.engine, host.tuning, gpu, tokens);
      agree(watched);
      await host.unload(id);
      agree(watched);
      expect(watched.held.bytes()).toBe(0);
    }
    // States are no keys and values: another choice for these leaves them as they are.
    if (id === "state-space") expect(bytes.int8).toBe(bytes.f32);
    else expect(bytes.int8).toBeLessThan(bytes.f32!);
  });
});

it("a session of recurrent depth counts its banks as cache and all of them for its model", async () => {
  const watched = await open();
  const { host } = watched;
  const { gpu } = await host.load("deep", memorySource(tinyRecurrent(), { id: "deep" }));
  if (!isDepthModel(gpu)) throw new Error("expected a model of recurrent depth");
  const session = await GpuDepthSession.open(host.engine, {
    ...{ model: gpu, seed: 1, length: 16, maxRecurrence: 3, cache: "per-recurrence" },
    ...{ tuning: host.tuning, profiler: null },
  });
  agree(watched);
  const { live } = host.memory.report();
  expect(sum(live, "cache", "deep")).toBeGreaterThan(0);
  expect(sum(live, undefined, null)).toBe(0);
  session.dispose();
  agree(watched);
});
