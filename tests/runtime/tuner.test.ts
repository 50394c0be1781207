/** The choice of kernel variants by measurement, on the real device with a scripted clock. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import type { Kernel, Variant } from "../../src/engine/kernel";
import { Fused } from "../../src/kernels/matvec_draw";
import { readChoices, tune, type TuneOptions, tuningCandidates, tuningKey } from "../../src/runtime/tuner";
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
