/** Charts, tables and notes of strategies on the tasks, in the form of docs/benchmarks.md. */
import { answersOf, idealAccuracy, lostBits } from "./bound";
import { checkedNotes, checkedTable } from "./checked";
import { checkExpectations } from "./expectations";
import { accuracy, guiderPassesOf, hasAny, passesOf, rowsOf, stepsOf } from "./measurement";
import { orderOf } from "./orders";
import {
  AMBIGUOUS,
  type Attention,
  canvasOf,
  LEVELS,
  lists,
  LISTS,
  type Measured,
  SOLVABLE,
  type TaskId,
  TASKS,
} from "./problems";
import { mean, type Estimate } from "./statistics";
import { BASELINE, curves, PARALLEL } from "./strategies";

export const NAMES: Readonly<Record<TaskId, string>> = {
  copy: "copy",
  reverse: "reverse",
  sort: "sort",
  replace_index: "replace at a place",
  insert_index: "insert at a place",
  remove_index: "remove at a place",
  shuffle: "shuffle",
  replace_random: "replace anywhere",
  insert_random: "insert anywhere",
  remove_random: "remove anywhere",
  latin: "Latin square",
};
const SEVERAL = lists(AMBIGUOUS);
const isSame = (a: readonly TaskId[], b: readonly TaskId[]): boolean => a.join() === b.join();
/** A few tasks in words. */
const tasksInWords = (tasks: readonly TaskId[]): string =>
  isSame(tasks, LISTS)
    ? "all lists"
    : isSame(tasks, SOLVABLE)
      ? "lists with one answer"
      : isSame(tasks, SEVERAL)
        ? "lists with several answers"
        : tasks.map((t) => NAMES[t]).join(", ");

/** Orders over which laws of random order are averaged. */
const ORDERS = 24;

type Curve = readonly { readonly x: number; readonly y: number }[];

/** Means over lengths and random orders of `of`, for each number of tokens a step. */
function overOrders(task: TaskId, of: typeof lostBits): Curve {
  const canvas = canvasOf(task);
  const laws = (task === "latin" ? [4] : LEVELS).map((n) => answersOf(task, n, canvas)!);
  return PARALLEL.map((perStep) => {
    const orders = Array.from({ length: ORDERS }, (_, seed) => orderOf(seed, canvas, perStep));
    return { x: perStep, y: mean(laws.flatMap((law) => orders.map((order) => of(law, order)))).value };
  });
}

/** Each is worked out once: the page draws them again with every measurement. */
function remembered(curve: (task: TaskId) => Curve): (task: TaskId) => Curve {
  const known = new Map<TaskId, Curve>();
  return (task) => {
    const found = known.get(task) ?? curve(task);
    known.set(task, found);
    return found;
  };
}
const lostCurve = remembered((task) => overOrders(task, lostBits));
const idealCurve = remembered((task) =>
  overOrders(task, idealAccuracy).map(({ x, y }) => ({ x, y: 100 * y })),
);

const point = (x: number, { value, low, high }: Estimate) => ({
  x,
  y: 100 * value,
  low: 100 * low,
  high: 100 * high,
});
const perStepAxis = { label: "Tokens per step", scale: "log" as const };
const rightAxis = { label: "Right answers", unit: "%", range: [0, 100] as [number, number] };

/** What was tried, in words. */
const sizesOf = (problems: number): string =>
  `${problems} problems a task, lists of ${LEVELS.join(", ")} letters on 8 positions, squares on 16; bars are 95 % intervals.`;

/** A curve over parallelism: one series a task that was measured. */
const seriesOf = (
  measured: Measured,
  curve: (typeof curves)[keyof typeof curves],
  tasks: readonly TaskId[],
) =>
  tasks
    .map((task) => ({
      label: NAMES[task],
      points: curve.flatMap(({ id, tokensPerStep }) => {
        const m = measured.get(id);
        return m && hasAny(m, [task]) ? [point(tokensPerStep, accuracy(m, [task]))] : [];
      }),
    }))
    .filter(({ points }) => points.length > 0);

/** The lower bound for the tasks whose law is known. */
export function boundChart(tasks: readonly TaskId[] = AMBIGUOUS) {
  return {
    title: "What parallel decoding must lose",
    shows:
      "Conditional total correlation of the positions committed together, added over the steps of a random order: the least divergence between the right answers' law and any decoder with that plan, however good its model. 0 for tasks with one right answer. Exact, over all answers that the task draws.",
    x: perStepAxis,
    y: { label: "Lower bound", unit: "bits" },
    series: tasks.map((task) => ({ label: NAMES[task], points: lostCurve(task) })),
  };
}

/** Charts of what was measured; those without a point are left out. `problems` is the number of each task. */
export function chartsOf(measured: Measured, problems: number) {
  const sizes = sizesOf(problems);
  const costs = (tasks: readonly TaskId[]) =>
    [...measured.values()]
      .filter((m) => hasAny(m, tasks))
      .map((m) => ({
        ...point(passesOf(m, tasks).value + guiderPassesOf(m, tasks).value, accuracy(m, tasks)),
        label: m.strategy.label,
      }));
  const sampled = SEVERAL.filter((task) => seriesOf(measured, curves.sampled, [task]).length > 0);
  const charts = [
    {
      title: "Low confidence: accuracy and parallelism",
      shows: `The surest positions of a step together. Tasks with one right answer stay, those with several are lost: their tokens depend on one another. ${sizes}`,
      x: perStepAxis,
      y: rightAxis,
      series: seriesOf(measured, curves.confidence, TASKS),
    },
    {
      title: "The model beside an ideal one, sampled in random order",
      shows: `Points: the model at temperature 1. Dashed: an ideal model with the same plan, exact. What lies between is the model's own error. ${sizes}`,
      x: perStepAxis,
      y: rightAxis,
      series: seriesOf(measured, curves.sampled, sampled),
      references: sampled.map((task) => ({
        kind: "curve" as const,
        label: `${NAMES[task]}, ideal`,
        points: idealCurve(task),
      })),
    },
    {
      title: "Every strategy: accuracy and forward passes",
      shows: `One point a strategy and kind of task (lists only); passes of a guider count, too. Up and to the left is better. ${sizes}`,
      mark: "points" as const,
      x: { label: "Forward passes of an answer" },
      y: rightAxis,
      series: [
        { label: "one right answer", points: costs(SOLVABLE) },
        { label: "several right answers", points: costs(SEVERAL) },
      ].filter(({ points }) => points.length > 0),
    },
  ];
  return charts.filter(({ series }) => series.length > 0);
}

/** One row a strategy, and what the columns mean. */
export function tableOf(measured: Measured, layers: number, problems: number) {
  const base = measured.get(BASELINE.id);
  const baseRows = base && hasAny(base, LISTS) ? rowsOf(base, LISTS).value : null;
  const tasks = TASKS.filter((task) => [...measured.values()].some((m) => hasAny(m, [task])));
  const rows = [...measured.values()].map((m) => {
    const percentOf = (of: readonly TaskId[], end: "value" | "low" | "high" = "value"): number | null =>
      hasAny(m, of) ? 100 * accuracy(m, of)[end] : null;
    const rowsNow = hasAny(m, LISTS) ? rowsOf(m, LISTS).value : null;
    return {
      strategy: m.strategy.label,
      method: m.strategy.method,
      steps: hasAny(m, LISTS) ? stepsOf(m, LISTS).value : null,
      passes: hasAny(m, LISTS) ? passesOf(m, LISTS).value : null,
      judged: hasAny(m, LISTS) ? guiderPassesOf(m, LISTS).value : null,
      rowLayers: rowsNow === null ? null : layers * rowsNow,
      ratio: rowsNow === null || baseRows === null ? null : rowsNow / baseRows,
      one: percentOf(SOLVABLE),
      oneLow: percentOf(SOLVABLE, "low"),
      oneHigh: percentOf(SOLVABLE, "high"),
      several: percentOf(SEVERAL),
      severalLow: percentOf(SEVERAL, "low"),
      severalHigh: percentOf(SEVERAL, "high"),
      ...Object.fromEntries(tasks.map((task) => [task, percentOf([task])])),
    };
  });
  const percent = { unit: "%", digits: 1 };
  const interval = "End of its 95 % interval (Wilson).";
  const meanOver = (of: readonly TaskId[]): string =>
    `Right answers over ${of.map((t) => NAMES[t]).join(", ")}, as far as measured.`;
  return {
    title: "All strategies",
    help: `${problems} problems a task from the test split; at temperature 0 unless it says sampled. Compare accuracy with the first row, one token a step.`,
    columns: [
      { key: "strategy", label: "Strategy", help: "Its settings; what is not said is the method's default." },
      { key: "method", label: "Method", help: "The link opens its card.", of: "method" as const },
      { key: "steps", label: "Steps", help: "Steps of an answer, mean over lists.", digits: 1 },
      {
        key: "passes",
        label: "Passes",
        help: "Forward passes of an answer, mean over lists; steps that change nothing need none.",
        digits: 1,
      },
      {
        key: "judged",
        label: "and of the guider",
        help: "Forward passes of the causal model that judges, mean over lists; its rows are not among the row-layers.",
        digits: 1,
      },
      {
        key: "rowLayers",
        label: "Row-layers",
        help: "Rows computed times layers, mean over lists.",
        digits: 0,
      },
      {
        key: "ratio",
        label: "of one a step",
        help: "Row-layers beside those of one token a step.",
        digits: 2,
      },
      { key: "one", label: "One answer", help: meanOver(SOLVABLE), ...percent },
      { key: "oneLow", label: "from", help: interval, ...percent },
      { key: "oneHigh", label: "to", help: interval, ...percent },
      { key: "several", label: "Several", help: meanOver(SEVERAL), ...percent },
      { key: "severalLow", label: "from", help: interval, ...percent },
      { key: "severalHigh", label: "to", help: interval, ...percent },
      ...tasks.map((task) => ({
        key: task,
        label: NAMES[task],
        help: `Right answers of ${problems}.`,
        ...{ unit: "%", digits: 0 },
      })),
    ],
    rows,
  };
}

/** What is expected of a model of this kind, beside what was measured. */
export const checksOf = (measured: Measured, attention: Attention) =>
  checkExpectations(measured, attention, tasksInWords);

/** Tables of what is expected and what came out; those without a row are left out. */
export const checkedTables = (checked: ReturnType<typeof checksOf>) =>
  (["claim", "ordering"] as const)
    .map((kind) => checkedTable(checked, kind))
    .filter(({ rows }) => rows.length > 0);

const shown = (e: Estimate): string => `${(100 * e.value).toFixed(1)} %`;

/** A strategy beside one token a step, in one sentence; null if either was not measured. */
export function comparedWith(
  measured: Measured,
  id: string,
  tasks: readonly TaskId[],
  kind: string,
): string | null {
  const [m, base] = [measured.get(id), measured.get(BASELINE.id)];
  if (!m || !base || !hasAny(m, tasks) || !hasAny(base, tasks)) return null;
  const [own, before] = [accuracy(m, tasks), accuracy(base, tasks)];
  const saved = 100 * (1 - passesOf(m, tasks).value / passesOf(base, tasks).value);
  const rows = 100 * (rowsOf(m, tasks).value / rowsOf(base, tasks).value);
  const judged = guiderPassesOf(m, tasks).value;
  const guided = judged > 0 ? `, beside ${judged.toFixed(1)} passes of the guider an answer` : "";
  return `${m.strategy.label}: on ${own.count} problems with ${kind}, ${shown(own)} right against ${shown(before)} one token a step; ${saved.toFixed(0)} % of the passes saved, ${rows.toFixed(0)} % of the row-layers computed${guided}.`;
}

/** What the page says on the methods' cards, made of the measured numbers. */
export function notesOf(measured: Measured, attention: Attention): { method: string; text: string }[] {
  const one: readonly TaskId[] = SOLVABLE;
  const compared = [...measured.values()].flatMap(({ strategy: { id, method } }) => {
    if (id === BASELINE.id) return [];
    // What commits early is made for answers that are clear.
    const kinds: [readonly TaskId[], string][] =
      method === "prophet" || method === "guided-diffusion"
        ? [
            [one, "one right answer"],
            [SEVERAL, "several right answers"],
          ]
        : [[LISTS, "one or several right answers"]];
    return kinds.flatMap(([tasks, kind]) => {
      const text = comparedWith(measured, id, tasks, kind);
      return text === null ? [] : [{ method, text }];
    });
  });
  return [...checkedNotes(checksOf(measured, attention)), ...compared];
}
