/** What a task is: problems of chosen difficulty, and a checker that needs nothing but prompt and answer. */
import type { Random } from "./random";

/** A prompt and one right answer to it; there may be others. */
export interface Draft {
  readonly prompt: string;
  readonly answer: string;
}

export interface Problem extends Draft {
  /** Id of the task. */
  readonly task: string;
  readonly level: number;
}

/** Right, or why not in a few words for the reader. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface Task {
  /** Stands in file names and links; never changes. */
  readonly id: string;
  readonly label: string;
  /** One sentence: what is asked for. */
  readonly summary: string;
  /** Word that opens its prompts. */
  readonly opening: string;
  /** What the level counts. */
  readonly levelMeans: string;
  /** Levels from easy to hard. */
  readonly levels: readonly number[];
  /** Most tokens of an answer, the end included: how long a canvas must be. */
  readonly longest: number;
  /** Whether several answers are right, so that tokens set in parallel can contradict each other. */
  readonly ambiguous: boolean;
  make(level: number, random: Random): Draft;
  /** Judges an answer to a prompt of this task, which may be typed by hand. */
  check(prompt: string, answer: string): Verdict;
}

export const RIGHT: Verdict = { ok: true };
export const wrong = (why: string): Verdict => ({ ok: false, why });

/** Whole numbers from `first` to `last`. */
export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The groups of `pattern` in what a prompt has between its opening and the final "="; null if it does not fit. */
export function parsePrompt(prompt: string, opening: string, pattern: string): string[] | null {
  const found = new RegExp(`^${opening}${pattern}=$`, "s").exec(prompt);
  return found ? found.slice(1).map((group) => group) : null;
}

/** A checker for a task whose prompt determines its only answer; `solve` returns null for prompts of another form. */
export function checkAgainst(solve: (prompt: string) => string | null): Task["check"] {
  return (prompt, answer) => {
    const expected = solve(prompt);
    if (expected === null) return wrong("the prompt is not of this task's form");
    return answer === expected ? RIGHT : wrong(`expected ${expected}`);
  };
}
