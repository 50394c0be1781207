/** `npm run bench:drafts`; README.md beside it says what is measured, how, and with which options. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { create, globals } from "webgpu";
import { directorySource } from "../../src/models/source_node";
import { EngineHost } from "../../src/worker/host";
import { writeResult } from "../result";
import { measure } from "./measure";
import { printed, report, type Kept } from "./report";
import { METHODS, paramsOf, type MethodId, type Protocol } from "./shapes";

Object.assign(globalThis, globals);

const PAIR = { target: "story-target", draft: "story-draft" };
const KEPT = ".cache/drafts.jsonl";
/** Stories of stories.txt that acceptance is calibrated on; the rest is for measuring. */
const CALIBRATION = 12;
/** Most nodes of a tree whose draft length is fixed. */
const NODES_AT_LENGTH = 30;
const CALIBRATED_ROUNDS = 8;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
    calibrate: { type: "boolean", default: false },
    stories: { type: "string", default: "24" },
    rounds: { type: "string", default: "6" },
    budgets: { type: "string" },
    lengths: { type: "string" },
    temperatures: { type: "string" },
    methods: { type: "string", default: METHODS.join() },
    minutes: { type: "string", default: "Infinity" },
  },
});
const numbers = (text: string | undefined, otherwise: string): number[] => {
  const list = (text ?? otherwise).split(",").filter(Boolean).map(Number);
  if (list.some((n) => !Number.isFinite(n) || n < 0))
    throw new Error(`expected numbers such as "${otherwise}", found "${text}"`);
  return list;
};
const { quick } = options;
const budgets = numbers(options.budgets, quick ? "6,14" : "6,10,14,21,30,60");
const lengths = numbers(options.lengths, quick ? "" : "2,3,4,5");
const temperatures = numbers(options.temperatures, quick ? "0,1" : "0,0.6,1");
const rounds = Number(options.rounds);
const storyCount = quick ? 2 : Number(options.stories);
const methods = METHODS.filter((m) => options.methods.split(",").includes(m));
const unknown = options.methods.split(",").filter((m) => !METHODS.includes(m as MethodId));
if (unknown.length > 0)
  throw new Error(`unknown method ${unknown.join()}; expected some of ${METHODS.join()}`);

const stories = readFileSync(new URL("./stories.txt", import.meta.url), "utf8")
  .split("\n")
  .filter(Boolean);
const host = await EngineHost.open(create([]));
for (const id of Object.values(PAIR)) await host.load(id, directorySource(`public/models/${id}`, id));
const device = { adapter: host.gpu.adapter, isSoftware: host.gpu.isSoftware };
console.log(
  `${device.adapter}${device.isSoftware ? " (a software adapter; nothing here depends on its speed)" : ""}`,
);

/** Mean chances by draw order with as many children as a plan can have, from trees of one level. */
async function calibrate(): Promise<void> {
  const pairs = [];
  for (const temperature of temperatures) {
    const byChild = new Array<number>(16).fill(0);
    let count = 0;
    for (const [i, prompt] of stories.slice(0, CALIBRATION).entries()) {
      const params = { nodes: 16, depth: 1, replan: false };
      const o = { method: "sequoia", params, temperature, prompt, seed: 500 + i, rounds: CALIBRATED_ROUNDS };
      const m = await measure(host, PAIR, o);
      m.byChild.forEach((chance, j) => (byChild[j]! += chance));
      count += m.rounds;
    }
    let left = count;
    const chances = byChild.map((sum) => {
      const chance = left > 1e-9 ? sum / left : 0;
      left -= sum;
      return Number(chance.toFixed(4));
    });
    console.log(`temperature ${temperature}, ${count} rounds: ${chances.join(" ")}`);
    pairs.push({ ...PAIR, temperature, rounds: count, chances });
  }
  const text = await format(JSON.stringify({ pairs }), { parser: "json", printWidth: 110 });
  writeFileSync("src/decoding/acceptance.json", text);
}

const kept: Kept[] = existsSync(KEPT)
  ? readFileSync(KEPT, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Kept)
  : [];
const keyOf = (k: Pick<Kept, "method" | "fixed" | "size" | "temperature" | "params" | "story">): string =>
  [k.method, k.fixed, k.size, k.temperature, k.params, k.story].join("|");

async function measureAll(): Promise<void> {
  mkdirSync(".cache", { recursive: true });
  const known = new Set(kept.map(keyOf));
  const until = Date.now() + 60_000 * Number(options.minutes);
  const protocols: [Kept["fixed"], number, Protocol][] = [
    ...budgets.map((n): [Kept["fixed"], number, Protocol] => ["nodes", n, { nodes: n, length: null }]),
    ...lengths.map((n): [Kept["fixed"], number, Protocol] => [
      "length",
      n,
      { nodes: NODES_AT_LENGTH, length: n },
    ]),
  ];
  for (const [i, prompt] of stories.slice(CALIBRATION, CALIBRATION + storyCount).entries()) {
    for (const temperature of temperatures) {
      for (const [fixed, size, protocol] of protocols) {
        for (const method of methods) {
          if (Date.now() > until) return;
          const params = paramsOf(method, protocol, temperature, PAIR);
          const place = { method, fixed, size, temperature, params: JSON.stringify(params), story: i };
          if (known.has(keyOf(place))) continue;
          const m = await measure(host, PAIR, {
            method,
            params,
            temperature,
            prompt,
            seed: 1000 + i,
            rounds,
          });
          const line: Kept = { ...place, rounds: m.rounds, tokens: m.tokens, expected: m.expected };
          appendFileSync(KEPT, `${JSON.stringify(line)}\n`);
          kept.push(line);
        }
      }
    }
    console.log(`story ${i + 1} of ${storyCount}`);
  }
}

if (options.calibrate) await calibrate();
else {
  if (!options.report) await measureAll();
  console.log(printed(kept));
  if (!quick && kept.length > 0) console.log(`\nwrote ${await writeResult(report(kept, device, PAIR))}`);
}
host.destroy();
process.exit(0);
