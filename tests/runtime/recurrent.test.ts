/** A recurrent model as its own draft: few recurrences draft, many verify, on the device and by the verifiers that all methods share. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import { recurrentOf, type GpuRecurrent } from "../../src/runtime/gpu_recurrent";
import { GpuSession } from "../../src/runtime/session";
import { checkTrace } from "../../src/trace/grammar";
import type { MethodEvent } from "../../src/trace/events";
import type { EngineHost } from "../../src/worker/host";
import { memorySource } from "../helpers/tiny_model";
import { tinyRecurrent } from "../helpers/tiny_recurrent";
import { argmax } from "../reference/llama";
import { forwardText } from "../reference/recurrent";
import { loadModel } from "../../src/models/load";
import { GREEDY_SAMPLER, openHost } from "./helpers";

const PROMPT = [5, 17, 3, 99, 42];
const DEPTH = 5;
const NEW = 10;
const SEED = 6;
const source = memorySource(tinyRecurrent({ memory: 0.5 }), { id: "tiny recurrent" });
let host: EngineHost;
let model: GpuRecurrent;
beforeAll(async () => {
  host = await openHost();
  model = recurrentOf((await host.load(source.id, source)).gpu)!;
});
afterAll(() => host.destroy());

/** Greedy tokens of a method whose target runs {@link DEPTH} recurrences, and its events. */
async function decode(
  id: string,
  draftDepth: number | null,
): Promise<{ tokens: number[]; events: MethodEvent[] }> {
  const method = findMethod(id)!;
  const params = readParams(method.params, {}).values;
  const session = await GpuSession.open(host.engine, {
    target: model.atDepth(DEPTH),
    draft: draftDepth === null ? null : model.atDepth(draftDepth),
    seed: SEED,
    firstStep: 0,
    maxNewTokens: NEW,
    treeNodes: method.treeNodes(params as never),
    tuning: host.tuning,
    profiler: null,
  });
  const context = {
    session,
    params,
    sampler: GREEDY_SAMPLER,
    promptTokens: PROMPT,
    maxNewTokens: NEW,
    detail: "light",
  };
  const events: MethodEvent[] = [];
  for await (const e of method.decode(context as never)) events.push(e);
  session.dispose();
  return { tokens: events.flatMap((e) => (e.kind === "commit" ? e.tokens : [])), events };
}
it("writes the text of the float64 forward without a cache, its latents keyed by seed and position", async () => {
  const { config, tensors } = await loadModel(source);
  if (config.architecture !== "recurrent-depth") throw new Error("no recurrent depth");
  const text = [...PROMPT];
  while (text.length < PROMPT.length + NEW)
    text.push(argmax(forwardText(config, tensors, text, DEPTH, SEED).at(-1)!));
  const { tokens } = await decode("autoregressive", null);
  expect(tokens).toEqual(text.slice(PROMPT.length));
});

it("drafts for itself with fewer recurrences and says the same, token for token", async () => {
  const plain = await decode("autoregressive", null);
  for (const depth of [1, 3, DEPTH]) {
    const { tokens, events } = await decode("speculative-chain", depth);
    expect(checkTrace(events, { methodPrompt: PROMPT })).toBeNull();
    expect(tokens, `drafted with ${depth}`).toEqual(plain.tokens);
    const rejected = events
      .flatMap((e) => (e.kind === "verify" ? e.verdicts : []))
      .filter((v) => v.outcome === "rejected");
    // As deep as the target it is never wrong; shallower it is, and that changes nothing.
    if (depth === DEPTH) expect(rejected).toEqual([]);
    if (depth === 1) expect(rejected.length).toBeGreaterThan(0);
  }
});
