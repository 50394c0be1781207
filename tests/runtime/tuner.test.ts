/** The choice of kernel variants by measurement, on the real device with a scripted clock. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { readChoices, tune, tuningKey } from "../../src/runtime/tuner";
import type { EngineHost, HostedModel } from "../../src/worker/host";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { openHost } from "./helpers";

let host: EngineHost;
let model: HostedModel;
beforeAll(async () => {
  host = await openHost();
  model = await host.load("tiny", memorySource(tinyModel()));
});
afterAll(() => host.destroy());

it("keeps the candidate whose passes were fastest, and leaves nothing behind", async () => {
  const before = host.memory.report().liveBytes;
  // Passes take 10 ms by this clock, except those recorded with two quads: the clock asks which was compiled last.
  let quads = 0;
  let at = 0;
  const engine = {
    ...host.engine,
    pipelines: Object.create(host.engine.pipelines, {
      get: {
        value: (
          kernel: Parameters<typeof host.engine.pipelines.get>[0],
          variant: Parameters<typeof host.engine.pipelines.get>[1],
        ) => {
          const tile = /r(\d+)/.exec(variant.uses?.["tile"] ?? "");
          if (tile && kernel.name === "matvec_residual") quads = Number(tile[1]);
          return host.engine.pipelines.get(kernel, variant);
        },
      },
    }) as typeof host.engine.pipelines,
  };
  const now = (): number => (at += quads === 2 ? 1 : 10);
  const candidates = { "matvec1.quads": [1, 2, 4] };
  const { tuning, measured } = await tune(engine, host.tuning, model.gpu, { budgetMs: 1e9, candidates, now });
  expect(measured).toHaveLength(1);
  expect(measured[0]!.times.map((t) => t.value)).toEqual([1, 2, 4]);
  expect(tuning.choices["matvec1.quads"]).toBe(2);
  expect(host.memory.report().liveBytes).toBe(before);
});

it("starts nothing once its time is up", async () => {
  const { tuning, measured } = await tune(host.engine, host.tuning, model.gpu, { budgetMs: 0 });
  expect(measured).toEqual([]);
  expect(tuning).toEqual(host.tuning);
});

it("measures once on a new device, and remembers", async () => {
  const own = await openHost();
  const hosted = await own.load("tiny", memorySource(tinyModel()));
  Object.defineProperty(own.gpu, "isSoftware", { value: false });
  const stored = new Map<string, unknown>();
  const remembered = {
    get: (key: string) => Promise.resolve(stored.get(key)),
    set: (key: string, value: unknown) => Promise.resolve(void stored.set(key, value)),
  };
  // Two models that arrive together are one measurement.
  await Promise.all([own.tuneFor(hosted, remembered), own.tuneFor(hosted, remembered)]);
  expect([...stored.keys()]).toEqual([tuningKey(own.engine)]);
  expect(stored.get(tuningKey(own.engine))).toEqual(own.tuning.choices);

  const later = await openHost();
  Object.defineProperty(later.gpu, "isSoftware", { value: false });
  const again = await later.load("tiny", memorySource(tinyModel()));
  stored.set(tuningKey(later.engine), { "matvec1.quads": 1 });
  await later.tuneFor(again, remembered);
  expect(later.tuning.choices).toEqual({ "matvec1.quads": 1 });
  later.destroy();
  own.destroy();
});

it("forgets what is no record of numbers", () => {
  expect(readChoices({ a: 1 })).toEqual({ a: 1 });
  for (const bad of [null, "x", { a: "1" }, { a: NaN }]) expect(readChoices(bad)).toBeNull();
});
