/** Problems, and how many of them a strategy answers rightly. */
import { drawProblem, findTask, judge, type Problem } from "../../src/tasks";
import { decode as textOf } from "../../src/tasks/vocabulary";
import type { GpuCanvasSession } from "../../src/runtime/canvas_session";
import type { HostedModel } from "../../src/worker/host";
import { decode, type Strategy } from "./decode";

/** Tasks whose prompt determines the answer, and those with several right ones. */
export const SOLVABLE = ["copy", "reverse", "sort", "replace_index"] as const;
export const AMBIGUOUS = ["shuffle", "replace_random", "insert_random", "remove_random", "latin"] as const;
export const TASKS = [...SOLVABLE, ...AMBIGUOUS] as const;
export type TaskId = (typeof TASKS)[number];

/** Letters in a list. */
export const LEVELS = [4, 5, 6] as const;
/** Positions to fill in: a list and what is left over, or the cells of a square. */
export const canvasOf = (task: TaskId): number => (task === "latin" ? 16 : 8);
/** Longest prompt in tokens. */
export const MOST_PROMPT = 24;

const SEED = 2026;

/** The first `count` problems of a task's test split, levels in turn. */
export function problemsOf(task: TaskId, count: number): Problem[] {
  return Array.from({ length: count }, (_, number) => {
    const level = task === "latin" ? 4 : LEVELS[number % LEVELS.length]!;
    return drawProblem(findTask(task), { seed: SEED, number, split: "test", level });
  });
}

/** What one strategy did on the problems of one task; lists are parallel. */
export interface Outcome {
  readonly task: TaskId;
  readonly right: readonly boolean[];
  readonly passes: readonly number[];
  readonly rows: readonly number[];
}

/** Runs a strategy on every problem of a task, as many side by side as there are sessions. */
export async function solve(
  sessions: readonly GpuCanvasSession[],
  model: HostedModel,
  strategy: Strategy,
  task: TaskId,
  problems: readonly Problem[],
): Promise<Outcome> {
  const right: boolean[] = [];
  const passes: number[] = [];
  const rows: number[] = [];
  const waiting = [...problems.entries()];
  const work = async (session: GpuCanvasSession): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [number, problem] = next;
      const prompt = model.tokenizer.encodePrompt(problem.prompt);
      const decoded = await decode(session, strategy, { prompt, length: canvasOf(task), seed: number });
      right[number] = judge(problem.prompt, textOf(decoded.tokens)).ok;
      passes[number] = decoded.passes;
      rows[number] = decoded.rows;
    }
  };
  await Promise.all(sessions.map(work));
  return { task, right, passes, rows };
}
