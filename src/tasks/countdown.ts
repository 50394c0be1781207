/**
 * CountDown: combine all numbers with + - * / to reach a target, one step a line. Steps are written as
 * `larger op smaller = result | what is left, falling`.
 * @see Gandhi and others 2024, Stream of Search; Qin and others 2025, To Backtrack or Not to Backtrack
 */
import type { Random } from "./random";
import { parsePrompt, RIGHT, wrong, type Draft, type Task, type Verdict } from "./task";

/** Results of steps are whole numbers from 1 to this, so that a line stays short; the papers set no such bound. */
export const MOST = 99;
const LARGEST_NUMBER = 25;
const TARGETS = { least: 10, most: 60 };

export interface Move {
  /** The line's left part, `12-7=5`. */
  readonly text: string;
  /** Numbers left after it, falling. */
  readonly left: readonly number[];
}

const falling = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => b - a);

/** The line of a move, `12-7=5|5,5`. */
export const lineOf = (move: Move): string => `${move.text}|${move.left.join(",")}`;

/** Every different move from a state: larger operand first, results whole and from 1 to {@link MOST}. */
export function movesFrom(numbers: readonly number[]): Move[] {
  const moves = new Map<string, Move>();
  for (let i = 0; i < numbers.length; i++)
    for (let j = 0; j < numbers.length; j++) {
      const [a, b] = [numbers[i] as number, numbers[j] as number];
      if (i === j || a < b) continue;
      const rest = numbers.filter((_, k) => k !== i && k !== j);
      const results: readonly (readonly [string, number])[] = [
        ["+", a + b],
        ["-", a - b],
        ["*", a * b],
        ["/", a / b],
      ];
      for (const [sign, result] of results) {
        if (!Number.isInteger(result) || result < 1 || result > MOST) continue;
        const text = `${a}${sign}${b}=${result}`;
        moves.set(text, { text, left: falling([...rest, result]) });
      }
    }
  return [...moves.values()];
}

/**
 * Whether the target can be reached from these numbers using all of them: the exact oracle.
 * @param known results of earlier calls for the same target, filled in
 */
export function reachable(
  numbers: readonly number[],
  target: number,
  known = new Map<string, boolean>(),
): boolean {
  if (numbers.length === 1) return numbers[0] === target;
  const key = falling(numbers).join(",");
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = movesFrom(numbers).some((move) => reachable(move.left, target, known));
  known.set(key, found);
  return found;
}

export interface Countdown {
  readonly target: number;
  readonly numbers: readonly number[];
}

/** Target and numbers of a prompt, or null. */
export function parseCountdown(prompt: string): Countdown | null {
  const found = parsePrompt(prompt, "countdown:", "(\\d+):(\\d+(?:,\\d+)*)");
  if (found === null) return null;
  return { target: Number(found[0]), numbers: falling((found[1] ?? "").split(",").map(Number)) };
}

/** What the lines written so far lead to: the numbers left, or the first line that is not a legal move. */
export function followLines(
  numbers: readonly number[],
  lines: readonly string[],
): { readonly left: readonly number[] } | { readonly illegal: string } {
  let left = numbers;
  for (const line of lines) {
    const move = movesFrom(left).find((legal) => lineOf(legal) === line);
    if (!move) return { illegal: line };
    left = move.left;
  }
  return { left };
}

function check(prompt: string, answer: string): Verdict {
  const problem = parseCountdown(prompt);
  if (problem === null) return wrong("the prompt is not of this task's form");
  const end = followLines(problem.numbers, answer.split("\n"));
  if ("illegal" in end) return wrong(`"${end.illegal}" is no legal step`);
  if (end.left.length > 1) return wrong(`${end.left.join(" and ")} are left over`);
  return end.left[0] === problem.target ? RIGHT : wrong(`it ends at ${end.left[0]}, not ${problem.target}`);
}

/** Numbers, and random legal moves until one is left: the target, if it is in range. */
function attempt(count: number, random: Random): Draft | null {
  const numbers = falling(Array.from({ length: count }, () => random.whole(1, LARGEST_NUMBER)));
  const lines: string[] = [];
  let left: readonly number[] = numbers;
  while (left.length > 1) {
    const moves = movesFrom(left);
    if (moves.length === 0) return null;
    const move = random.pick(moves);
    lines.push(lineOf(move));
    left = move.left;
  }
  const target = left[0] as number;
  if (target < TARGETS.least || target > TARGETS.most) return null;
  return { prompt: `countdown:${target}:${numbers.join(",")}=`, answer: lines.join("\n") };
}

const countdown: Task = {
  id: "countdown",
  label: "CountDown",
  summary: "Combine all the numbers with + - * / until the target is left, one step a line.",
  opening: "countdown:",
  levelMeans: "numbers",
  levels: [3, 4],
  longest: 46,
  ambiguous: true,
  make(level, random) {
    for (;;) {
      const draft = attempt(level, random);
      if (draft) return draft;
    }
  },
  check,
};

export const countdownTasks: readonly Task[] = [countdown];
