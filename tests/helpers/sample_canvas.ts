/**
 * Traces of denoising methods on the fake canvas session, from run_start to run_end, with texts for its tokens: for
 * tests of the fold and of drawings that need no engine.
 */
import type { ParamValues } from "../../src/base/params";
import type { MethodEvent, RunBegin, TraceEvent } from "../../src/trace/events";
import { hashTokens } from "../../src/trace/hash";
import { foldTokens, hashMasked, runCanvas } from "./fake_canvas";
import { hashModel } from "./fake_session_models";
import { SAMPLER } from "./fake_session_run";

const TEXTS = ["Once", " upon", " a", " time", ",", " the", " cat", " saw", " big", " dog", ".\n", "<mask>"];
const V = TEXTS.length;
const PROMPT = [0, 1, 2, 3];

export interface SampleCanvas {
  readonly method: string;
  readonly params?: ParamValues;
  readonly length?: number;
  /** Tokens that end the text. */
  readonly endTokens?: readonly number[];
  /** What stands behind the prompt; null for positions to fill in. */
  readonly begin?: RunBegin;
}

function mentioned(e: MethodEvent): readonly number[] {
  switch (e.kind) {
    case "scores":
      return [...e.tokens, ...e.best, ...e.second, ...e.top.flatMap((list) => list.map(([token]) => token))];
    case "judge":
    case "unmask":
      return e.tokens;
    default:
      return [];
  }
}

/** A whole run; the same for the same options. */
export async function sampleCanvas({
  method,
  params = {},
  length = 20,
  endTokens = [],
  begin,
}: SampleCanvas): Promise<TraceEvent[]> {
  const model = hashMasked(V, 5, { spread: 4, endTokens });
  const run = {
    method,
    params,
    model,
    guider: hashModel({ vocabSize: V, salt: 9 }),
    prompt: PROMPT,
    begin: begin?.tokens ?? [],
    firstStep: begin?.step ?? 0,
    maxNewTokens: length,
    seed: 3,
  };
  const { events, canvas } = await runCanvas(run);
  let ms = 0;
  const given = (begin?.tokens ?? []).filter((token) => token !== null);
  const first = [...new Set([...PROMPT, ...given])];
  const known = new Set(first);
  const pieces = (tokens: readonly number[], step: number): TraceEvent => ({
    kind: "pieces",
    step,
    ms,
    tokens,
    texts: tokens.map((token) => TEXTS[token]!),
    partial: [],
  });
  const told: TraceEvent[] = [
    {
      kind: "run_start",
      step: 0,
      ms,
      version: 1,
      method,
      model: "story-diffusion",
      draft: "story-target",
      params,
      sampler: SAMPLER,
      seed: run.seed,
      maxNewTokens: length,
      prompt: PROMPT.map((token) => TEXTS[token]).join(""),
      promptTokens: PROMPT,
      begin: begin ?? null,
      adapter: "none (a made-up language of twelve tokens)",
    },
    pieces(first, 0),
  ];
  for (const e of events) {
    const fresh = [...new Set(mentioned(e))].filter((token) => !known.has(token)).sort((a, b) => a - b);
    for (const token of fresh) known.add(token);
    if (fresh.length > 0) told.push(pieces(fresh, e.step));
    ms = Math.round((ms + (e.kind === "denoise" ? 8 : 0.1)) * 1000) / 1000;
    told.push({ ...e, ms });
  }
  if (foldTokens(events).join() !== canvas.join()) throw new Error("the events tell of another canvas");
  told.push({
    kind: "run_end",
    step: events.at(-1)!.step,
    ms,
    reason: endTokens.length > 0 ? "end_token" : "max_tokens",
    hash: hashTokens(canvas.slice(PROMPT.length).filter((_, i) => (begin?.tokens[i] ?? null) === null)),
    error: null,
  });
  return told;
}
