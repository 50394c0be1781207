/** All tasks, problems out of them, and the judge of any prompt with its answer. */
import { DecoscopeError } from "../base/errors";
import { chainTasks } from "./chains";
import { countdownTasks } from "./countdown";
import { listTasks } from "./lists";
import { Random } from "./random";
import { recordTasks } from "./records";
import { squareTasks } from "./squares";
import { wrong, type Problem, type Task, type Verdict } from "./task";
import { wordTasks } from "./words";

export type { Problem, Task, Verdict } from "./task";

export const tasks: readonly Task[] = [
  ...listTasks,
  ...chainTasks,
  ...wordTasks,
  ...countdownTasks,
  ...squareTasks,
  ...recordTasks,
];

/** Problems of the test split are never trained on. */
export type Split = "train" | "test";

/** One prompt in this many belongs to the test split. */
const TEST_SHARE = 8;

/** Which split a prompt belongs to, by its hash alone (FNV-1a, then mixed: its low bits alone are poor). */
export function splitOf(prompt: string): Split {
  let hash = 0x811c9dc5;
  for (const character of prompt) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % TEST_SHARE === 0 ? "test" : "train";
}

/** @throws DecoscopeError `method` if there is no task of that id */
export function findTask(id: string): Task {
  const task = tasks.find((known) => known.id === id);
  if (!task)
    throw new DecoscopeError(
      "method",
      `There is no task ${JSON.stringify(id)}. Expected one of: ${tasks.map((known) => known.id).join(", ")}.`,
    );
  return task;
}

/**
 * The problem with a number; the same on every machine.
 * @param level one of the task's levels; left out, levels take turns at random
 */
export function drawProblem(
  task: Task,
  options: { readonly seed: number; readonly number: number; readonly split: Split; readonly level?: number },
): Problem {
  const random = new Random(options.seed + (tasks.indexOf(task) << 16), options.number);
  const level = options.level ?? random.pick(task.levels);
  for (;;) {
    const draft = task.make(level, random);
    if (splitOf(draft.prompt) === options.split) return { task: task.id, level, ...draft };
  }
}

/** The task that a prompt opens with, or null. */
export const taskOfPrompt = (prompt: string): Task | null =>
  tasks.find(({ opening }) => prompt.startsWith(opening)) ?? null;

/** Judges an answer to any prompt. */
export function judge(prompt: string, answer: string): Verdict {
  const task = taskOfPrompt(prompt);
  return task === null ? wrong("the prompt opens with the word of no task") : task.check(prompt, answer);
}
