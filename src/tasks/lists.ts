/**
 * The ten "waiting line" tasks of ParallelBench over lists of different letters. Those with several right answers cannot
 * be written in parallel, however good the model.
 * @see Kang and others 2025, ParallelBench; tasks and scores as in its section on lists
 */
import type { Random } from "./random";
import { checkAgainst, parsePrompt, range, RIGHT, wrong, type Task, type Verdict } from "./task";

const ITEMS = Array.from("abcdefghijklmnopqrstuvwxyz");
/** Slots of a list in the prompt. They are filled up, so that item and answer are always equally far apart. */
export const SLOTS = 12;
export const OPEN = "_";
const LENGTHS = range(3, SLOTS);
const LIST = `([a-z]+)${OPEN}*`;
const PLACE = "#(\\d+)";

const inserted = (list: string, at: number, item: string): string =>
  list.slice(0, at) + item + list.slice(at);
const replaced = (list: string, at: number, item: string): string =>
  list.slice(0, at) + item + list.slice(at + 1);
const removed = (list: string, at: number): string => list.slice(0, at) + list.slice(at + 1);

const slots = (list: string): string => list.padEnd(SLOTS, OPEN);

/** A list of `length` different letters and one that is not in it. */
function draw(random: Random, length: number): { list: string; item: string } {
  const letters = random.sample(ITEMS, length + 1);
  return { list: letters.slice(0, length).join(""), item: letters[length] as string };
}

/** A letter more than slots where one is inserted, and the end. */
const common = { levelMeans: "letters in the list", levels: LENGTHS, longest: SLOTS + 2 };

/** A task whose answer is a function of the list alone. */
function mapping(id: string, label: string, summary: string, map: (list: string) => string): Task {
  const opening = `${id}:`;
  return {
    ...common,
    id,
    label,
    summary,
    opening,
    ambiguous: false,
    make(level, random) {
      const { list } = draw(random, level);
      return { prompt: `${opening}${slots(list)}=`, answer: map(list) };
    },
    check: checkAgainst((prompt) => {
      const list = parsePrompt(prompt, opening, LIST)?.[0];
      return list === undefined ? null : map(list);
    }),
  };
}

interface Edit {
  readonly id: string;
  readonly label: string;
  readonly summary: string;
  /** The prompt names the item that comes in. */
  readonly needsItem: boolean;
  /** Places of a list of n letters. */
  readonly places: (n: number) => number;
  readonly apply: (list: string, at: number, item: string) => string;
}

const EDITS: readonly Edit[] = [
  {
    id: "replace",
    label: "Replace",
    summary: "put the new letter in the place of",
    needsItem: true,
    places: (n) => n,
    apply: replaced,
  },
  {
    id: "insert",
    label: "Insert",
    summary: "make the new letter",
    needsItem: true,
    places: (n) => n + 1,
    apply: inserted,
  },
  { id: "remove", label: "Remove", summary: "leave out", needsItem: false, places: (n) => n, apply: removed },
];

/** The edit at a place that the prompt names, counted from 1. */
function editAt({ id, label, summary, needsItem, places, apply }: Edit): Task {
  const opening = `${id}-at:`;
  return {
    ...common,
    id: `${id}_index`,
    label: `${label} at a place`,
    summary: `Copy the list, but ${summary} the one at the place given.`,
    opening,
    ambiguous: false,
    make(level, random) {
      const { list, item } = draw(random, level);
      const at = random.whole(0, places(level) - 1);
      return {
        prompt: `${opening}#${at + 1}${needsItem ? item : ""},${slots(list)}=`,
        answer: apply(list, at, item),
      };
    },
    check: checkAgainst((prompt) => {
      const found = parsePrompt(prompt, opening, `${PLACE}${needsItem ? "([a-z])" : "()"},${LIST}`);
      if (found === null) return null;
      const [place = "", item = "", list = ""] = found;
      const at = Number(place) - 1;
      return at >= 0 && at < places(list.length) ? apply(list, at, item) : null;
    }),
  };
}

/** The edit at any place: as many right answers as places. */
function editAnywhere({ id, label, summary, needsItem, places, apply }: Edit): Task {
  const opening = `${id}-any:`;
  return {
    ...common,
    id: `${id}_random`,
    label: `${label} anywhere`,
    summary: `Copy the list, but ${summary} any one.`,
    opening,
    ambiguous: true,
    make(level, random) {
      const { list, item } = draw(random, level);
      const at = random.whole(0, places(level) - 1);
      return {
        prompt: `${opening}${needsItem ? `${item},` : ""}${slots(list)}=`,
        answer: apply(list, at, item),
      };
    },
    check(prompt, answer) {
      const found = parsePrompt(prompt, opening, `${needsItem ? "([a-z])," : "()"}${LIST}`);
      if (found === null) return wrong("the prompt is not of this task's form");
      const [item = "", list = ""] = found;
      const right = range(0, places(list.length) - 1).some((at) => apply(list, at, item) === answer);
      return right ? RIGHT : wrong("it is the list with no single such change");
    },
  };
}

const sorted = (list: string): string => Array.from(list).sort().join("");

function checkShuffle(prompt: string, answer: string): Verdict {
  const list = parsePrompt(prompt, "shuffle:", LIST)?.[0];
  if (list === undefined) return wrong("the prompt is not of this task's form");
  if (sorted(answer) !== sorted(list)) return wrong("it has not the same letters");
  return answer === list ? wrong("the order is the old one") : RIGHT;
}

const shuffle: Task = {
  ...common,
  id: "shuffle",
  label: "Shuffle",
  summary: "The letters in any other order.",
  opening: "shuffle:",
  ambiguous: true,
  make(level, random) {
    const { list } = draw(random, level);
    let answer = list;
    while (answer === list) answer = random.shuffled(Array.from(list)).join("");
    return { prompt: `shuffle:${slots(list)}=`, answer };
  },
  check: checkShuffle,
};

export const listTasks: readonly Task[] = [
  mapping("copy", "Copy", "The list once more.", (list) => list),
  mapping("reverse", "Reverse", "The list from its end to its start.", (list) =>
    Array.from(list).reverse().join(""),
  ),
  mapping("sort", "Sort", "The letters in the order of the alphabet.", sorted),
  shuffle,
  ...EDITS.flatMap((edit) => [editAt(edit), editAnywhere(edit)]),
];
