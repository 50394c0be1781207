/** Times of forward passes: what is measured, and that nothing stays behind. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { timePasses } from "../../src/runtime/time_pass";
import type { EngineHost } from "../../src/worker/host";
import { bundled, openHost } from "./helpers";

let host: EngineHost;
beforeAll(async () => {
  host = await openHost();
  await host.load("story-draft", bundled("story-draft"));
});
afterAll(() => host.destroy());

it("measures 1, 2, 4, ... rows up to what was asked for, and frees what it took", async () => {
  const before = host.memory.report().liveBytes;
  const { gpu } = await host.model("story-draft");
  const times = await timePasses(host.engine, host.tuning, gpu, 6);
  expect(times.map((t) => t.rows)).toEqual([1, 2, 4, 8]);
  for (const { ms } of times) expect(ms).toBeGreaterThan(0);
  expect(host.memory.report().liveBytes).toBe(before);
});

it("stops at the model's context, and after a few seconds", async () => {
  const { gpu } = await host.model("story-draft");
  const small = { ...gpu, facts: gpu.facts, maxContext: 3, createState: gpu.createState.bind(gpu) };
  expect((await timePasses(host.engine, host.tuning, small as never, 64)).map((t) => t.rows)).toEqual([
    1, 2, 3,
  ]);
  let now = 0;
  const slow = await timePasses(host.engine, host.tuning, gpu, 64, () => (now += 2000));
  expect(slow.length).toBeLessThan(4);
  expect(slow[0]?.rows).toBe(1);
});
