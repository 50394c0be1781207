/**
 * `npm run bench:denoise`: ParallelBench's list tasks by strategy and parallelism beside the bound, stories by strategy,
 * RADD's passes beside the formula. Prints tables and writes public/benchmarks/denoise.json.
 *
 *   --quick          few problems and strategies; writes nothing
 *   --problems N     problems a task (default 12)
 *   --tasks MODEL    the masked model for the tasks: a bundled one or a folder (default task-diffusion)
 *   --minutes N      time for the tasks and stories (default 20); strategies that do not fit are left out, and it says so
 *   --dry            writes nothing
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { findModel } from "../../src/models/catalog";
import { directorySource } from "../../src/models/source_node";
import { EngineHost } from "../../src/worker/host";
import { writeResult } from "../result";
import { evaluationsChart, evaluationsNote, measureEvaluations } from "./evaluations";
import {
  accuracy,
  allStrategies,
  chartsOf,
  LISTS,
  lists,
  measure,
  notesOf,
  passesOf,
  quickStrategies,
  rowsOf,
  tableOf,
} from "./parallel";
import { measureStories, storyCharts, storyNotes, storyRow, storyStrategies, storyTable } from "./stories";
import { AMBIGUOUS, SOLVABLE, TASKS } from "./tasks";

Object.assign(globalThis, globals);

const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    dry: { type: "boolean", default: false },
    problems: { type: "string" },
    minutes: { type: "string", default: "20" },
    tasks: { type: "string", default: "task-diffusion" },
  },
});
const given = process.argv.slice(2);
const isQuick = args.quick;
const problems = Number(args.problems ?? (isQuick ? 3 : 12));
if (!(Number(args.minutes) > 0))
  throw new Error(`expected --minutes to be a number above 0, found ${args.minutes}`);
if (!Number.isInteger(problems) || problems < 1)
  throw new Error(`expected --problems to be a whole number above 0, found ${args.problems}`);
const storyCount = isQuick ? 2 : 5;
const runs = isQuick ? 10 : 24;

const host = await EngineHost.open(create([]));
const bundled = (id: string) => directorySource(`public/models/${id}`, id);
await host.load(args.tasks, findModel(args.tasks) ? bundled(args.tasks) : directorySource(args.tasks));
for (const id of ["story-diffusion", "story-target"]) await host.load(id, bundled(id));
console.log(`${host.gpu.adapter}\n`);

const charts: object[] = [];
const tables: object[] = [];
const notes: { method: string | null; text: string }[] = [];

/** Numbers hold for these weights and no others. */
const weights = async (id: string): Promise<string> => {
  const path = `${findModel(id) ? `public/models/${id}` : id}/model.safetensors`;
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex")
    .slice(0, 12);
};
notes.push({
  method: null,
  text: `Weights, by the start of their SHA-256: tasks ${await weights(args.tasks)}, story-diffusion ${await weights("story-diffusion")}, story-target ${await weights("story-target")}.`,
});

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

console.log(`${problems} problems a task; right answers in %`);
console.log(
  `${" ".repeat(44)}passes  rows   one  several | ${TASKS.map((t) => t.slice(0, 4) + t.slice(-4, -2)).join(" ")}`,
);
const strategies = isQuick ? quickStrategies : allStrategies;
const measured = await measure(
  host,
  args.tasks,
  {
    problems,
    strategies,
    isLate: isLate(0.65),
    onSquares: ({ method }) => method === "low-confidence",
  },
  (m) => {
    const cells = TASKS.map((task) =>
      (m.byTask.has(task) ? percent(accuracy(m, [task]).value) : "     -").padEnd(6),
    ).join(" ");
    const [one, several] = [accuracy(m, SOLVABLE).value, accuracy(m, lists(AMBIGUOUS)).value];
    told(
      `${m.strategy.label.padEnd(35)} ${passesOf(m, LISTS).value.toFixed(1).padStart(6)} ${rowsOf(m, LISTS).value.toFixed(0).padStart(5)}  ${percent(one)}  ${percent(several)}    | ${cells}`,
    );
  },
);
sayLeftOut(strategies, measured.size);
const layers = (await host.model(args.tasks)).gpu.layerCount;
charts.push(...chartsOf(measured, problems));
tables.push(tableOf(measured, layers, problems));
notes.push(...notesOf(measured));

console.log("\nStories: passes, guider's passes, rows, bits per token, new pairs in %, length");
const storiesAsked = isQuick
  ? storyStrategies.filter(({ label }) => /1 a step|guided/.test(label))
  : storyStrategies;
const stories = await measureStories(host, storyCount, storiesAsked, isLate(1), (m) => {
  const r = storyRow(m, 1);
  told(
    `${r.strategy.padEnd(35)} ${r.passes.toFixed(1).padStart(6)} ${r.judged.toFixed(1).padStart(6)} ${r.rowLayers.toFixed(0).padStart(7)} ${r.bits.toFixed(2).padStart(6)} [${r.low.toFixed(2)}, ${r.high.toFixed(2)}] ${r.distinct.toFixed(0).padStart(4)} ${r.length.toFixed(0).padStart(4)}`,
  );
});
sayLeftOut(storiesAsked, stories.measured.length);
charts.push(...storyCharts(stories.measured, storyCount));
tables.push(storyTable(stories.measured, stories.layers, storyCount));
notes.push(...storyNotes(stories.measured));

console.log("\nRADD: steps, passes measured, expected");
const evaluations = await measureEvaluations(host, args.tasks, runs);
for (const { steps, measured, expected } of evaluations)
  told(
    `${String(steps).padStart(5)} ${measured.value.toFixed(2).padStart(7)} ${expected.toFixed(2).padStart(7)}`,
  );
charts.push(evaluationsChart(evaluations, runs));
notes.push(evaluationsNote(evaluations));

if (!isQuick && !args.dry) {
  const path = await writeResult({
    id: "denoise",
    title: "ParallelBench: what may be decoded in parallel",
    summary:
      "Which tasks survive when several positions are committed at once, what caches and early commits save, and what they cost in accuracy, for every denoising method on the bundled models.",
    command: ["npm run bench:denoise", ...(given.length > 0 ? ["--", ...given] : [])].join(" "),
    adapter: host.gpu.adapter,
    isSoftware: host.gpu.isSoftware,
    charts: charts as never,
    tables: tables as never,
    notes,
  });
  console.log(`\nwrote ${path}`);
}
host.destroy();
process.exit(0);
