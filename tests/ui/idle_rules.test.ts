/** What the page says of runs in which a method's rule never acted, and that it says nothing of the others. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { foldEvents } from "../../src/trace/fold";
import { methods } from "../../src/ui/definitions";
import { earlyStop } from "../../src/ui/early_stop";
import { idleRules } from "../../src/ui/idle_rules";
import { openedWords } from "../../src/ui/panels/Opened";
import { liveliestStep } from "../../src/ui/playback";
import { parseRecording } from "../../src/ui/recordings";
import { recordingOf } from "../../src/ui/showcase";
import { ROOT } from "../helpers/repository";
import { sampleCanvas, type SampleCanvas } from "../helpers/sample_canvas";
import { sampleTrace } from "../helpers/sample_trace";

const said = async (run: SampleCanvas): Promise<string> =>
  idleRules(foldEvents(await sampleCanvas(run))).join(" ");

describe("rules that never acted", () => {
  it.each([
    [
      { method: "prophet", params: { firstBar: 40, secondBar: 40, thirdBar: 40 } },
      /bar was never met.*mean gap/,
    ],
    [
      { method: "prophet", params: { firstBar: 40, secondBar: 40, thirdBar: 40, aggregate: "min" } },
      /never met.*smallest gap of \d+\.\d\d against a bar of 40\.00/,
    ],
    [{ method: "fast-dllm", params: { threshold: 1.05 } }, /No step was sure of more than one position/],
    [{ method: "dkv-cache", params: { refreshEvery: 1 } }, /Every pass computed every row/],
    [{ method: "low-confidence" }, /^$/],
    [{ method: "prophet", params: { firstBar: 0 } }, /^$/],
    [{ method: "dkv-cache" }, /^$/],
  ] as const)("%o", async (run, says) => {
    expect(await said(run)).toMatch(says);
  });

  it("an early stop is told from its step on, and only if it saved steps", () => {
    const events = parseRecording(readFileSync(`${ROOT}/public/recordings/prophet.jsonl`));
    const at = events.findIndex((e) => e.kind === "unmask" && e.reason === "all_in");
    expect(earlyStop(foldEvents(events.slice(0, at)))).toBeNull();
    const told = earlyStop(foldEvents(events));
    const [, step, planned, gap, bar] =
      /in step (\d+) of (\d+) planned: the mean gap, ([\d.]+), had passed the bar, ([\d.]+),/.exec(
        told ?? "",
      )!;
    expect(Number(step)).toBe(events[at]!.step + 1);
    expect(Number(step)).toBeLessThan(Number(planned));
    expect(Number(gap)).toBeGreaterThanOrEqual(Number(bar));
    const last = events.map((e) => (e.kind === "canvas" ? { ...e, planned: Number(step) } : e));
    expect(earlyStop(foldEvents(last)), "nothing was saved").toBeNull();
    // And a run is opened where it can be seen.
    const view = foldEvents(events);
    expect(liveliestStep(view)).toBe(Number(step) - 1);
    expect(openedWords(view, Number(step) - 1)).toMatch(/which stops it early$/);
    expect(liveliestStep(foldEvents(last))).toBeLessThan(Number(step) - 1);
  });

  it("says nothing before the end, nor of a run that was stopped", async () => {
    const events = await sampleCanvas({ method: "fast-dllm", params: { threshold: 1.05 } });
    expect(idleRules(foldEvents(events.slice(0, -1)))).toEqual([]);
    expect(idleRules(foldEvents(sampleTrace(6)))).toEqual([]);
  });
});

it.each(methods.map((m) => [m.id] as const))("the example of %s shows its point", (id) => {
  const events = parseRecording(readFileSync(`${ROOT}/public/${recordingOf(id)}`));
  expect(idleRules(foldEvents(events))).toEqual([]);
});
