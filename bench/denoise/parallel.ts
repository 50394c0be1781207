/** Accuracy of strategies on the tasks against what they cost, beside what parallel decoding must lose. */
import type { EngineHost } from "../../src/worker/host";
import { GpuCanvasSession } from "../../src/runtime/canvas_session";
import { orderOf } from "./orders";
import { answersOf, idealAccuracy, lostBits } from "./bound";
import type { Strategy } from "./decode";
import { mean, share, type Estimate } from "./statistics";
import { adaptive, BASELINE, caches, combinations, curves, PARALLEL } from "./strategies";
import {
  AMBIGUOUS,
  canvasOf,
  LEVELS,
  MOST_PROMPT,
  type Outcome,
  problemsOf,
  solve,
  SOLVABLE,
  type TaskId,
  TASKS,
} from "./tasks";

/** A strategy over all tasks. */
export interface Measurement {
  readonly strategy: Strategy;
  readonly byTask: ReadonlyMap<TaskId, Outcome>;
}

/** Share of right answers over those of `tasks` that were measured. */
export const accuracy = ({ byTask }: Measurement, tasks: readonly TaskId[]): Estimate => {
  const right = tasks.flatMap((task) => byTask.get(task)?.right ?? []);
  return share(right.filter(Boolean).length, right.length);
};
export const lists = (tasks: readonly TaskId[]): TaskId[] => tasks.filter((task) => task !== "latin");
export const LISTS = lists(TASKS);
/** Means over the tasks' problems. */
export const passesOf = ({ byTask }: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(tasks.flatMap((task) => byTask.get(task)?.passes ?? []));
export const rowsOf = ({ byTask }: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(tasks.flatMap((task) => byTask.get(task)?.rows ?? []));

/** Problems decoded at the same time: a pass waits for its readback, and others use the wait. */
const SIDE_BY_SIDE = 6;

/** Measures every strategy; `tell` hears of each as it is done. */
export async function measure(
  host: EngineHost,
  modelId: string,
  options: {
    readonly problems: number;
    readonly strategies: readonly Strategy[];
    /** Whether a strategy is measured on Latin squares, too: they cost as much as several lists. */
    readonly onSquares: (s: Strategy) => boolean;
    /** Whether the time is up: then what is left is left out. */
    readonly isLate: () => boolean;
  },
  tell: (m: Measurement) => void,
): Promise<Map<string, Measurement>> {
  const model = await host.model(modelId);
  const open = (): Promise<GpuCanvasSession> =>
    GpuCanvasSession.open(host.engine, {
      model: model.gpu,
      guider: null,
      seed: 1,
      length: MOST_PROMPT + canvasOf("latin"),
      tuning: host.tuning,
      profiler: null,
    });
  const sessions = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, open));
  const measured = new Map<string, Measurement>();
  for (const strategy of options.strategies) {
    if (measured.size > 0 && options.isLate()) break;
    const byTask = new Map<TaskId, Outcome>();
    for (const task of options.onSquares(strategy) ? TASKS : lists(TASKS))
      byTask.set(task, await solve(sessions, model, strategy, task, problemsOf(task, options.problems)));
    const measurement = { strategy, byTask };
    measured.set(strategy.label, measurement);
    tell(measurement);
  }
  for (const session of sessions) session.dispose();
  return measured;
}

/** What is to be measured first, in case time runs out. */
const FIRST = /threshold 0.9|Prophet|N = 8|without delay|blocks|ASS/;

/** Every strategy, each once. */
export const allStrategies: readonly Strategy[] = [
  ...curves.confidence,
  ...curves.sampled,
  ...[...adaptive, ...caches].filter(({ label }) => FIRST.test(label)),
  ...combinations,
  ...[...adaptive, ...caches].filter(({ label }) => !FIRST.test(label)),
  ...curves.random.slice(0, 2),
];
/** A few of each kind. */
export const quickStrategies: readonly Strategy[] = [
  ...curves.confidence,
  ...curves.sampled,
  ...adaptive.filter(({ label }) => /threshold 0.9|Prophet|RADD/.test(label)),
  ...caches.filter(({ label }) => /N = 8|blocks/.test(label)),
];

/** Orders over which laws of random order are averaged. */
const ORDERS = 24;
const BOUND_TASKS = lists(AMBIGUOUS);

/** Means over lengths and random orders of `of`, for each number of tokens a step. */
function overOrders(task: TaskId, of: typeof lostBits): { x: number; y: number }[] {
  return PARALLEL.map((perStep) => {
    const values = LEVELS.flatMap((n) => {
      const canvas = canvasOf(task);
      const answers = answersOf(task, n, canvas)!;
      return Array.from({ length: ORDERS }, (_, seed) => of(answers, orderOf(seed, canvas, perStep)));
    });
    return { x: perStep, y: mean(values).value };
  });
}

const point = (x: number | string, { value, low, high }: Estimate, scale = 100) => ({
  x,
  y: scale * value,
  low: scale * low,
  high: scale * high,
});
const NAMES: Readonly<Record<TaskId, string>> = {
  copy: "copy",
  reverse: "reverse",
  sort: "sort",
  replace_index: "replace at a place",
  shuffle: "shuffle",
  replace_random: "replace anywhere",
  insert_random: "insert anywhere",
  remove_random: "remove anywhere",
  latin: "Latin square",
};

const perStepAxis = { label: "Tokens per step", scale: "log" as const };
const rightAxis = { label: "Right answers", unit: "%", range: [0, 100] as [number, number] };

/** Charts of the page. */
export function chartsOf(measured: ReadonlyMap<string, Measurement>, problems: number) {
  const byTask = (curve: (typeof curves)[keyof typeof curves], tasks: readonly TaskId[]) =>
    tasks.map((task) => ({
      label: NAMES[task],
      points: curve.flatMap(({ label, tokensPerStep }) => {
        const m = measured.get(label);
        return m ? [point(tokensPerStep, accuracy(m, [task]))] : [];
      }),
    }));
  const costs = (tasks: readonly TaskId[]) =>
    [...measured.values()].map((m) => ({
      ...point(passesOf(m, tasks).value, accuracy(m, tasks)),
      label: m.strategy.label,
    }));
  const sizes = `${problems} problems a task, lists of ${LEVELS.join(", ")} letters on 8 positions, squares on 16; bars are 95 % intervals.`;
  return [
    {
      title: "Low confidence: accuracy and parallelism",
      shows: `The surest positions of a step together. Tasks with one right answer stay, those with several are lost: their tokens depend on one another. ${sizes}`,
      x: perStepAxis,
      y: rightAxis,
      series: byTask(curves.confidence, TASKS),
    },
    {
      title: "What parallel decoding must lose",
      shows:
        "Conditional total correlation of the positions committed together, added over the steps of a random order: the least divergence between the right answers' law and any decoder with that plan, however good its model. 0 for tasks with one right answer. Exact, over all right answers.",
      x: perStepAxis,
      y: { label: "Lower bound", unit: "bits" },
      series: BOUND_TASKS.map((task) => ({ label: NAMES[task], points: overOrders(task, lostBits) })),
    },
    {
      title: "The model beside an ideal one, sampled in random order",
      shows: `Points: the model at temperature 1. Dashed: an ideal model with the same plan, exact. What lies between is the model's own error. ${sizes}`,
      x: perStepAxis,
      y: rightAxis,
      series: byTask(curves.sampled, BOUND_TASKS),
      references: BOUND_TASKS.map((task) => ({
        kind: "curve" as const,
        label: `${NAMES[task]}, ideal`,
        points: overOrders(task, idealAccuracy).map(({ x, y }) => ({ x, y: 100 * y })),
      })),
    },
    {
      title: "Every strategy: accuracy and forward passes",
      shows: `One point a strategy and kind of task (lists only). Up and to the left is better. ${sizes}`,
      mark: "points" as const,
      x: { label: "Forward passes of an answer" },
      y: rightAxis,
      series: [
        { label: "one right answer", points: costs(SOLVABLE) },
        { label: "several right answers", points: costs(lists(AMBIGUOUS)) },
      ],
    },
  ];
}

/** One row a strategy, and what the columns mean. */
export function tableOf(measured: ReadonlyMap<string, Measurement>, layers: number, problems: number) {
  const base = measured.get(BASELINE.label)!;
  const baseRows = rowsOf(base, LISTS).value;
  const rows = [...measured.values()].map((m) => {
    const [one, several] = [accuracy(m, SOLVABLE), accuracy(m, lists(AMBIGUOUS))];
    return {
      strategy: m.strategy.label,
      method: m.strategy.method,
      passes: passesOf(m, LISTS).value,
      rowLayers: layers * rowsOf(m, LISTS).value,
      ratio: rowsOf(m, LISTS).value / baseRows,
      one: 100 * one.value,
      oneLow: 100 * one.low,
      oneHigh: 100 * one.high,
      several: 100 * several.value,
      severalLow: 100 * several.low,
      severalHigh: 100 * several.high,
      ...Object.fromEntries(
        TASKS.map((task) => [task, m.byTask.has(task) ? 100 * accuracy(m, [task]).value : null]),
      ),
    };
  });
  const percent = { unit: "%", digits: 0 };
  const interval = "End of its 95 % interval (Wilson).";
  return {
    title: "All strategies",
    help: `${problems} problems a task from the test split; at temperature 0 unless it says sampled. Compare accuracy with the first row, one token a step.`,
    columns: [
      { key: "strategy", label: "Strategy", help: "Its settings; what is not said is the method's default." },
      { key: "method", label: "Method", help: "The link opens its card.", of: "method" as const },
      { key: "passes", label: "Passes", help: "Forward passes of an answer, mean over lists.", digits: 1 },
      {
        key: "rowLayers",
        label: "Row-layers",
        help: "Rows computed times layers, mean over lists.",
        digits: 0,
      },
      { key: "ratio", label: "of one a step", help: "Row-layers beside those of the first row.", digits: 2 },
      {
        key: "one",
        label: "One answer",
        help: `Right answers over ${SOLVABLE.map((t) => NAMES[t]).join(", ")}.`,
        unit: "%",
        digits: 1,
      },
      { key: "oneLow", label: "from", help: interval, unit: "%", digits: 1 },
      { key: "oneHigh", label: "to", help: interval, unit: "%", digits: 1 },
      {
        key: "several",
        label: "Several",
        help: `Right answers over ${lists(AMBIGUOUS)
          .map((t) => NAMES[t])
          .join(", ")}.`,
        unit: "%",
        digits: 1,
      },
      { key: "severalLow", label: "from", help: interval, unit: "%", digits: 1 },
      { key: "severalHigh", label: "to", help: interval, unit: "%", digits: 1 },
      ...TASKS.map((task) => ({
        key: task,
        label: NAMES[task],
        help: `Right answers of ${problems}.`,
        ...percent,
      })),
    ],
    rows,
  };
}

const shown = (e: Estimate): string => `${(100 * e.value).toFixed(1)} %`;

/** What the page says on the methods' cards, made of the measured numbers. */
export function notesOf(measured: ReadonlyMap<string, Measurement>): { method: string; text: string }[] {
  const base = measured.get(BASELINE.label)!;
  const compared = (
    label: string,
    tasks: readonly TaskId[],
    kind: string,
  ): { method: string; text: string }[] => {
    const m = measured.get(label);
    if (!m) return [];
    const [own, before] = [accuracy(m, tasks), accuracy(base, tasks)];
    const saved = 100 * (1 - passesOf(m, tasks).value / passesOf(base, tasks).value);
    const rows = 100 * (rowsOf(m, tasks).value / rowsOf(base, tasks).value);
    return [
      {
        method: m.strategy.method,
        text: `${label}: on ${own.count} problems with ${kind}, ${shown(own)} right against ${shown(before)} one token a step; ${saved.toFixed(0)} % of the passes saved, ${rows.toFixed(0)} % of the row-layers computed.`,
      },
    ];
  };
  const one = "one right answer";
  const all = "one or several right answers";
  return [
    ...["threshold 0.9", "factor 1"].flatMap((label) => compared(label, LISTS, all)),
    ...adaptive.filter((s) => s.method === "prophet").flatMap(({ label }) => compared(label, SOLVABLE, one)),
    ...["ASS", "ASS and EOSER 0.01"].flatMap((label) => compared(label, LISTS, all)),
    ...caches.filter((s) => s.method === "dkv-cache").flatMap(({ label }) => compared(label, LISTS, all)),
    ...combinations.flatMap(({ label }) => compared(label, LISTS, all)),
  ];
}
