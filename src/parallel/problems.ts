/** Problems of the list tasks and Latin squares, and what became of them. */
import { drawProblem, findTask, judge, type Problem } from "../tasks";
import type { Strategy } from "./strategies";

/** Tasks whose prompt determines the answer, and those with several right ones. */
export const SOLVABLE = ["copy", "reverse", "sort", "replace_index", "insert_index", "remove_index"] as const;
export const AMBIGUOUS = ["shuffle", "replace_random", "insert_random", "remove_random", "latin"] as const;
export const TASKS = [...SOLVABLE, ...AMBIGUOUS] as const;
export type TaskId = (typeof TASKS)[number];

/** Without the squares. */
export const lists = (tasks: readonly TaskId[]): TaskId[] => tasks.filter((task) => task !== "latin");
export const LISTS = lists(TASKS);

/** Letters in a list. */
export const LEVELS = [4, 5, 6] as const;
/** Positions to fill in: a list and what is left over, or the cells of a square and its end. */
export const canvasOf = (task: TaskId): number => (task === "latin" ? findTask(task).longest : 8);
/** Longest prompt in characters with a token before it, and so in tokens, whatever the vocabulary. */
export const MOST_PROMPT = 32;

const SEED = 2026;

/** Problems [from, from + count) of a task's test split, levels in turn. */
export function problemsOf(task: TaskId, count: number, from = 0): Problem[] {
  return Array.from({ length: count }, (_, i) => {
    const number = from + i;
    const level = task === "latin" ? 4 : LEVELS[number % LEVELS.length]!;
    return drawProblem(findTask(task), { seed: SEED, number, split: "test", level });
  });
}

/** Whether a text answers a problem. */
export const isRight = (problem: Problem, text: string): boolean => judge(problem.prompt, text).ok;

/** Whether rows of the prompt see the prompt alone, or the canvas, too. */
export type Attention = "isolated" | "full";

/** What one strategy did on the problems of one task; lists are parallel. */
export interface TaskOutcome {
  readonly right: readonly boolean[];
  readonly steps: readonly number[];
  /** Forward passes of the masked model: fewer than steps where some need none. */
  readonly passes: readonly number[];
  /** Forward passes of the causal model that judges, where a strategy has one; 0 elsewhere. */
  readonly guiderPasses: readonly number[];
  /** Rows through the layers of the masked model. */
  readonly rows: readonly number[];
}

/** A strategy over tasks. */
export interface Measurement {
  readonly strategy: Strategy;
  readonly byTask: ReadonlyMap<TaskId, TaskOutcome>;
}
/** Measurements by the ids of their strategies. */
export type Measured = ReadonlyMap<string, Measurement>;
