/** What the stage says of an answer: right or why not, and nothing where there is nothing to judge. */
import { describe, expect, it } from "vitest";
import { emptyView } from "../../src/trace/fold";
import type { RunView } from "../../src/trace/view";
import { isDecided, verdictOf } from "../../src/ui/panels/TaskVerdict";
import { defaultSettings, useSettings } from "../../src/ui/stores/settings";
import { exampleOf, followModel, levelOf, takeExample, tasksOf } from "../../src/ui/task_examples";
import { findTask, taskOfPrompt, tasks } from "../../src/tasks";

const ended = { state: "ended", reason: "end_token", hash: "", error: null };
const viewOf = (model: string, prompt: string, text: string, status: object = ended): RunView =>
  ({ ...emptyView(), start: { model, prompt }, status, text }) as unknown as RunView;

describe("the verdict", () => {
  const prompt = "reverse:abc_________=";

  it("judges what stands before the end token", () => {
    expect(verdictOf(viewOf("task-diffusion", prompt, "cba<eos><eos>"))).toEqual({ ok: true });
    expect(verdictOf(viewOf("task-target", prompt, "cba"))).toEqual({ ok: true });
    expect(verdictOf(viewOf("task-target", prompt, "abc<eos>"))).toEqual({ ok: false, why: "expected cba" });
  });

  it("is silent about stories, runs that go on and runs that were cut off", () => {
    expect(verdictOf(viewOf("story-target", prompt, "cba"))).toBeNull();
    expect(verdictOf(viewOf("task-target", prompt, "cb", { state: "running" }))).toBeNull();
    expect(verdictOf(viewOf("task-target", prompt, "cb", { ...ended, reason: "cancelled" }))).toBeNull();
    expect(verdictOf(emptyView())).toBeNull();
  });
});

describe("the moment of the verdict", () => {
  const whole = viewOf("task-diffusion", "reverse:abc=", "cba");
  const cells = (statuses: readonly string[]): object => ({
    canvas: { cells: statuses.map((status) => ({ status })) },
  });

  it("comes once nothing of the answer is masked or still to be written", () => {
    expect(isDecided(whole, whole)).toBe(true);
    expect(isDecided({ ...whole, text: "cb" }, whole)).toBe(false);
    expect(isDecided({ ...whole, ...cells(["fixed", "committed", "masked"]) }, whole)).toBe(false);
    expect(isDecided({ ...whole, ...cells(["fixed", "committed", "committed"]) }, whole)).toBe(true);
  });
});

describe("examples in the setup", () => {
  it("follow the model: a task for models that know some, a story for the others", () => {
    useSettings.setState({ ...defaultSettings(), model: "task-diffusion" });
    followModel("stories-2048");
    const { prompt, maxNewTokens, sampler } = useSettings.getState();
    expect(taskOfPrompt(prompt)?.id).toBe(tasksOf("task-diffusion")[0]?.id);
    expect(maxNewTokens).toBe(14);
    expect(sampler.temperature).toBe(0);
    useSettings.setState({ model: "story-target" });
    followModel("tasks-108");
    expect(useSettings.getState().prompt).toBe(defaultSettings().prompt);
  });

  it("are the longest lookups for a model that repeats its layers", () => {
    useSettings.setState({ ...defaultSettings(), model: "task-loop" });
    followModel("stories-2048");
    const task = taskOfPrompt(useSettings.getState().prompt);
    expect(task?.id).toBe("hops");
    expect(useSettings.getState().prompt).toBe(exampleOf(task!, 4, 0));
  });

  it("leave the prompt alone between models that read the same", () => {
    useSettings.setState({ ...defaultSettings(), model: "story-draft", prompt: "The cat" });
    followModel("stories-2048");
    expect(useSettings.getState().prompt).toBe("The cat");
  });

  it("fit into the model's context, whatever the task and its difficulty", () => {
    for (const model of ["task-target", "task-diffusion"])
      for (const task of tasksOf(model))
        for (const level of task.levels) {
          useSettings.setState({ ...defaultSettings(), model });
          takeExample(task.id, level, 3);
          expect(useSettings.getState().maxNewTokens).toBe(task.longest);
        }
  });
});

describe("the level of a prompt", () => {
  it("is read off prompts that nobody drew here", () => {
    expect(levelOf(findTask("sort"), "sort:rpexbhgtsuni=")).toBe(12);
    expect(levelOf(findTask("sort"), "sort:ba=")).toBeNull();
  });
  it.each(tasks.map((task) => [task.id, task] as const))(
    "of %s is never another than the one drawn",
    (_, task) => {
      for (const level of task.levels)
        expect([level, null]).toContain(levelOf(task, exampleOf(task, level, 3)));
    },
  );
});
