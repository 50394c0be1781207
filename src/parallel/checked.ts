/** Something expected of a measurement beside what came out: one form for tasks, stories and counts. */
import type { Estimate } from "./statistics";

export interface Checked {
  /** Id of the method it speaks of. */
  readonly method: string;
  /** "claim": what the method promises. "ordering": how strategies of models like this one stand to one another. */
  readonly kind: "claim" | "ordering";
  readonly says: string;
  /** What is compared with what, in words. */
  readonly left: string;
  readonly right: string;
  readonly of: string;
  readonly unit: string;
  readonly value: Estimate;
  readonly limit: Limit;
}

/** Where the value has to lie. */
export interface Limit {
  readonly side: "above" | "below" | "at";
  readonly value: number;
  /** Distance that "at" allows. */
  readonly within?: number;
}

const liesRight = (value: number, { side, value: end, within = 0 }: Limit): boolean =>
  side === "above" ? value > end : side === "below" ? value < end : Math.abs(value - end) <= within;

export const holds = ({ value, limit }: Checked): boolean => liesRight(value.value, limit);
/** Whether its whole 95 % interval lies on the right side: then more problems would hardly change the answer. */
export const isClear = ({ value, limit }: Checked): boolean =>
  liesRight(value.low, limit) && liesRight(value.high, limit);

const limitInWords = ({ limit: { side, value, within }, unit }: Checked): string =>
  side === "at"
    ? `${value} ${unit}${within ? ` within ${within.toFixed(2)}` : ""}`
    : `${side} ${value} ${unit}`;

const KINDS = {
  claim: {
    title: "What the methods promise",
    help: "Each promise with the margin it is given",
  },
  ordering: {
    title: "Orderings",
    help: "What models like this one have shown before, beside what this one shows",
  },
} as const;

/** One row for each expectation of a kind. */
export function checkedTable(all: readonly Checked[], kind: Checked["kind"]) {
  const checked = all.filter((c) => c.kind === kind);
  const { title, help } = KINDS[kind];
  return {
    title,
    help: `${help}: ${checked.filter(holds).length} of ${checked.length} hold.`,
    columns: [
      { key: "says", label: "Expected", help: "In words." },
      { key: "method", label: "Method", help: "The link opens its card.", of: "method" as const },
      { key: "left", label: "This", help: "Strategy and what it was tried on." },
      { key: "right", label: "beside", help: "What it is compared with." },
      { key: "of", label: "Of", help: "What is compared, problem by problem where both had the same ones." },
      { key: "value", label: "Found", help: "Mean over problems.", digits: 2 },
      { key: "low", label: "from", help: "End of its 95 % interval.", digits: 2 },
      { key: "high", label: "to", help: "End of its 95 % interval.", digits: 2 },
      { key: "limit", label: "Should be", help: "Where the mean has to lie." },
      { key: "holds", label: "Holds", help: "Whether it lies there." },
      {
        key: "clear",
        label: "Clearly",
        help: "Whether all of the interval lies there, so that other problems would hardly change the answer.",
      },
    ],
    rows: checked.map((c) => ({
      says: c.says,
      method: c.method,
      left: c.left,
      right: c.right,
      of: `${c.of}, ${c.unit}`,
      value: c.value.value,
      low: c.value.low,
      high: c.value.high,
      limit: limitInWords(c),
      holds: holds(c),
      clear: isClear(c),
    })),
  };
}

const shown = (value: number): string => value.toFixed(Math.abs(value) < 10 ? 2 : 1);

/** An expectation and what came out, in one sentence. */
export const inWords = (c: Checked): string =>
  `${holds(c) ? "Holds" : "Did not come out"}: ${c.says}. ${c.left} beside ${c.right}: ${c.of} ${shown(c.value.value)} ${c.unit} (95 %: ${shown(c.value.low)} to ${shown(c.value.high)}), expected ${limitInWords(c)}.`;

/** What the methods' cards say: every promise, and of the orderings those that did not come out. */
export const checkedNotes = (checked: readonly Checked[]): { method: string; text: string }[] =>
  checked.filter((c) => c.kind === "claim" || !holds(c)).map((c) => ({ method: c.method, text: inWords(c) }));
