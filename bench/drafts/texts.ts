/** The two kinds of text that trees are compared on, each with the models that write and draft it. */
import { readFileSync } from "node:fs";
import type { ModelSource } from "../../src/models/source";
import { directorySource } from "../../src/models/source_node";
import { drawProblem, findTask, type Split } from "../../src/tasks";
import { firstLayers } from "./early_exit";

export interface Pair {
  readonly target: string;
  readonly draft: string;
}
export interface Texts {
  readonly id: "stories" | "tasks";
  /** For readers: what is written, and what drafts it. */
  readonly label: string;
  readonly draftLabel: string;
  readonly pair: Pair;
  readonly sources: readonly ModelSource[];
  /** Prompts that shapes are chosen by, and others that are measured. */
  readonly calibration: readonly string[];
  readonly prompts: readonly string[];
}

const bundled = (id: string): ModelSource => directorySource(`public/models/${id}`, id);

/** Stories of stories.txt that acceptance is calibrated on; the rest is for measuring. */
const CALIBRATION_STORIES = 12;

export function storyTexts(): Texts {
  const stories = readFileSync(new URL("./stories.txt", import.meta.url), "utf8")
    .split("\n")
    .filter(Boolean);
  return {
    id: "stories",
    label: "held-out stories",
    draftLabel: "story-draft",
    pair: { target: "story-target", draft: "story-draft" },
    sources: [bundled("story-target"), bundled("story-draft")],
    calibration: stories.slice(0, CALIBRATION_STORIES),
    prompts: stories.slice(CALIBRATION_STORIES),
  };
}

/** Tasks with answers of some length, in turn. */
export const TASKS = [
  "copy",
  "reverse",
  "sort",
  "insert_index",
  "sums",
  "words",
  "countdown",
  "json",
] as const;
const ROUNDS_OF_TASKS = 3;
const SEED = 1301;
/** There is no draft model for the tasks: so many of the target's four layers stand in for one. */
const EXIT_LAYERS = 2;

const problems = (split: Split): string[] =>
  Array.from(
    { length: ROUNDS_OF_TASKS * TASKS.length },
    (_, number) => drawProblem(findTask(TASKS[number % TASKS.length]!), { seed: SEED, number, split }).prompt,
  );

export function taskTexts(): Texts {
  const target = bundled("task-target");
  const draft = `task-target-first-${EXIT_LAYERS}`;
  return {
    id: "tasks",
    label: "test problems of the tasks",
    draftLabel: `the first ${EXIT_LAYERS} layers of task-target`,
    pair: { target: target.id, draft },
    sources: [target, firstLayers(target, EXIT_LAYERS, draft)],
    calibration: problems("train"),
    prompts: problems("test"),
  };
}
