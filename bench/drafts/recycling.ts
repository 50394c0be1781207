/** Token Recycling as its text grows: how much it learns, from nothing and from what earlier texts left. */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import { ROW } from "../../src/decoding/earlier_rows";
import { promptLogits } from "../../src/runtime/logits";
import type { EngineHost } from "../../src/worker/host";
import { runMethod } from "../../src/worker/run";
import { RunText } from "../../src/worker/run_text";
import type { Texts } from "./texts";

/** Tokens of text that one point of the chart stands for. */
export const BIN = 50;
/** Words of an opening that are given: the model's context has room for 200 tokens and some more after them. */
const WORDS = 4;
const METHOD = "token-recycling";

/** Passes that began while the text had from `from` tokens to `from` + BIN, and what they committed. */
export interface Grown {
  readonly start: "empty" | "earlier";
  readonly temperature: number;
  readonly story: number;
  readonly from: number;
  readonly rounds: number;
  readonly tokens: number;
}

const opening = (prompt: string): string => prompt.split(" ").slice(0, WORDS).join(" ");

async function write(
  host: EngineHost,
  model: string,
  o: { start: Grown["start"]; temperature: number; prompt: string; seed: number },
): Promise<{ text: number[]; commits: { before: number; tokens: number }[] }> {
  const target = await host.model(model);
  const promptTokens = target.tokenizer.encodePrompt(o.prompt);
  const settings = {
    model,
    draft: null,
    method: METHOD,
    params: readParams(findMethod(METHOD)!.params, { start: o.start }).values,
    sampler: { temperature: o.temperature, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    prompt: o.prompt,
    seed: o.seed,
    maxNewTokens: target.gpu.maxContext - promptTokens.length,
    detail: "light" as const,
    profile: false,
    begin: null,
  };
  const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  const text = new RunText();
  const commits: { before: number; tokens: number }[] = [];
  let before = 0;
  for await (const e of runMethod(host, settings, { cancelled: false }, counts)) {
    text.push(e);
    if (e.kind === "commit") {
      commits.push({ before, tokens: e.tokens.length });
      before += e.tokens.length;
    }
    if (e.kind === "run_end" && e.error) throw new Error(e.error.message);
  }
  // The last round may have been cut by the end.
  return { text: [...promptTokens, ...text.tokens()], commits: commits.slice(0, -1) };
}

/** One story from its first words to the end of the context. @throws Error if the run failed */
export async function grow(
  host: EngineHost,
  model: string,
  o: { start: Grown["start"]; temperature: number; prompt: string; story: number },
): Promise<Grown[]> {
  const { commits } = await write(host, model, {
    ...{ start: o.start, temperature: o.temperature },
    ...{ prompt: opening(o.prompt), seed: 2000 + o.story },
  });
  const bins = new Map<number, { rounds: number; tokens: number }>();
  for (const { before, tokens } of commits) {
    const from = BIN * Math.floor(before / BIN);
    const sum = bins.get(from) ?? { rounds: 0, tokens: 0 };
    bins.set(from, { rounds: sum.rounds + 1, tokens: sum.tokens + tokens });
  }
  return [...bins].map(([from, sum]) => ({
    ...{ start: o.start, temperature: o.temperature, story: o.story, from },
    ...sum,
  }));
}

/** The `ROW` tokens of largest mean probability after each token of the texts. */
async function rowsOf(host: EngineHost, model: string, texts: readonly (readonly number[])[]) {
  const { gpu } = await host.model(model);
  const V = gpu.facts.vocabSize;
  const sums = new Map<number, Float64Array>();
  for (const text of texts) {
    const logits = await promptLogits(host.engine, host.tuning, gpu, text);
    for (const [row, token] of text.entries()) {
      const own = logits.subarray(row * V, (row + 1) * V);
      const most = own.reduce((a, b) => Math.max(a, b), -Infinity);
      const law = Float64Array.from(own, (x) => Math.exp(x - most));
      const total = law.reduce((a, b) => a + b, 0);
      const sum = sums.get(token) ?? new Float64Array(V);
      sums.set(
        token,
        sum.map((x, i) => x + law[i]! / total),
      );
    }
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([token, sum]) => [token, ...[...sum.keys()].sort((a, b) => sum[b]! - sum[a]!).slice(0, ROW)]);
}

/** Writes texts with the calibration prompts and keeps what the target thought likely after each token of them. */
export async function learn(host: EngineHost, kinds: readonly Texts[]): Promise<void> {
  const learned: Record<string, number[][]> = {};
  for (const { pair, calibration } of kinds) {
    const texts: number[][] = [];
    for (const [i, prompt] of calibration.entries()) {
      const { text } = await write(host, pair.target, {
        start: "empty",
        temperature: 1,
        prompt,
        seed: 700 + i,
      });
      texts.push(text);
    }
    learned[pair.target] = await rowsOf(host, pair.target, texts);
    const tokens = texts.reduce((sum, t) => sum + t.length, 0);
    console.log(
      `${pair.target}: ${learned[pair.target]!.length} rows of ${tokens} tokens in ${texts.length} texts`,
    );
  }
  const text = await format(JSON.stringify(learned), { parser: "json", printWidth: 110 });
  writeFileSync("src/decoding/earlier_rows.json", text);
}
