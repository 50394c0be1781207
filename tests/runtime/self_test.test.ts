/** Kernels that calculate wrongly on a device are noticed and not used: here they are broken on purpose. */
import { describe, expect, it } from "vitest";
import type { Kernel, Variant } from "../../src/engine/kernel";
import type { Pipelines } from "../../src/engine/pipelines";
import { Fused } from "../../src/kernels/matvec_draw";
import { selfTest } from "../../src/runtime/self_test";
import { tune } from "../../src/runtime/tuner";
import type { EngineHost } from "../../src/worker/host";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { openHost } from "./helpers";

/** The host, on which results are wrong wherever `isBroken` says so: of dense products, unless another `mistake` is given. */
async function brokenHost(
  isBroken: (kernel: Kernel, variant: Variant) => boolean,
  mistake: readonly [right: string, wrong: string] = ["var sum = product;", "var sum = 1.01 * product;"],
): Promise<EngineHost> {
  const host = await openHost();
  const pipelines = host.engine.pipelines as Pipelines & { built?: number };
  const get = pipelines.get.bind(pipelines);
  pipelines.get = (kernel, variant) => {
    pipelines.built = (pipelines.built ?? 0) + 1;
    if (!isBroken(kernel, variant)) return get(kernel, variant);
    const source = kernel.source.replace(...mistake);
    expect(source).not.toBe(kernel.source);
    return get({ ...kernel, source }, variant);
  };
  return host;
}

const isProduct = (kernel: Kernel): boolean => /^matvec_(norm|residual)$/.test(kernel.name);
const bySubgroups = (kernel: Kernel, { uses }: Variant): boolean =>
  isProduct(kernel) && uses?.["lanes"] === "subgroup";

describe("the self-test", () => {
  it("leaves a device alone that calculates rightly, and leaves nothing behind", async () => {
    const host = await openHost();
    expect(await selfTest(host.engine, host.tuning)).toEqual({ tuning: host.tuning, avoided: [] });
    expect(host.memory.leaks()).toEqual([]);
    host.destroy();
  });

  it("does without subgroups where their sums are wrong, says so, and remembers", async () => {
    const stored = new Map<string, unknown>();
    const remembered = {
      get: (key: string) => Promise.resolve(stored.get(key)),
      set: (key: string, value: unknown) => Promise.resolve(void stored.set(key, value)),
    };
    const host = await brokenHost(bySubgroups);
    expect(host.tuning.reduce).toBe("subgroup");
    await host.selfTest(remembered);
    expect(host.tuning.reduce).toBe("workgroup");
    expect(host.tuning.f16).toBe(host.gpu.features.f16);
    expect(host.info().avoided).toEqual([
      expect.stringMatching(
        /calculates wrongly with subgroup operations \(a product with 1 row, .*expected .*, found/,
      ),
    ]);
    host.destroy();

    const later = await brokenHost(bySubgroups);
    await later.selfTest(remembered);
    expect([later.tuning.reduce, later.info().avoided.length]).toEqual(["workgroup", 1]);
    expect((later.engine.pipelines as { built?: number }).built).toBeUndefined();
    expect(stored.size).toBe(1);
    later.destroy();
  });

  it.each([
    [
      "draw_commit",
      "commit_drawn(min(first,",
      "commit_drawn(min(first + 1u,",
      /a draw at temperature 0: expected/,
    ],
    [
      "draw_commit",
      "is_left_out = best.index == NONE ||",
      "is_left_out = i == 1u ||",
      /a draw at temperature 1/,
    ],
    ["draw_commit", "log(max(sums.x,", "log(max(1.01 * sums.x,", /a draw at temperature [01]: expected/],
    ["matvec_draw", "sum * scale,", "1.01 * sum * scale,", /a draw at temperature 0: expected/],
    ["matvec_stats", "(index != vec4<u32>(draws[i]))", "(index < vec4<u32>(NONE))", /statistics of 20 rows/],
    ["matvec_stats", "e.x + e.y + e.z + e.w,", "e.x + e.y + e.z,", /statistics of 20 rows/],
    ["matvec_stats", "row < params.row_count)", "row < params.row_count - 1u)", /statistics of 20 rows/],
    ["merge_stats", "if (i == 1u)", "if (i == 2u)", /statistics of 20 rows/],
    ["merge_stats", "next, sums.xy,", "next, vec2<f32>(sums.x, -sums.y),", /statistics of 20 rows/],
    ["merge_stats", "write_stats(row, best,", "write_stats(row, next,", /statistics of 20 rows/],
  ])("refuses one that draws or sums wrongly in %s: %s", async (name, right, wrong, detail) => {
    const host = await brokenHost((kernel) => kernel.name === name, [right, wrong]);
    await expect(selfTest(host.engine, host.tuning)).rejects.toMatchObject({
      code: "unsupported",
      detail: expect.stringMatching(detail) as string,
    });
    expect(host.memory.leaks()).toEqual([]);
    host.destroy();
  });

  it("refuses a device on which nothing is right", async () => {
    const host = await brokenHost(isProduct);
    await expect(selfTest(host.engine, host.tuning)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/calculates wrongly.*Recorded runs can be watched/) as string,
      detail: expect.stringMatching(/a product with 1 row/) as string,
    });
    expect(host.memory.leaks()).toEqual([]);
    host.destroy();
  });
});

it("the tuner keeps no variant whose logits differ, however fast", async () => {
  let quads = 0;
  const host = await brokenHost((kernel, { uses }) => {
    const tile = /r(\d+)/.exec(uses?.["tile"] ?? "");
    if (tile && kernel.name === "matvec_residual") quads = Number(tile[1]);
    return kernel.name === "matvec_residual" && quads === 2;
  });
  const model = await host.load("tiny", memorySource(tinyModel()));
  let at = 0;
  // Passes with two quads take no time by this clock, those with one little.
  const now = (): number => (at += quads === 2 ? 1 : quads === 1 ? 5 : 10);
  const candidates = { "matvec1.quads": [1, 2] };
  const options = { budgetMs: 1e9, candidates, now };
  const { tuning, measured } = await tune(host.engine, host.tuning, model.gpu, options);
  expect(measured[0]).toMatchObject({ wrong: [2], chosen: 1 });
  expect(tuning.choices["matvec1.quads"]).toBe(1);
  host.destroy();
});

it.each([
  ["whose logarithms are others", "matvec_draw", "let z = select(", "let z = 1.1 * select("],
  // What the law gave them is right, and the text goes on as it should.
  [
    "that lists other tokens",
    "draw_commit",
    "found[i] = select(best.index,",
    "found[i] = select(best.index + 1u,",
  ],
])("the tuner keeps no way to draw %s, however fast", async (_, broken, right, wrong) => {
  let isListing = false;
  const host = await brokenHost(
    ({ name }, { consts }) => {
      if (name === "matvec_head") isListing = false;
      // The draw that lists ten has room for sixteen.
      if (name === "matvec_draw") isListing = consts!["TOP"] === 16 || isListing;
      return name === broken && consts!["TOP"] === 16;
    },
    [right, wrong],
  );
  const model = await host.load("tiny", memorySource(tinyModel()));
  let at = 0;
  const now = (): number => (at += isListing ? 1 : 10);
  const candidates = { "head.fused": Object.values(Fused) };
  const { tuning, measured } = await tune(host.engine, host.tuning, model.gpu, {
    ...{ budgetMs: 1e9, candidates, now },
  });
  expect(measured[0]).toMatchObject({ wrong: [Fused.WITH_LIST], chosen: null });
  expect(tuning).toEqual(host.tuning);
  host.destroy();
});
