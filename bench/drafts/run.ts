/** `npm run bench:drafts`; README.md beside it says what is measured, how, and with which options. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { create, globals } from "webgpu";
import { EngineHost } from "../../src/worker/host";
import { writeResult } from "../result";
import { measure } from "./measure";
import { printed, report, type Kept } from "./report";
import { grow, learn, type Grown } from "./recycling";
import { HAS_LENGTH, METHODS, paramsOf, type MethodId, type Protocol } from "./shapes";
import { storyTexts, taskTexts, type Texts } from "./texts";

Object.assign(globalThis, globals);

const KEPT = ".cache/drafts.jsonl";
const GROWN = ".cache/recycling.jsonl";
/** Most nodes of a tree whose draft length is fixed. */
const NODES_AT_LENGTH = 30;
/** Tokens written after each prompt that acceptance is calibrated on. */
const CALIBRATED_TOKENS = 40;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
    calibrate: { type: "boolean", default: false },
    learn: { type: "boolean", default: false },
    recycling: { type: "boolean", default: false },
    texts: { type: "string", default: "stories,tasks" },
    prompts: { type: "string", default: "24" },
    tokens: { type: "string", default: "24" },
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
const tokens = Number(options.tokens);
const promptCount = quick ? 2 : Number(options.prompts);
const methods = METHODS.filter((m) => options.methods.split(",").includes(m));
const unknown = options.methods.split(",").filter((m) => !METHODS.includes(m as MethodId));
if (unknown.length > 0)
  throw new Error(`unknown method ${unknown.join()}; expected some of ${METHODS.join()}`);

const kinds = [storyTexts(), taskTexts()].filter((t) => options.texts.split(",").includes(t.id));
const host = await EngineHost.open(create([]));
for (const { sources } of kinds) for (const source of sources) await host.load(source.id, source);
const device = { adapter: host.gpu.adapter, isSoftware: host.gpu.isSoftware };
console.log(
  `${device.adapter}${device.isSoftware ? " (a software adapter; nothing here depends on its speed)" : ""}`,
);

/** Mean chances by draw order with as many children as a plan can have, from trees of one level. */
async function calibrate(): Promise<void> {
  const pairs = [];
  for (const { id, pair, calibration } of kinds) {
    for (const temperature of temperatures) {
      const byChild = new Array<number>(16).fill(0);
      let count = 0;
      for (const [i, prompt] of calibration.entries()) {
        const params = { nodes: 16, depth: 1, replan: false };
        const seeded = { method: "sequoia", params, temperature, prompt, seed: 500 + i };
        const m = await measure(host, pair, { ...seeded, tokens: CALIBRATED_TOKENS });
        m.byChild.forEach((chance, j) => (byChild[j]! += chance));
        count += m.rounds;
      }
      let left = count;
      const chances = byChild.map((sum) => {
        const chance = left > 1e-9 ? sum / left : 0;
        left -= sum;
        return Number(chance.toFixed(4));
      });
      console.log(`${id}, temperature ${temperature}, ${count} rounds: ${chances.join(" ")}`);
      pairs.push({ ...pair, temperature, rounds: count, chances });
    }
  }
  const text = await format(JSON.stringify({ pairs }), { parser: "json", printWidth: 110 });
  writeFileSync("src/decoding/acceptance.json", text);
}

const linesOf = <T>(path: string): T[] =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T)
    : [];
const kept = linesOf<Kept>(KEPT);
const grown = linesOf<Grown>(GROWN);

/** Token Recycling over whole stories; what was measured before is not measured again. */
async function growAll(): Promise<void> {
  mkdirSync(".cache", { recursive: true });
  const { pair, prompts } = storyTexts();
  for (const [story, prompt] of prompts.slice(0, promptCount).entries()) {
    for (const temperature of temperatures) {
      for (const start of ["empty", "earlier"] as const) {
        const isSame = (g: Grown): boolean =>
          g.story === story && g.temperature === temperature && g.start === start;
        if (grown.some(isSame)) continue;
        for (const bin of await grow(host, pair.target, { start, temperature, prompt, story })) {
          appendFileSync(GROWN, `${JSON.stringify(bin)}\n`);
          grown.push(bin);
        }
      }
    }
    console.log(`story ${story + 1} of ${promptCount}`);
  }
}

type Place = Omit<Kept, "rounds" | "tokens" | "expected">;
const keyOf = (k: Place): string =>
  [k.texts, k.method, k.fixed, k.size, k.temperature, k.params, k.story].join("|");
/** Where the settings are the same, so is what comes out, whatever was fixed. */
const settingsOf = (k: Place): string => [k.texts, k.method, k.temperature, k.params, k.story].join("|");

const protocols: readonly [Kept["fixed"], number, Protocol][] = [
  ...budgets.map((n): [Kept["fixed"], number, Protocol] => ["nodes", n, { nodes: n, length: null }]),
  ...lengths.map((n): [Kept["fixed"], number, Protocol] => [
    "length",
    n,
    { nodes: NODES_AT_LENGTH, length: n },
  ]),
];

/** All settings after one prompt; false if time was up. */
async function measurePrompt(
  { id, pair }: Texts,
  story: number,
  prompt: string,
  until: number,
): Promise<boolean> {
  for (const temperature of temperatures) {
    for (const [fixed, size, protocol] of protocols) {
      for (const method of methods) {
        if (Date.now() > until) return false;
        if (fixed === "length" && !HAS_LENGTH(method)) continue;
        const params = paramsOf(method, protocol, temperature, pair);
        const place = { texts: id, method, fixed, size, temperature, params: JSON.stringify(params), story };
        if (known.has(keyOf(place))) continue;
        const m =
          measured.get(settingsOf(place)) ??
          (await measure(host, pair, { method, params, temperature, prompt, seed: 1000 + story, tokens }));
        keep({ ...place, rounds: m.rounds, tokens: m.tokens, expected: m.expected });
      }
    }
  }
  return true;
}

const known = new Set(kept.map(keyOf));
const measured = new Map(kept.map((k) => [settingsOf(k), k as Pick<Kept, "rounds" | "tokens" | "expected">]));
function keep(line: Kept): void {
  appendFileSync(KEPT, `${JSON.stringify(line)}\n`);
  kept.push(line);
  known.add(keyOf(line));
  measured.set(settingsOf(line), line);
}

/** Prompts in turn with all settings, so that whenever it stops, all settings were measured on the same prompts but one. */
async function measureAll(): Promise<void> {
  mkdirSync(".cache", { recursive: true });
  const until = Date.now() + 60_000 * Number(options.minutes);
  for (let i = 0; i < promptCount; i++) {
    for (const texts of kinds) {
      const prompt = texts.prompts[i];
      if (prompt !== undefined && !(await measurePrompt(texts, i, prompt, until))) return;
    }
    console.log(`prompt ${i + 1} of ${promptCount}`);
  }
}

if (options.calibrate) await calibrate();
else if (options.learn) await learn(host, kinds);
else {
  if (options.recycling) await growAll();
  else if (!options.report) await measureAll();
  console.log(printed(kept, grown));
  if (!quick && kept.length > 0)
    console.log(`\nwrote ${await writeResult(report(kept, grown, device, kinds))}`);
}
host.destroy();
process.exit(0);
