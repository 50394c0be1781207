/** JSON records with given keys: free values, fixed grammar. */
import type { Random } from "./random";
import { parsePrompt, range, RIGHT, wrong, type Task, type Verdict } from "./task";

/** Keys, in the order in which they are asked for, and the pattern of their values. */
const VALUES = {
  name: '"[a-z]{2,3}"',
  age: "[1-9]\\d?",
  ok: "(?:true|false|null)",
  tags: "\\[(?:\\d(?:,\\d){0,1})?\\]",
} as const;
type Key = keyof typeof VALUES;
const KEYS = Object.keys(VALUES) as Key[];
const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");

/** The regular expression of all right records with these keys. */
export const recordPattern = (keys: readonly Key[]): string =>
  `\\{${keys.map((key) => `"${key}":${VALUES[key]}`).join(",")}\\}`;

/** The keys that a prompt asks for, or null. */
export function recordKeys(prompt: string): Key[] | null {
  const list = parsePrompt(prompt, "json:", '("[a-z]+"(?:,"[a-z]+")*)')?.[0];
  const keys = list?.split(",").map((quoted) => quoted.slice(1, -1)) ?? [];
  const known = keys.filter((key): key is Key => key in VALUES);
  return known.length > 0 && known.length === keys.length ? known : null;
}

function check(prompt: string, answer: string): Verdict {
  const keys = recordKeys(prompt);
  if (keys === null) return wrong("the prompt is not of this task's form");
  if (new RegExp(`^${recordPattern(keys)}$`).test(answer)) return RIGHT;
  try {
    JSON.parse(answer);
  } catch {
    return wrong("it is no JSON");
  }
  return wrong("its keys or values are not those asked for");
}

const digits = (random: Random, count: number): number[] => range(1, count).map(() => random.whole(0, 9));
const makeValue: Record<Key, (random: Random) => unknown> = {
  name: (random) => random.sample(LETTERS, random.whole(2, 3)).join(""),
  age: (random) => random.whole(1, 99),
  ok: (random) => random.pick([true, false, null]),
  tags: (random) => digits(random, random.whole(0, 2)),
};

const json: Task = {
  id: "json",
  label: "JSON record",
  summary: "An object with exactly these keys and values of the right kind, made up.",
  opening: "json:",
  levelMeans: "keys",
  levels: range(1, KEYS.length),
  longest: 27,
  ambiguous: true,
  make(level, random) {
    const keys = random.sample(KEYS, level);
    const record = Object.fromEntries(keys.map((key) => [key, makeValue[key](random)]));
    return { prompt: `json:${keys.map((key) => `"${key}"`).join(",")}=`, answer: JSON.stringify(record) };
  },
  check,
};

export const recordTasks: readonly Task[] = [json];
