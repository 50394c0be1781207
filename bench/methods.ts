/**
 * `npm run bench:methods`: tokens per target forward of every method at equal numbers of target rows per step, and
 * whether greedy texts agree. Prints ratios to autoregressive decoding measured in the same run.
 */
import { create, globals } from "webgpu";
import { readParams } from "../src/base/params";
import { findMethod } from "../src/decoding";
import { directorySource } from "../src/models/source_node";
import type { CostEvent } from "../src/trace/events";
import { EngineHost } from "../src/worker/host";
import { runMethod } from "../src/worker/run";
import { prompts } from "./prompts";

Object.assign(globalThis, globals);

/**
 * Each with the same number of target rows per step (the anchor and 28 drafted nodes), autoregressive aside. At
 * temperature 0 the bundled draft model's first choice is the target's so often that a chain beats every tree of 16
 * nodes or fewer; longer chains then gain next to nothing and trees do.
 */
const CONTENDERS: readonly { label: string; method: string; params: Record<string, unknown> }[] = [
  { label: "autoregressive", method: "autoregressive", params: {} },
  { label: "chain 28", method: "speculative-chain", params: { draftLength: 28 } },
  { label: "rsd-c 2,1x13", method: "rsd-c", params: { branching: [2, ...Array<number>(13).fill(1)] } },
  { label: "rsd-s 4x7", method: "rsd-s", params: { width: 4, depth: 7 } },
];
const NEW_TOKENS = 100;

const TARGET = "story-target";
const DRAFT = "story-draft";

interface Totals {
  tokens: number;
  ms: number;
  cost: Pick<CostEvent, "targetForwards" | "targetRows" | "draftForwards" | "dispatches" | "readbacks">;
  texts: string[];
}

async function decode(
  host: EngineHost,
  method: string,
  params: object,
  temperature: number,
): Promise<Totals> {
  const totals: Totals = {
    tokens: 0,
    ms: 0,
    cost: { targetForwards: 0, targetRows: 0, draftForwards: 0, dispatches: 0, readbacks: 0 },
    texts: [],
  };
  for (const [i, prompt] of prompts.entries()) {
    const settings = {
      model: TARGET,
      draft: DRAFT,
      method,
      params: readParams(findMethod(method)!.params, { ...params }).values,
      sampler: { temperature, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
      prompt,
      begin: null,
      seed: 1000 + i,
      maxNewTokens: NEW_TOKENS,
      detail: "light" as const,
      profile: false,
    };
    const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
    const tokens: number[] = [];
    let prefilled = 0;
    for await (const e of runMethod(host, settings, { cancelled: false }, counts)) {
      if (e.kind === "prefill") prefilled = e.ms;
      if (e.kind === "commit") tokens.push(...e.tokens);
      if (e.kind === "cost") {
        for (const key of Object.keys(totals.cost) as (keyof Totals["cost"])[]) {
          (totals.cost as Record<string, number>)[key]! += e[key];
        }
      }
      if (e.kind === "run_end") {
        if (e.error) throw new Error(e.error.message);
        totals.ms += e.ms - prefilled;
      }
    }
    totals.tokens += tokens.length;
    totals.texts.push(tokens.join(","));
  }
  return totals;
}

const host = await EngineHost.open(create([]));
for (const id of [TARGET, DRAFT]) await host.load(id, directorySource(`public/models/${id}`, id));
console.log(
  `${host.gpu.adapter}${host.gpu.isSoftware ? " (a software adapter: times say nothing about GPUs)" : ""}`,
);
console.log(`${prompts.length} prompts, ${NEW_TOKENS} new tokens each\n`);
for (const temperature of [0, 1]) {
  console.log(`temperature ${temperature}`);
  console.log("method            rows/step  tokens/forward  same text  dispatches/token  tokens/s  ratio");
  let plain: Totals | null = null;
  for (const { label, method, params } of CONTENDERS) {
    const t = await decode(host, method, params, temperature);
    plain ??= t;
    const same = t.texts.filter((text, i) => text === plain!.texts[i]).length;
    const perSecond = (1000 * t.tokens) / t.ms;
    const cells = [
      label.padEnd(16),
      (t.cost.targetRows / t.cost.targetForwards).toFixed(0).padStart(10),
      (t.tokens / t.cost.targetForwards).toFixed(3).padStart(15),
      (temperature === 0 ? `${same}/${prompts.length}` : "-").padStart(10),
      (t.cost.dispatches / t.tokens).toFixed(1).padStart(17),
      perSecond.toFixed(1).padStart(9),
      (perSecond / ((1000 * plain.tokens) / plain.ms)).toFixed(2).padStart(6),
    ];
    console.log(cells.join(" "));
  }
  console.log();
}
host.destroy();
process.exit(0);
