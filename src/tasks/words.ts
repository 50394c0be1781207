/** Small arithmetic word problems, answered in steps; the last number is the result, so answers can be voted on. */
import type { Random } from "./random";
import { range, RIGHT, wrong, type Task, type Verdict } from "./task";

const NAMES = ["Tom", "Ann", "Sam", "Mia"];
const THINGS = ["eggs", "pens", "cups", "nuts"];
const MOST = 99;
const FORM =
  /^words:(?:Tom|Ann|Sam|Mia) has (\d+)(?: boxes of (\d+))? (?:eggs|pens|cups|nuts)((?:\. (?:Gets|Gives) \d+)*)\. How many\?=$/;

/** How many things there are in the end; null if the prompt is of another form. */
export function wordsResult(prompt: string): number | null {
  const found = FORM.exec(prompt);
  if (!found) return null;
  const [, first = "", each = "1", events = ""] = found;
  let count = Number(first) * Number(each);
  for (const [, what, change] of events.matchAll(/(Gets|Gives) (\d+)/g))
    count += what === "Gets" ? Number(change) : -Number(change);
  return count;
}

/** The last number of an answer, which is what counts; null if it does not end in one. */
export function lastNumber(answer: string): number | null {
  const found = /(\d+)$/.exec(answer);
  return found ? Number(found[1]) : null;
}

function check(prompt: string, answer: string): Verdict {
  const expected = wordsResult(prompt);
  if (expected === null) return wrong("the prompt is not of this task's form");
  const found = lastNumber(answer);
  if (found === null) return wrong("it does not end in a number");
  return found === expected ? RIGHT : wrong(`the result is ${expected}, not ${found}`);
}

/** A sentence of change and its step; the count stays within 1 to MOST. */
function change(random: Random, count: number): { text: string; step: string; count: number } {
  const gets = count >= MOST - 1 ? false : count <= 2 ? true : random.whole(0, 1) === 1;
  const by = random.whole(1, Math.min(20, gets ? MOST - count : count - 1));
  const after = gets ? count + by : count - by;
  return {
    text: `. ${gets ? "Gets" : "Gives"} ${by}`,
    step: `${count}${gets ? "+" : "-"}${by}=${after}`,
    count: after,
  };
}

const words: Task = {
  id: "words",
  label: "Word problems",
  summary: "How many things somebody has in the end, with the steps.",
  opening: "words:",
  levelMeans: "steps",
  levels: range(1, 3),
  longest: 27,
  ambiguous: false,
  make(level, random) {
    const steps: string[] = [];
    let text = `words:${random.pick(NAMES)} has `;
    let count = random.whole(2, 30);
    if (random.whole(0, 1) === 1) {
      const boxes = random.whole(2, 9);
      const each = random.whole(2, 9);
      count = boxes * each;
      text += `${boxes} boxes of ${each}`;
      steps.push(`${boxes}*${each}=${count}`);
    } else text += String(count);
    text += ` ${random.pick(THINGS)}`;
    while (steps.length < level) {
      const next = change(random, count);
      text += next.text;
      steps.push(next.step);
      count = next.count;
    }
    return { prompt: `${text}. How many?=`, answer: steps.join(";") };
  },
  check,
};

export const wordTasks: readonly Task[] = [words];
