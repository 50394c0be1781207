/**
 * Orderings that a model of lists with full attention and one with an isolated prompt have shown before; a trained model is
 * right if it shows them, too. Their order counts, not their digits.
 */
import { accuracy, hasAny, passesOf, rowsOf } from "./measurement";
import { AMBIGUOUS, lists, LISTS, SOLVABLE, type Measurement, type TaskId } from "./problems";
import { BASELINE, planned } from "./strategies";

/** So many points are no loss: about two standard errors of some hundred problems. */
const KEEPS = 5;
const SEVERAL = lists(AMBIGUOUS);

interface Side {
  readonly strategy: string;
  readonly tasks: readonly TaskId[];
}
interface Expectation {
  /** Of which kind of model it is expected. */
  readonly of: "any" | "isolated";
  readonly says: string;
  readonly measure: "right" | "passes" | "rows";
  readonly left: Side;
  readonly right: Side;
  /** "keeps": the left has no more than {@link KEEPS} points less than the right. */
  readonly relation: "more" | "fewer" | "keeps";
}

const side = (strategy: string, ...tasks: TaskId[]): Side => ({ strategy, tasks });
const low = (perStep: 1 | 2 | 4 | 8): string => planned("confidence", perStep);
const sampled = (perStep: 1 | 2 | 4 | 8): string => planned("sampled", perStep);

const right = (says: string, left: Side, than: Side, relation: "more" | "keeps" = "more"): Expectation => ({
  ...{ of: "any", measure: "right", says, left, right: than, relation },
});
const fewer = (says: string, measure: "passes" | "rows", left: string, than: string): Expectation => ({
  ...{ of: "any", measure, says, left: side(left, ...LISTS), right: side(than, ...LISTS), relation: "fewer" },
});
const isolated = (e: Expectation): Expectation => ({ ...e, of: "isolated" });

export const expectations: readonly Expectation[] = [
  ...SOLVABLE.map((task) =>
    right(
      "One right answer: all at once is as good as one by one",
      side(low(8), task),
      side(low(1), task),
      "keeps",
    ),
  ),
  ...(["shuffle", "replace_random", "insert_random", "latin"] as const).map((task) =>
    right(
      "Several right answers: two at once lose what one by one has",
      side(low(1), task),
      side(low(2), task),
    ),
  ),
  right(
    "The surest two lose more than a random two",
    side(planned("random", 2), ...SEVERAL),
    side(low(2), ...SEVERAL),
  ),
  right(
    "All at once, leaving out is the last to fail",
    side(low(8), "remove_random"),
    side(low(8), "insert_random"),
  ),
  right(
    "Sampling all at once is right by luck where the most probable tokens are not",
    side(sampled(8), "replace_random"),
    side(low(8), "replace_random"),
  ),
  right("And errs where these are right", side(low(8), "remove_random"), side(sampled(8), "remove_random")),
  right(
    "A higher threshold keeps more",
    side("threshold 0.9", ...SEVERAL),
    side("threshold 0.7", ...SEVERAL),
  ),
  right(
    "A higher threshold keeps more",
    side("threshold 0.7", ...SEVERAL),
    side("threshold 0.5", ...SEVERAL),
  ),
  fewer("A lower threshold needs fewer passes", "passes", "threshold 0.5", "threshold 0.7"),
  fewer("A lower threshold needs fewer passes", "passes", "threshold 0.7", "threshold 0.9"),
  right(
    "The factor stands between thresholds",
    side("threshold 0.9", ...SEVERAL),
    side("factor 1", ...SEVERAL),
    "keeps",
  ),
  right(
    "The factor stands between thresholds",
    side("factor 1", ...SEVERAL),
    side("threshold 0.5", ...SEVERAL),
  ),
  right(
    "An entropy bound keeps what a threshold keeps",
    side("entropy bound 0.1", ...SEVERAL),
    side("threshold 0.9", ...SEVERAL),
    "keeps",
  ),
  right(
    "Prophet by the smallest gap keeps more than by the mean",
    side("Prophet, smallest gap, bar 2", ...SEVERAL),
    side("Prophet, mean, bars of the paper", ...SEVERAL),
  ),
  right("Ascending steps lose shuffles", side(low(1), "shuffle"), side("ASS", "shuffle")),
  isolated(
    right(
      "A delayed cache loses nothing, even never refreshed",
      side("dKV Decode, never refreshed", ...LISTS),
      side(BASELINE.label, ...LISTS),
      "keeps",
    ),
  ),
  ...(["shuffle", "replace_random", "insert_random"] as const).map((task) =>
    isolated(
      right(
        "Without the delay it fails",
        side("dKV Decode, never refreshed", task),
        side("without delay, never refreshed", task),
      ),
    ),
  ),
  isolated(
    fewer("The delayed cache computes fewer rows", "rows", "dKV Decode, never refreshed", BASELINE.label),
  ),
  isolated(
    fewer(
      "Without delay fewer still",
      "rows",
      "without delay, never refreshed",
      "dKV Decode, never refreshed",
    ),
  ),
  isolated(
    right("A stored prompt is exact", side("dKV Prefill", ...LISTS), side(BASELINE.label, ...LISTS), "keeps"),
  ),
  ...["prefix", "dual"].map((cache) =>
    isolated(
      right(
        `Blocks with a ${cache} cache keep what they have without one`,
        side(`blocks of 4, ${cache} cache`, ...SEVERAL),
        side("blocks of 4", ...SEVERAL),
        "keeps",
      ),
    ),
  ),
  isolated(
    fewer(
      "A dual cache computes fewer rows than a prefix cache",
      "rows",
      "blocks of 4, dual cache",
      "blocks of 4, prefix cache",
    ),
  ),
];

/** An expectation beside what was measured. */
export interface Checked {
  readonly expectation: Expectation;
  readonly left: number;
  readonly right: number;
  readonly holds: boolean;
}

/** Every expectation of a model of this kind whose both sides were measured. Accuracies come in percent. */
export function checkExpectations(
  measured: ReadonlyMap<string, Measurement>,
  attention: "isolated" | "full",
): Checked[] {
  return expectations.flatMap((expectation) => {
    const { of, measure, left, right: than, relation } = expectation;
    const [a, b] = [measured.get(left.strategy), measured.get(than.strategy)];
    if ((of === "isolated" && attention === "full") || !a || !b) return [];
    if (!hasAny(a, left.tasks) || !hasAny(b, than.tasks)) return [];
    const value = (m: Measurement, tasks: readonly TaskId[]): number =>
      measure === "right"
        ? 100 * accuracy(m, tasks).value
        : (measure === "rows" ? rowsOf : passesOf)(m, tasks).value;
    const [x, y] = [value(a, left.tasks), value(b, than.tasks)];
    const holds = relation === "more" ? x > y : relation === "fewer" ? x < y : x >= y - KEEPS;
    return [{ expectation, left: x, right: y, holds }];
  });
}

const RELATION = {
  more: "more than",
  fewer: "fewer than",
  keeps: `at most ${KEEPS} points less than`,
} as const;
const MEASURE = { right: "right answers, %", passes: "passes", rows: "rows" } as const;

/** One row an expectation. */
export function expectationTable(checked: readonly Checked[], nameOf: (tasks: readonly TaskId[]) => string) {
  const named = ({ strategy, tasks }: Side): string => `${strategy}: ${nameOf(tasks)}`;
  return {
    title: "Orderings",
    help: `What models like this one have shown before, beside what this one shows: ${checked.filter((c) => c.holds).length} of ${checked.length} hold.`,
    columns: [
      { key: "says", label: "Expected", help: "The ordering in words." },
      { key: "measure", label: "Of", help: "What is compared: means over the problems of the tasks named." },
      { key: "left", label: "This", help: "Strategy and tasks that the ordering speaks of." },
      { key: "leftValue", label: "has", help: "Its value.", digits: 1 },
      { key: "relation", label: "and should have", help: `How it should stand to the other side.` },
      { key: "right", label: "that", help: "What it is compared with." },
      { key: "rightValue", label: "having", help: "The other side's value.", digits: 1 },
      { key: "holds", label: "Holds", help: "Whether the values stand as expected." },
    ],
    rows: checked.map(({ expectation: e, left, right: than, holds }) => ({
      says: e.says,
      measure: MEASURE[e.measure],
      left: named(e.left),
      leftValue: left,
      relation: RELATION[e.relation],
      right: named(e.right),
      rightValue: than,
      holds,
    })),
  };
}

/** What is said on the method's page of an ordering that does not hold. */
export const missedNotes = (
  checked: readonly Checked[],
  measured: ReadonlyMap<string, Measurement>,
  nameOf: (tasks: readonly TaskId[]) => string,
): { method: string; text: string }[] =>
  checked
    .filter(({ holds }) => !holds)
    .map(({ expectation: e, left, right: than }) => ({
      method: measured.get(e.left.strategy)!.strategy.method,
      text: `Did not come out: ${e.says} (${MEASURE[e.measure]}). ${e.left.strategy}: ${nameOf(e.left.tasks)} has ${left.toFixed(1)}, which should be ${RELATION[e.relation]} the ${than.toFixed(1)} of ${e.right.strategy}: ${nameOf(e.right.tasks)}.`,
    }));
