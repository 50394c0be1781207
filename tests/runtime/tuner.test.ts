/** The choice of kernel variants by measurement, on the real device with a scripted clock. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DecoscopeError } from "../../src/base/errors";
import type { Engine } from "../../src/engine/dispatch_list";
import type { Kernel, Variant } from "../../src/engine/kernel";
import { Fused } from "../../src/kernels/matvec_draw";
import { readTuned, tune, type TuneOptions, tuningCandidates, tuningKey } from "../../src/runtime/tuner";
import type { EngineHost, HostedModel, Remembered } from "../../src/worker/host";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { openHost } from "./helpers";

let host: EngineHost;
let model: HostedModel;
beforeAll(async () => {
  host = await openHost();
  model = await host.load("tiny", memorySource(tinyModel()));
});
afterAll(() => host.destroy());

/** The host's engine, and word of every pipeline that is asked for. */
const watched = (onGet: (kernel: Kernel, variant: Variant) => void): Engine => ({
  ...host.engine,
  pipelines: Object.create(host.engine.pipelines, {
    get: {
      value: (kernel: Kernel, variant: Variant) => {
        onGet(kernel, variant);
        return host.engine.pipelines.get(kernel, variant);
      },
    },
  }) as Engine["pipelines"],
});

it("keeps the candidate whose passes were fastest, and leaves nothing behind", async () => {
  const before = host.memory.report().liveBytes;
  // Passes take 10 ms by this clock, except those recorded with two quads: the clock asks which was compiled last.
  let quads = 0;
  let at = 0;
  const engine = watched((kernel, variant) => {
    const tile = /r(\d+)/.exec(variant.uses?.["tile"] ?? "");
    if (tile && kernel.name === "matvec_residual") quads = Number(tile[1]);
  });
  const now = (): number => (at += quads === 2 ? 1 : 10);
  const candidates = { "matvec1.quads": [1, 2, 4] };
  const { tuning, measured } = await tune(engine, host.tuning, model.gpu, { budgetMs: 1e9, candidates, now });
  expect(measured).toHaveLength(1);
  expect(measured[0]!.times.map((t) => t.value)).toEqual([1, 2, 4]);
  expect(tuning.choices["matvec1.quads"]).toBe(2);
  expect(host.memory.report().liveBytes).toBe(before);
});

describe("how a law is drawn from", () => {
  /** Rounds take as long as `timeOf` says of the heads of the program that lists candidates and of the one that does not. */
  const chosenBy = async (
    timeOf: (listing: string, plain: string, turns: number) => number,
    candidates: NonNullable<TuneOptions["candidates"]>,
  ) => {
    const { gpu } = await host.load("wide", memorySource(tinyModel({ vocabSize: 1030 }), { id: "wide" }));
    const before = host.memory.report().liveBytes;
    const heads = ["", ""];
    let turns = 0;
    const engine = watched(({ name }, { consts }) => {
      if (name !== "matvec_head" && name !== "matvec_draw") return;
      heads.push(name);
      turns = consts!["TURNS"]!;
    });
    let at = 0;
    const now = (): number => (at += timeOf(heads.at(-2)!, heads.at(-1)!, turns));
    const found = await tune(engine, host.tuning, gpu, { budgetMs: 1e9, candidates, now });
    expect(host.memory.report().liveBytes).toBe(before);
    expect(found.measured.flatMap(({ wrong }) => wrong)).toEqual([]);
    return found;
  };
  const ways = { "head.fused": Object.values(Fused) };

  it.each([
    ["never in the head's pass", Fused.NEVER, "matvec_head", "matvec_head"],
    ["with the list", Fused.WITH_LIST, "matvec_draw", "matvec_draw"],
  ])("is by rounds with and without a list: %s", async (_, value, listing, plain) => {
    const { tuning, measured } = await chosenBy((a, b) => (a === listing && b === plain ? 1 : 10), ways);
    expect(measured[0]!.times.map((t) => t.value)).toEqual([0, 1, 2]);
    expect(tuning.choices).toEqual({ ...host.tuning.choices, "head.fused": value });
  });

  it("stays as it was where nothing is faster", async () => {
    // What a software adapter does unless told otherwise is among the candidates.
    const { tuning, measured } = await chosenBy((a, b) => (a !== b ? 1 : 10), ways);
    expect(measured).toMatchObject([
      { chosen: null, times: [{ timeMs: 5 }, { timeMs: 5 }, { timeMs: 0.5 }] },
    ]);
    expect(tuning.choices).toEqual(host.tuning.choices);
  });

  it("is by as many workgroups as are fastest", async () => {
    const seen = new Set<number>();
    const { tuning } = await chosenBy(
      (_, __, turns) => {
        seen.add(turns);
        return turns > 30 && turns < 100 ? 1 : 10;
      },
      { "head.groups": [1, 4, 16] },
    );
    // 129 tiles of two quads.
    expect([...seen]).toEqual(expect.arrayContaining([129, 33, 9]));
    expect(tuning.choices["head.groups"]).toBe(4);
  });

  it("is measured last, and also where products took all the time there is", async () => {
    expect(Object.keys(tuningCandidates()).slice(-2)).toEqual(["head.fused", "head.groups"]);
    let at = 0;
    const options = { budgetMs: 1000, now: () => (at += 90) };
    const { measured } = await tune(host.engine, host.tuning, model.gpu, options);
    const choices = measured.map(({ choice }) => choice);
    expect(choices).toContain("head.fused");
    expect(choices).not.toContain("matmul.lanes");
  });

  const both = { ...ways, "head.groups": [1] };

  it("has half the time of products, for all its choices together", async () => {
    // The ways alone take longer than that.
    const run = async (budgetMs: number): Promise<string[]> => {
      let at = 0;
      const candidates = { ...both, "head.fused": [Fused.WITH_LIST] };
      const options = { budgetMs, candidates, now: () => (at += 100) };
      const { measured, left } = await tune(host.engine, host.tuning, model.gpu, options);
      // Another model has no more time.
      expect(left).toEqual([]);
      return measured.map(({ choice }) => choice);
    };
    expect(await run(1000)).toEqual(["head.fused"]);
    expect(await run(1e9)).toEqual(["head.fused", "head.groups"]);
  });

  it("is by no number of workgroups where the head never draws", async () => {
    const { measured } = await chosenBy((a, b) => (a === b && a === "matvec_head" ? 1 : 10), both);
    expect(measured.map(({ choice, chosen }) => [choice, chosen])).toEqual([["head.fused", Fused.NEVER]]);
  });

  it("is left to another model by one that cannot play rounds", async () => {
    const masked = tinyModel({ config: { attention: "bidirectional" } });
    const { gpu: filling } = await host.load("filling", memorySource(masked, { id: "filling" }));
    const short = Object.create(model.gpu, { maxContext: { value: 12 } }) as typeof model.gpu;
    const candidates = { "matvec1.quads": [1], ...both };
    for (const gpu of [filling, short]) {
      const found = await tune(host.engine, host.tuning, gpu, { budgetMs: 1e9, candidates });
      expect(found.measured.map(({ choice }) => choice)).toEqual(["matvec1.quads"]);
      expect(found.left).toEqual(["head.fused", "head.groups"]);
    }
  });

  /** The ways measured where drawing kernels meet `mishap`. */
  const withMishap = (mishap: () => never) => {
    const engine = watched(({ name }) => {
      if (name === "matvec_draw") mishap();
    });
    const options = { budgetMs: 1e9, candidates: { "head.fused": [Fused.NEVER, Fused.WITH_LIST] } };
    // What is measured against does without that kernel.
    const base = { ...host.tuning, choices: { "head.fused": Fused.NEVER } };
    return tune(engine, base, model.gpu, options);
  };

  it.each(["shader", "limit"] as const)("is no way that this device cannot go: %s", async (code) => {
    const { measured } = await withMishap(() => {
      throw new DecoscopeError(code, "not here");
    });
    expect(measured[0]!.times.map((t) => t.value)).toEqual([Fused.NEVER]);
  });

  it("is not found where something else goes wrong", async () => {
    const before = host.memory.report().liveBytes;
    const mistaken = withMishap(() => {
      throw new Error("our own mistake");
    });
    await expect(mistaken).rejects.toThrow("our own mistake");
    expect(host.memory.report().liveBytes).toBe(before);
  });
});

describe("a device that is lost meanwhile", () => {
  const [quads, fused] = [{ "matvec1.quads": [1, 2] }, { "head.fused": [1] }];
  it.each([
    ["passes that take no time", "matvec_residual", quads, false],
    ["passes of kernels that are said not to compile", "matvec_residual", quads, true],
    ["rounds", "matvec_draw", fused, false],
    ["rounds of kernels that are said not to compile", "matvec_draw", fused, true],
  ])("is not one that cannot be used: %s", async (_, kernel, candidates, isSaid) => {
    const own = await openHost();
    const { gpu } = await own.load("tiny", memorySource(tinyModel()));
    const { pipelines } = own.engine;
    const get = pipelines.get.bind(pipelines);
    pipelines.get = (asked, variant) => {
      if (asked.name !== kernel) return get(asked, variant);
      own.gpu.device.destroy();
      return isSaid
        ? Promise.reject(new DecoscopeError("shader", "could not be built"))
        : get(asked, variant);
    };
    const options = { budgetMs: 1e9, candidates };
    await expect(tune(own.engine, own.tuning, gpu, options)).rejects.toMatchObject({ code: "device_lost" });
    own.destroy();
  });
});

it("starts nothing once its time is up", async () => {
  const { tuning, measured } = await tune(host.engine, host.tuning, model.gpu, { budgetMs: 0 });
  expect(measured).toEqual([]);
  expect(tuning).toEqual(host.tuning);
});

describe("what a new device prefers", () => {
  /** A device that is measured, and what is remembered between visits. */
  const newHost = async (): Promise<EngineHost> => {
    const own = await openHost();
    Object.defineProperty(own.gpu, "isSoftware", { value: false });
    return own;
  };
  const storage = () => {
    const stored = new Map<string, unknown>();
    const remembered: Remembered = {
      get: (key) => Promise.resolve(stored.get(key)),
      set: (key, value) => Promise.resolve(void stored.set(key, value)),
    };
    return { stored, remembered };
  };
  const load = (own: EngineHost, id: string, config = {}): Promise<HostedModel> =>
    own.load(id, memorySource(tinyModel({ config }), { id }));

  it("is measured once, and remembered", async () => {
    const { stored, remembered } = storage();
    const own = await newHost();
    const hosted = await load(own, "tiny");
    let asked = 0;
    const counted = { ...remembered, get: (key: string) => (asked++, remembered.get(key)) };
    // Two models that arrive together are one measurement.
    await Promise.all([own.tuneFor(hosted, counted), own.tuneFor(hosted, counted)]);
    expect(asked).toBe(1);
    const key = tuningKey(own.engine);
    expect([...stored]).toEqual([[key, { choices: own.tuning.choices, left: [] }]]);
    own.destroy();

    const later = await newHost();
    stored.set(key, { choices: { "matvec1.quads": 1 }, left: [] });
    await later.tuneFor(await load(later, "tiny"), remembered);
    expect(later.tuning.choices).toEqual({ "matvec1.quads": 1 });
    later.destroy();
  });

  it("is found by the models that can be measured, on whichever visit they come", async () => {
    const { stored, remembered } = storage();
    const own = await newHost();
    const key = tuningKey(own.engine);
    const left = ["head.fused", "head.groups"];
    const filling = await load(own, "filling", { attention: "bidirectional" });
    await own.tuneFor(filling, remembered);
    expect(stored.get(key)).toEqual({ choices: own.tuning.choices, left });
    own.destroy();

    const later = await newHost();
    // Nothing of what was found before is measured again, and a value of no candidate shows it.
    const kept = { "matvec1.quads": 8 };
    stored.set(key, { choices: kept, left });
    await later.tuneFor(await load(later, "filling", { attention: "bidirectional" }), remembered);
    expect(stored.get(key)).toEqual({ choices: kept, left });
    let played = 0;
    const { pipelines } = later.engine;
    const get = pipelines.get.bind(pipelines);
    pipelines.get = (kernel, variant) => {
      if (kernel.name === "matvec_draw") played++;
      return get(kernel, variant);
    };
    await later.tuneFor(await load(later, "tiny"), remembered);
    expect(played).toBeGreaterThan(0);
    expect(stored.get(key)).toEqual({ choices: later.tuning.choices, left: [] });
    expect(later.tuning.choices).toMatchObject(kept);
    later.destroy();
  });

  it("is not remembered of one that was lost, which is said, and tried again", async () => {
    const { stored, remembered } = storage();
    const own = await newHost();
    const hosted = await load(own, "tiny");
    own.gpu.device.destroy();
    for (let visit = 0; visit < 2; visit++)
      await expect(own.tuneFor(hosted, remembered)).rejects.toMatchObject({ code: "device_lost" });
    expect([...stored]).toEqual([]);
    own.destroy();
  });

  it("is forgotten where it is no record of such", () => {
    const good = { choices: { a: 1 }, left: ["b"] };
    expect(readTuned(good)).toEqual(good);
    for (const choices of [null, "x", { a: "1" }, { a: NaN }])
      expect(readTuned({ ...good, choices })).toBeNull();
    for (const bad of [null, "x", { a: 1 }, { ...good, left: "b" }]) expect(readTuned(bad)).toBeNull();
  });
});
