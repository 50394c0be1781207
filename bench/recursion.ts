/**
 * `npm run bench:recursion`: depth and work of recurrent models by exit criterion and threshold, and the recurrences that
 * follow one another for a token in plain decoding, self-speculation and the wavefront. On tasks accuracy is counted, on
 * stories the agreement of the greedy text with that of full depth. Counts, not times.
 *
 *     npm run bench:recursion -- [--problems N] [--stories N] [--tokens N]
 */
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { readParams } from "../src/base/params";
import { findMethod } from "../src/decoding";
import { directorySource } from "../src/models/source_node";
import { findTask, judge, type Problem } from "../src/tasks";
import { BOS, decode, encode } from "../src/tasks/vocabulary";
import { EngineHost } from "../src/worker/host";
import { runMethod } from "../src/worker/run";
import { problemsOf } from "./eval/tasks";
import { prompts } from "./prompts";

Object.assign(globalThis, globals);

const { values } = parseArgs({
  options: {
    problems: { type: "string", default: "12" },
    stories: { type: "string", default: "6" },
    tokens: { type: "string", default: "48" },
  },
});
const [problems, stories, newTokens] = [values.problems, values.stories, values.tokens].map(Number) as [
  number,
  number,
  number,
];
/** Recurrences of full depth: twice what training used on average. */
const FULL = 12;

interface Contender {
  readonly label: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}
const exits = (criterion: string, thresholds: readonly number[]): Contender[] =>
  thresholds.map((threshold) => ({
    label: `${criterion} ${threshold}`,
    method: "recurrent",
    params: { criterion, threshold, recurrences: FULL },
  }));
const CONTENDERS: readonly Contender[] = [
  ...[FULL, 6, 3, 2, 1].map((recurrences) => ({
    label: `fixed ${recurrences}`,
    method: "recurrent",
    params: { criterion: "none", recurrences },
  })),
  ...exits("latent-diff", [0.01, 0.03, 0.1, 0.3]),
  ...exits("cosine", [0.001, 0.01]),
  ...exits("kl", [0.001, 0.01]),
  ...exits("minp-kl", [0.00001, 0.001]),
  ...exits("entropy-diff", [0.001, 0.01]),
  ...exits("argmax-stability", [2, 5]),
  {
    label: "self-speculation 1 of 12, 5 drafts",
    method: "self-speculation",
    params: { draftRecurrences: 1, recurrences: FULL, draftLength: 5 },
  },
  ...[2, 4, 8, 64].map((maxWavefront) => ({
    label: `wavefront, at most ${maxWavefront} wide`,
    method: "depth-wavefront",
    params: { maxWavefront, prefillRecurrence: FULL },
  })),
];

/** What one run did; depths are of tokens behind the prompt. */
interface Outcome {
  readonly tokens: readonly number[];
  readonly forwards: number;
  readonly rows: number;
  readonly depths: readonly number[];
}

async function run(
  host: EngineHost,
  model: string,
  { method: id, params }: Contender,
  ask: { readonly prompt: string; readonly ids: readonly number[] | null; readonly maxNewTokens: number },
): Promise<Outcome> {
  const method = findMethod(id)!;
  const read = readParams(method.params, params);
  if (read.issues.length > 0) throw new Error(`${id}: ${JSON.stringify(read.issues)}`);
  const settings = {
    ...{ model, draft: null, method: id, params: read.values, prompt: ask.prompt, begin: null, seed: 1 },
    sampler: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    ...{ maxNewTokens: ask.maxNewTokens, detail: "light" as const, profile: false },
  };
  const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  const tokens: number[] = [];
  const depths: number[] = [];
  let [forwards, rows, promptLength] = [0, 0, 0];
  for await (const e of runMethod(host, settings, { cancelled: false }, counts, ask.ids)) {
    if (e.kind === "run_start") promptLength = e.promptTokens.length;
    if (e.kind === "commit") tokens.push(...e.tokens);
    if (e.kind === "depth" && e.position >= promptLength - 1) depths.push(e.depth);
    if (e.kind === "cost") {
      // A model that drafts for itself says passes; each has recurrences of its own.
      const own = method.depths?.(read.values as never, (await host.model(model)).gpu.recurrence!);
      forwards += own ? own.target * e.targetForwards + own.draft * e.draftForwards : (e.coreForwards ?? 0);
      rows += own ? own.target * e.targetRows + own.draft * e.draftRows : (e.coreRows ?? 0);
    }
    if (e.kind === "run_end" && e.error) throw new Error(e.error.message);
  }
  return { tokens, forwards, rows, depths };
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
const cell = (value: number, digits = 2): string =>
  (Number.isFinite(value) ? value.toFixed(digits) : "").padStart(8);

const host = await EngineHost.open(create([]));
for (const id of ["story-loop", "task-loop"]) await host.load(id, directorySource(`public/models/${id}`, id));
console.log(host.gpu.adapter);

const asked: readonly (readonly [string, Problem])[] = [
  ...["sums", "sort", "reverse"].flatMap((id) =>
    problemsOf(findTask(id), problems).map((problem) => [id, problem] as const),
  ),
  ...[1, 2, 3, 4].flatMap((level) =>
    problemsOf(findTask("hops"), problems, level).map((problem) => [`hops ${level}`, problem] as const),
  ),
];
console.log(
  `\ntask-loop: ${asked.length} problems (${[...new Set(asked.map(([name]) => name))].join(", ")}), greedy`,
);
console.log("  right %    depth  in a row     rows   per token; depth is the mean");
for (const contender of CONTENDERS) {
  const outcomes: (Outcome & { right: boolean })[] = [];
  for (const [, problem] of asked) {
    const ids = [BOS, ...encode(problem.prompt)];
    const outcome = await run(host, "task-loop", contender, {
      prompt: problem.prompt,
      ids,
      maxNewTokens: 64 - ids.length,
    });
    outcomes.push({ ...outcome, right: judge(problem.prompt, decode(outcome.tokens)).ok });
  }
  const tokens = outcomes.reduce((sum, o) => sum + o.tokens.length, 0);
  console.log(
    cell(100 * mean(outcomes.map((o) => (o.right ? 1 : 0))), 1),
    cell(mean(outcomes.flatMap((o) => o.depths))),
    cell(outcomes.reduce((sum, o) => sum + o.forwards, 0) / tokens),
    cell(outcomes.reduce((sum, o) => sum + o.rows, 0) / tokens),
    `  ${contender.label}`,
  );
}

console.log(`\nstory-loop: ${stories} stories of ${newTokens} tokens, greedy`);
console.log(
  "   same %    depth  in a row     rows   per token; same: tokens before the text leaves that of full depth",
);
let full: readonly (readonly number[])[] = [];
for (const contender of CONTENDERS) {
  const outcomes: Outcome[] = [];
  for (const prompt of prompts.slice(0, stories))
    outcomes.push(await run(host, "story-loop", contender, { prompt, ids: null, maxNewTokens: newTokens }));
  if (full.length === 0) full = outcomes.map((o) => o.tokens);
  const same = outcomes.map((o, i) => {
    const left = full[i]!.findIndex((token, k) => token !== o.tokens[k]);
    return (left < 0 ? full[i]!.length : left) / full[i]!.length;
  });
  const tokens = outcomes.reduce((sum, o) => sum + o.tokens.length, 0);
  console.log(
    cell(100 * mean(same), 1),
    cell(mean(outcomes.flatMap((o) => o.depths))),
    cell(outcomes.reduce((sum, o) => sum + o.forwards, 0) / tokens),
    cell(outcomes.reduce((sum, o) => sum + o.rows, 0) / tokens),
    `  ${contender.label}`,
  );
}
host.destroy();
process.exit(0);
