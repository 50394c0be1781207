/**
 * `npm run bench:stories`: stories by strategy: passes, rows, and how probable story-target finds what story-diffusion wrote. Prints a
 * table and writes public/benchmarks/stories.json.
 *
 *   --quick          few stories and strategies; writes nothing
 *   --stories N      openings of stories (default 12)
 *   --minutes N      time for them (default 35); strategies that do not fit are left out, and it says so
 */
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { directorySource } from "../../src/models/source_node";
import { checkedNotes, checkedTable, holds, inWords } from "../../src/parallel/checked";
import { EngineHost } from "../../src/worker/host";
import { writeResult } from "../result";
import {
  checkStories,
  measureStories,
  quickStories,
  storyCharts,
  storyNotes,
  storyRow,
  storyStrategies,
  storyTable,
} from "./stories";

Object.assign(globalThis, globals);

const MODELS = ["story-diffusion", "story-target"];

const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    stories: { type: "string" },
    minutes: { type: "string", default: "35" },
  },
});
const count = Number(args.stories ?? (args.quick ? "2" : "12"));
if (!Number.isInteger(count) || count < 1)
  throw new Error(`expected --stories to be a whole number above 0, found ${args.stories}`);
const minutes = Number(args.minutes);
if (!(minutes > 0)) throw new Error(`expected --minutes to be a number above 0, found ${args.minutes}`);

const host = await EngineHost.open(create([]));
for (const id of MODELS) await host.load(id, directorySource(`public/models/${id}`, id));
console.log(`${host.gpu.adapter}\n\npasses, guider's passes, rows, bits per token, new pairs in %, length`);

const began = performance.now();
const strategies = args.quick ? quickStories : storyStrategies;
const { measured, layers } = await measureStories(
  host,
  count,
  strategies,
  () => performance.now() - began > 60_000 * minutes,
  (m) => {
    const r = storyRow(m, 1);
    console.log(
      `${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${r.strategy.padEnd(35)} ${r.passes.toFixed(1).padStart(6)} ${r.judged.toFixed(1).padStart(6)} ${r.rowLayers.toFixed(0).padStart(7)} ${r.bits.toFixed(2).padStart(6)} [${r.low.toFixed(2)}, ${r.high.toFixed(2)}] ${r.distinct.toFixed(0).padStart(4)} ${r.length.toFixed(0).padStart(4)}`,
    );
  },
);
const left = strategies.slice(measured.length).map(({ label }) => label);
const checks = checkStories(measured);
console.log(`\n${checks.filter(holds).length} of ${checks.length} expectations hold.`);
for (const checked of checks.filter((c) => !holds(c))) console.log(`  ${inWords(checked)}`);

if (!args.quick) {
  const given = process.argv.slice(2);
  const path = await writeResult({
    id: "stories",
    title: "Stories: what denoising methods cost and keep",
    summary:
      "Short stories by story-diffusion: forward passes and rows of every method, and how probable story-target finds what was written.",
    command: ["npm run bench:stories", ...(given.length > 0 ? ["--", ...given] : [])].join(" "),
    adapter: host.gpu.adapter,
    isSoftware: host.gpu.isSoftware,
    models: MODELS,
    charts: storyCharts(measured, count),
    tables: [
      ...(checks.length > 0 ? [checkedTable(checks, "claim")] : []),
      storyTable(measured, layers, count),
    ],
    notes: [
      ...checkedNotes(checks),
      ...(left.length > 0
        ? [{ method: null, text: `Left out when the ${minutes} minutes were over: ${left.join("; ")}.` }]
        : []),
      ...storyNotes(measured),
    ],
  });
  console.log(`\nwrote ${path}`);
}
host.destroy();
process.exit(0);
