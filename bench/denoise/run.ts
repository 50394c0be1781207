/**
 * `npm run bench:denoise`: ParallelBench's list tasks by strategy and parallelism beside the bound, RADD's passes beside the
 * formula. Prints tables and writes public/benchmarks/denoise.json. The page measures the tasks with the same code (src/parallel,
 * src/worker/solve.ts). Stories have a command of their own, run_stories.ts.
 *
 *   --quick          few problems and strategies; writes nothing
 *   --problems N     problems a task (default 36)
 *   --tasks MODEL    the masked model for the tasks: a bundled one or a folder (default task-diffusion)
 *   --minutes N      time for the tasks (default 35); strategies that do not fit are left out, and it says so
 *   --dry            writes nothing
 */
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { findModel } from "../../src/models/catalog";
import { directorySource } from "../../src/models/source_node";
import { accuracy, hasAny, passesOf, rowsOf } from "../../src/parallel/measurement";
import { AMBIGUOUS, lists, LISTS, type Measurement, SOLVABLE, TASKS } from "../../src/parallel/problems";
import { checkedNotes, checkedTable, holds, inWords, type Checked } from "../../src/parallel/checked";
import { boundChart, chartsOf, checksOf, notesOf, tableOf } from "../../src/parallel/report";
import {
  allStrategies,
  isForSquares,
  promptStrategies,
  quickStrategies,
} from "../../src/parallel/strategies";
import { EngineHost } from "../../src/worker/host";
import { writeResult } from "../result";
import { checkEvaluations, evaluationsChart, evaluationsNote, measureEvaluations } from "./evaluations";
import { measureTasks } from "./measure";

Object.assign(globalThis, globals);

/** The same tasks, learnt by a model whose prompt rows see the canvas, too; where it is, stored prompts are measured on it. */
const TWIN = "task-diffusion-full";

const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    dry: { type: "boolean", default: false },
    problems: { type: "string" },
    minutes: { type: "string", default: "35" },
    tasks: { type: "string", default: "task-diffusion" },
  },
});
const given = process.argv.slice(2);
const isQuick = args.quick;
const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`expected --${name} to be a whole number above 0, found ${text}`);
};
const problems = whole("problems", args.problems ?? (isQuick ? "3" : "36"));
if (!(Number(args.minutes) > 0))
  throw new Error(`expected --minutes to be a number above 0, found ${args.minutes}`);
const runs = isQuick ? 10 : 48;

const host = await EngineHost.open(create([]));
const bundled = (id: string) => directorySource(`public/models/${id}`, id);
const hasTwin = findModel(TWIN) !== undefined;
/** Who judges the canvas, where somebody does. */
const guider = findModel(args.tasks)?.draft ?? null;
const load = (id: string) => host.load(id, findModel(id) ? bundled(id) : directorySource(id));
await load(args.tasks);
if (guider !== null) await load(guider);
if (hasTwin) await load(TWIN);
console.log(`${host.gpu.adapter}\n`);

const charts: object[] = [];
const tables: object[] = [];
const notes: { method: string | null; text: string }[] = [];

const began = performance.now();
const told = (text: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);
/** Whether this share of the time is over. */
const isLate = (share: number) => (): boolean =>
  performance.now() - began > 60_000 * Number(args.minutes) * share;
const sayLeftOut = (all: readonly { label: string }[], done: number): void => {
  const left = all.slice(done).map(({ label }) => label);
  if (left.length > 0)
    notes.push({
      method: null,
      text: `Left out when the ${args.minutes} minutes were over: ${left.join("; ")}.`,
    });
};
const percent = (value: number): string => (100 * value).toFixed(0).padStart(4);
const tell = (m: Measurement): void => {
  const cells = TASKS.map((task) =>
    (hasAny(m, [task]) ? percent(accuracy(m, [task]).value) : "     -").padEnd(6),
  ).join(" ");
  const [one, several] = [accuracy(m, SOLVABLE).value, accuracy(m, lists(AMBIGUOUS)).value];
  told(
    `${m.strategy.label.padEnd(35)} ${passesOf(m, LISTS).value.toFixed(1).padStart(6)} ${rowsOf(m, LISTS).value.toFixed(0).padStart(5)}  ${percent(one)}  ${percent(several)}    | ${cells}`,
  );
};

console.log(`${problems} problems a task; right answers in %`);
console.log(
  `${" ".repeat(44)}passes  rows   one  several | ${TASKS.map((t) => t.slice(0, 4) + t.slice(-4, -2)).join(" ")}`,
);
const strategies = isQuick ? quickStrategies : allStrategies;
const measured = await measureTasks(
  host,
  args.tasks,
  {
    guider,
    problems,
    strategies,
    isLate: isLate(0.8),
    onSquares: isForSquares,
  },
  tell,
);
sayLeftOut(strategies, measured.size);
const { gpu } = await host.model(args.tasks);
const attention = gpu.masked?.attention === "prompt_isolated" ? "isolated" : "full";
charts.push(...chartsOf(measured, problems), boundChart());
/** Prints what did not come out. */
const tellMisses = (all: readonly Checked[]): void => {
  console.log(`\n${all.filter(holds).length} of ${all.length} expectations hold.`);
  for (const checked of all.filter((c) => !holds(c))) console.log(`  ${inWords(checked)}`);
};
const checks = [...checksOf(measured, attention)];
tellMisses(checks);
tables.push(tableOf(measured, gpu.layerCount, problems));
notes.push(...notesOf(measured, attention));

if (hasTwin) {
  console.log(`\n${TWIN}`);
  const options = {
    guider: null,
    problems,
    strategies: promptStrategies,
    isLate: isLate(1),
    onSquares: () => false,
  };
  const twin = await measureTasks(host, TWIN, options, tell);
  const layers = (await host.model(TWIN)).gpu.layerCount;
  tables.push({ ...tableOf(twin, layers, problems), title: `Stored prompts: ${TWIN}` });
  notes.push(
    ...notesOf(twin, "full")
      .filter(({ method }) => method === "dkv-cache" || method === "combined-denoising")
      .map(({ method, text }) => ({ method, text: `${TWIN}, whose prompt rows see the canvas: ${text}` })),
  );
} else
  notes.push({
    method: "dkv-cache",
    text: `Not measured: what a stored prompt costs a model whose prompt rows see the canvas. All figures here are of ${args.tasks}, whose prompt rows see the prompt alone, so that a stored prompt is exact; no twin with full attention comes with this page.`,
  });

console.log("\nRADD: steps, passes measured, expected");
const evaluations = await measureEvaluations(host, args.tasks, runs);
for (const { steps, measured: passes, expected } of evaluations)
  told(
    `${String(steps).padStart(5)} ${passes.value.toFixed(2).padStart(7)} ${expected.toFixed(2).padStart(7)}`,
  );
charts.push(evaluationsChart(evaluations, runs));
notes.push(evaluationsNote(evaluations));

const laterChecks = checkEvaluations(evaluations, runs);
tellMisses(laterChecks);
notes.unshift(...checkedNotes(laterChecks));
checks.push(...laterChecks);
tables.unshift(...(["claim", "ordering"] as const).map((kind) => checkedTable(checks, kind)));

if (!isQuick && !args.dry) {
  const path = await writeResult({
    id: "denoise",
    title: "ParallelBench: what may be decoded in parallel",
    summary:
      "Which tasks survive when several positions are committed at once, what caches and early commits save, and what they cost in accuracy, for every denoising method on the bundled models.",
    command: ["npm run bench:denoise", ...(given.length > 0 ? ["--", ...given] : [])].join(" "),
    adapter: host.gpu.adapter,
    isSoftware: host.gpu.isSoftware,
    models: [args.tasks, ...(guider === null ? [] : [guider]), ...(hasTwin ? [TWIN] : [])],
    charts: charts as never,
    tables: tables as never,
    notes,
  });
  console.log(`\nwrote ${path}`);
}
host.destroy();
process.exit(0);
