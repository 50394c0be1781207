/** Tasks that go on step by step: running sums, and lookups that follow a table several times. */
import { OPEN, SLOTS } from "./lists";
import { checkAgainst, parsePrompt, range, type Task } from "./task";

const runningSums = (digits: string): string => {
  let sum = 0;
  return Array.from(digits)
    .map((digit) => (sum = (sum + Number(digit)) % 10))
    .join("");
};

const sums: Task = {
  id: "sums",
  label: "Running sums",
  summary: "The last digit of the sum of all digits so far, at every digit.",
  opening: "sums:",
  levelMeans: "digits",
  levels: range(3, SLOTS),
  longest: SLOTS + 1,
  ambiguous: false,
  make(level, random) {
    const digits = range(1, level)
      .map(() => random.whole(0, 9))
      .join("");
    return { prompt: `sums:${digits.padEnd(SLOTS, OPEN)}=`, answer: runningSums(digits) };
  },
  check: checkAgainst((prompt) => {
    const digits = parsePrompt(prompt, "sums:", `(\\d+)${OPEN}*`)?.[0];
    return digits === undefined ? null : runningSums(digits);
  }),
};

const KEYS = Array.from("abcdef");

/** Follows `table` (pairs of key and value) `count` times; null where a key is missing. */
function follow(table: string, start: string, count: number): string | null {
  const next = new Map([...table.matchAll(/(.)(.)/g)].map(([, key, value]) => [key, value]));
  let at: string | undefined = start;
  for (let hop = 0; hop < count && at !== undefined; hop++) at = next.get(at);
  return at ?? null;
}

const hops: Task = {
  id: "hops",
  label: "Lookups",
  summary: "Start at a letter and follow the table as often as the number says.",
  opening: "hops:",
  levelMeans: "lookups, each of the last one's result",
  levels: range(1, 4),
  longest: 2,
  ambiguous: false,
  make(level, random) {
    const table = KEYS.map((key) => key + random.pick(KEYS)).join("");
    const start = random.pick(KEYS);
    return { prompt: `hops:${table},${start}${level}=`, answer: follow(table, start, level) ?? "" };
  },
  check: checkAgainst((prompt) => {
    const found = parsePrompt(prompt, "hops:", "((?:[a-z]{2})+),([a-z])(\\d)");
    if (found === null) return null;
    const [table = "", start = "", count = ""] = found;
    return follow(table, start, Number(count));
  }),
};

export const chainTasks: readonly Task[] = [sums, hops];
