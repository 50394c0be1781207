/**
 * `npm run bench:recursion`: what depth gives and costs. On held-out stories the loss at the mean depth that each exit criterion
 * and threshold leads to, each threshold of a router, and depths that tokens choose; when models write, the recurrences that
 * follow one another for a token in plain decoding, self-speculation and the wavefront, beside the accuracy on tasks and the
 * agreement of stories with those of full depth. Counts, not times. Writes public/benchmarks/recursion.json, which the page draws.
 *
 *     npm run bench:recursion -- [--problems N] [--stories N] [--tokens N] [--windows N] [--dry]
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { type ParamsOf, readParams } from "../../src/base/params";
import { morParams } from "../../src/decoding/depth/mor_params";
import { criteria, type CriterionId, type DepthPolicy } from "../../src/decoding/depth/policy";
import { fixedDepth } from "../../src/decoding/depth/params";
import { morPolicy } from "../../src/decoding/depth/run_mor";
import { directorySource } from "../../src/models/source_node";
import { findTask, judge, type Problem } from "../../src/tasks";
import { BOS, decode, encode } from "../../src/tasks/vocabulary";
import { EngineHost } from "../../src/worker/host";
import { cutWindows } from "../eval/stories";
import { problemsOf } from "../eval/tasks";
import { prompts } from "../prompts";
import { writeResult } from "../result";
import { CONTENDERS, decodeWith, FULL, type Outcome } from "./decoding";
import { flopsOfModel } from "./flops";
import { lossOf } from "./loss";
import { printed, report, type Measured, type LossRow } from "./report";

Object.assign(globalThis, globals);

type MorParams = ParamsOf<typeof morParams>;

const { values } = parseArgs({
  options: {
    problems: { type: "string", default: "12" },
    stories: { type: "string", default: "6" },
    tokens: { type: "string", default: "48" },
    windows: { type: "string", default: "8" },
    dry: { type: "boolean", default: false },
  },
});
const count = (name: "problems" | "stories" | "tokens" | "windows"): number => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name}: expected a whole number from 1, found ${values[name]}`);
  return value;
};
const sizes = {
  problems: count("problems"),
  stories: count("stories"),
  tokens: count("tokens"),
  windows: count("windows"),
};

const host = await EngineHost.open(create([]));
const load = (id: string) => host.load(id, directorySource(`public/models/${id}`, id));
const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

/** Thresholds from those that let no token go early to those that stop most at once. */
const EXITS: readonly (readonly [CriterionId, readonly number[]])[] = [
  ["latent-diff", [0.003, 0.01, 0.03, 0.1, 0.3, 1]],
  ["cosine", [0.0001, 0.001, 0.01, 0.1]],
  ["kl", [0.0001, 0.001, 0.01, 0.1]],
  ["minp-kl", [0.00001, 0.001, 0.01, 0.1]],
  ["entropy-diff", [0.001, 0.01, 0.05, 0.2]],
  ["argmax-stability", [2, 3, 5]],
];
/** Probabilities of a router that is sure of itself: even steps of log-odds. */
const GATES = [0.0001, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999, 0.9999];

async function losses(): Promise<LossRow[]> {
  const stories = readFileSync(new URL("../eval/heldout.txt", import.meta.url), "utf8")
    .trimEnd()
    .split("\n\n");
  const rows: LossRow[] = [];
  const add = async (id: string, group: string, label: string, how: Parameters<typeof lossOf>[3]) => {
    const model = await load(id);
    const heldOut = cutWindows(stories, model, sizes.windows);
    const { bitsPerByte, depth, entries } = await lossOf(host, model, heldOut, how);
    const row = { model: id, group, label, bitsPerByte, depth, entries };
    rows.push(row);
    console.log(`${id}, ${label}: ${row.bitsPerByte.toFixed(4)} bits/byte at depth ${row.depth.toFixed(2)}`);
  };
  const loop = { cache: "nearest", origin: "random" } as const;
  for (const depth of [1, 2, 3, 4, 6, 8, FULL])
    await add("story-loop", criteria.none.label, `fixed ${depth}`, {
      ...{ ...loop, policy: fixedDepth(depth), readsEach: false },
    });
  for (const [criterion, thresholds] of EXITS)
    for (const threshold of thresholds) {
      const policy: DepthPolicy = {
        criterion,
        threshold,
        minRecurrence: 0,
        maxRecurrence: FULL,
        checkEvery: 1,
      };
      const { label, readsOut } = criteria[criterion];
      await add("story-loop", label, `${criterion} ${threshold}`, { ...loop, policy, readsEach: readsOut });
    }
  /** As the method makes a policy of its options. */
  const addRouted = async (id: string, group: string, label: string, change: Partial<MorParams> = {}) => {
    const params: MorParams = { ...readParams(morParams, {}).values, ...change };
    const policy = morPolicy(params, (await load(id)).gpu.recurrence!);
    await add(id, group, label, { policy, cache: params.cache, origin: "embedding", readsEach: false });
  };
  const caches = [
    ["per-recurrence", "keys of the same recursion"],
    ["first-recurrence", "keys of the first recursion"],
  ] as const;
  for (const id of ["story-mor", "story-mor-token"])
    for (let depth = 1; depth <= (await load(id)).gpu.recurrence!.trainedRecurrence; depth++)
      await addRouted(id, "Same depth for all", `all ${depth}`, { forceDepth: depth });
  for (const [cache, keys] of caches) {
    for (const threshold of GATES)
      await addRouted("story-mor", `Threshold, ${keys}`, `gate ${threshold}, ${cache}`, { threshold, cache });
    await addRouted("story-mor-token", `Each token's choice, ${keys}`, `choice, ${cache}`, { cache });
  }
  await addRouted("story-mor", "Best of the text (looks ahead)", "top-k of the text", {
    routing: "topk-text",
  });
  return rows;
}

const asked: readonly Problem[] = [
  ...["sums", "sort", "reverse"].flatMap((id) => problemsOf(findTask(id), sizes.problems)),
  ...[1, 2, 3, 4].flatMap((level) => problemsOf(findTask("hops"), sizes.problems, level)),
];

/** Sums over runs, a token. */
function summed(
  contender: (typeof CONTENDERS)[number],
  outcomes: readonly Outcome[],
  quality: number,
): Measured {
  const tokens = outcomes.reduce((sum, o) => sum + o.tokens.length, 0);
  return {
    contender,
    quality,
    depth: mean(outcomes.flatMap((o) => o.depths)),
    inARow: outcomes.reduce((sum, o) => sum + o.forwards, 0) / tokens,
    rows: outcomes.reduce((sum, o) => sum + o.rows, 0) / tokens,
  };
}

async function tasks(): Promise<Measured[]> {
  await load("task-loop");
  const all: Measured[] = [];
  for (const contender of CONTENDERS) {
    const outcomes: Outcome[] = [];
    let right = 0;
    for (const { prompt } of asked) {
      const ids = [BOS, ...encode(prompt)];
      const outcome = await decodeWith(host, "task-loop", contender, {
        prompt,
        ids,
        maxNewTokens: 64 - ids.length,
      });
      outcomes.push(outcome);
      if (judge(prompt, decode(outcome.tokens)).ok) right++;
    }
    all.push(summed(contender, outcomes, right / asked.length));
  }
  return all;
}

async function stories(): Promise<Measured[]> {
  await load("story-loop");
  const all: Measured[] = [];
  let full: readonly (readonly number[])[] = [];
  for (const contender of CONTENDERS) {
    const outcomes: Outcome[] = [];
    for (const prompt of prompts.slice(0, sizes.stories))
      outcomes.push(
        await decodeWith(host, "story-loop", contender, { prompt, ids: null, maxNewTokens: sizes.tokens }),
      );
    if (full.length === 0) full = outcomes.map((o) => o.tokens);
    const same = outcomes.map((o, i) => {
      const left = full[i]!.findIndex((token, k) => token !== o.tokens[k]);
      return (left < 0 ? full[i]!.length : left) / full[i]!.length;
    });
    all.push(summed(contender, outcomes, mean(same)));
  }
  return all;
}

console.log(host.gpu.adapter);
const found = { losses: await losses(), tasks: await tasks(), stories: await stories() };
console.log(printed(found));
if (!values.dry) {
  const device = { adapter: host.gpu.adapter, isSoftware: host.gpu.isSoftware };
  const options = Object.entries(sizes).map(([name, value]) => `--${name} ${value}`);
  const command = `npm run bench:recursion -- ${options.join(" ")}`;
  console.log(
    `\nwrote ${await writeResult(
      report(found, {
        ...{ ...device, ...sizes, command, asked: asked.length },
        routedFlops: await flopsOfModel("public/models/story-mor"),
      }),
    )}`,
  );
}
host.destroy();
process.exit(0);
