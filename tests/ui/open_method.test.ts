/** Choosing a method brings its example; nothing of the visitor's own is lost by it. */
import { readFileSync } from "node:fs";
import { beforeEach, expect, it, vi } from "vitest";
import { methodOf } from "../../src/ui/definitions";
import { openMethod, pickMethod, pickModel } from "../../src/ui/open_method";
import { recordingOf, isExample } from "../../src/ui/showcase";
import { beginRun, forgetBranch, useRun } from "../../src/ui/stores/run";
import { defaultSettings, runSettings, setParam, setPrompt, useSettings } from "../../src/ui/stores/settings";
import { remember } from "../../src/ui/remember";
import { dropUndo, offerUndo, undo, useUndo } from "../../src/ui/stores/undo";
import { ROOT } from "../helpers/repository";
import { sampleTrace } from "../helpers/sample_trace";

vi.mock("../../src/ui/recordings", async (original) => ({
  ...(await original<object>()),
  loadRecording: (name: string) =>
    Promise.resolve(
      readFileSync(`${ROOT}/public/${recordingOf(name)}`, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as unknown),
    ),
}));

const isExampleOf = (id: string): boolean => isExample(runSettings(useSettings.getState()), methodOf(id)!);
const onStage = (): string | undefined => useRun.getState().latest.start?.method;
const arrived = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(() => {
  beginRun({ kind: "none" });
  useSettings.setState(defaultSettings(), true);
  dropUndo();
});

it.each(["prophet", "fast-dllm", "dkv-cache", "recurrent"])("%s comes with its example", async (id) => {
  pickMethod(id);
  await arrived();
  expect(isExampleOf(id)).toBe(true);
  expect(onStage()).toBe(id);
  expect(useUndo.getState().last, "nothing was lost").toBeNull();
});

it("settings of one's own stay as far as the method can run with them", async () => {
  setPrompt("The cat");
  setParam("width", 6);
  pickMethod("low-confidence");
  await arrived();
  expect(useSettings.getState()).toMatchObject({ prompt: "The cat", model: "story-diffusion" });
  expect(onStage()).toBeUndefined();
  await openMethod("prophet");
  expect(isExampleOf("prophet")).toBe(true);
  undo();
  expect(useSettings.getState()).toMatchObject({ prompt: "The cat", method: "low-confidence" });
  expect(useSettings.getState().params["rsd-s"]).toMatchObject({ width: 6 });
});

it("a run of one's own comes back with the setup", async () => {
  const events = sampleTrace(6);
  beginRun({ kind: "live" }, events);
  pickMethod("prophet");
  await arrived();
  expect(onStage()).toBe("prophet");
  undo();
  expect(useRun.getState()).toMatchObject({ source: { kind: "live" }, length: events.length });
  expect(useSettings.getState().method).toBe("rsd-s");
});

it("a prompt that a model cannot read comes back", async () => {
  setPrompt("The cat");
  await pickModel("task-target");
  expect(useSettings.getState().prompt).not.toBe("The cat");
  undo();
  expect(useSettings.getState()).toMatchObject({ prompt: "The cat", model: "story-target" });
});

it("a forgotten branch comes back", () => {
  const { id } = beginRun({ kind: "live" }, sampleTrace(6));
  const branch = beginRun({ kind: "live" }, sampleTrace(4), { run: id, step: 1, forced: "x" });
  const restore = remember();
  forgetBranch(branch.id);
  offerUndo("The branch was forgotten.", restore);
  expect(useRun.getState().known).toHaveLength(1);
  undo();
  expect(useRun.getState()).toMatchObject({ current: branch.id });
  expect(useRun.getState().known).toHaveLength(2);
});
