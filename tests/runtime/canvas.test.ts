/** The canvas session on the GPU: passes against float64, caches included, and every denoising method with story-diffusion. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CanvasPass, Scores } from "../../src/decoding/canvas/session";
import { canvasMethods } from "../../src/decoding";
import { loadModel } from "../../src/models/load";
import type { ModelSource } from "../../src/models/source";
import { GpuCanvasSession } from "../../src/runtime/canvas_session";
import { positionsOf } from "../../src/trace/canvas_events";
import { checkTrace } from "../../src/trace/grammar";
import type { EngineHost } from "../../src/worker/host";
import { llamaConfig } from "../helpers/llama_config";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { LlamaReference } from "../reference/llama";
import { logSoftmax, MASKED, proposal, rowStats, topK } from "../reference/row_stats";
import { bundled, openHost, type RunOptions, type RunResult, runToEnd } from "./helpers";

let host: EngineHost;
beforeAll(async () => {
  host = await openHost();
  await host.load("story-diffusion", bundled("story-diffusion"));
  await host.load("story-target", bundled("story-target"));
});
afterAll(() => host.destroy());

const SEED = 9;
const MASK = 1;

/** The same passes in float64: slots keep the row that was computed last. */
class ReferenceSession {
  private readonly row = new Map<number, number>();
  private constructor(private readonly model: LlamaReference) {}

  static async open(source: ModelSource): Promise<ReferenceSession> {
    const { config, tensors } = await loadModel(source);
    return new ReferenceSession(new LlamaReference(llamaConfig(config), tensors));
  }

  /** Logits of each scored position. */
  pass({ tokens, query, scored, promptLength }: CanvasPass): Float64Array[] {
    const { attention = "bidirectional", logitShift = 0 } = this.model.config.masked ?? {};
    const speaking = scored.map((p) => Math.max(0, p - logitShift));
    const computed = [...new Set([...query, ...speaking])].sort((a, b) => a - b);
    const first = this.model.rows;
    computed.forEach((p, i) => this.row.set(p, first + i));
    const seenBy = (position: number): Set<number> => {
      const isIsolated = attention === "prompt_isolated" && position < promptLength;
      return new Set([...this.row].filter(([p]) => !isIsolated || p < promptLength).map(([, row]) => row));
    };
    const rows = computed.map((position) => {
      const seen = seenBy(position);
      return { token: tokens[position]!, position, sees: (other: number) => seen.has(other) };
    });
    const { logits } = this.model.forward(rows);
    return speaking.map((p) => logits[computed.indexOf(p)]!);
  }
}

/** Largest difference of statistics; f32 through a few layers against float64. */
function compare(scores: Scores, logits: readonly Float64Array[], pass: CanvasPass): void {
  expect(scores.positions).toEqual(pass.scored);
  logits.forEach((raw, i) => {
    const row = raw.map((z, x) => (pass.banned.includes(x) ? MASKED : z));
    const stats = rowStats(row);
    const law = logSoftmax(row);
    const drawn = proposal(row, {
      seed: SEED,
      step: pass.step,
      position: pass.scored[i]!,
      temperature: pass.temperature,
    });
    expect(scores.proposal[i]).toBe(drawn.token);
    expect(scores.best[i]).toBe(stats.argmax);
    expect(scores.second[i]).toBe(stats.second);
    for (const [found, expected] of [
      [scores.logprob[i]!, drawn.logprob],
      [scores.gap[i]!, stats.gap],
      [scores.margin[i]!, stats.margin],
      [scores.entropy[i]!, stats.entropy],
    ] as const)
      expect(Math.abs(found - expected)).toBeLessThan(1e-3);
    expect(scores.top[i]!.map(([token]) => token)).toEqual(topK(law, pass.top));
    for (const [token, logprob] of scores.top[i]!) expect(Math.abs(logprob - law[token]!)).toBeLessThan(1e-3);
  });
}

describe("passes agree with float64", () => {
  it.each([
    ["both sides", {}],
    ["isolated prompt", { attention: "prompt_isolated" }],
    ["shifted logits", { logit_shift: 1 }],
  ])("%s: full, in part over stored slots, and in part again", async (name, config) => {
    const source = memorySource(
      tinyModel({ config: { attention: "bidirectional", mask_token_id: MASK, ...config } }),
      { id: `tiny ${name}` },
    );
    const { gpu } = await host.load(source.id, source);
    const reference = await ReferenceSession.open(source);
    const session = await GpuCanvasSession.open(host.engine, {
      model: gpu,
      guider: null,
      seed: SEED,
      length: 24,
      tuning: host.tuning,
      profiler: null,
    });
    const tokens = Array.from({ length: 24 }, (_, i) => (i < 7 ? 20 + i : MASK));
    const all = tokens.map((_, i) => i);
    const shared = { promptLength: 7, banned: [MASK, 5], top: 4 };
    const passes: CanvasPass[] = [
      { ...shared, tokens: [...tokens], query: all, scored: all.slice(7), temperature: 0, step: 0 },
    ];
    tokens[9] = 33;
    tokens[15] = 34;
    passes.push(
      { ...shared, tokens: [...tokens], query: [8, 9, 10, 15], scored: [8, 10], temperature: 1, step: 1 },
      { ...shared, tokens: [...tokens], query: all.slice(12), scored: [12, 20], temperature: 0.5, step: 2 },
      // Nothing was computed anew before the last pass but what it computes itself.
      { ...shared, tokens: [...tokens], query: [20], scored: [20], temperature: 0, step: 3 },
    );
    for (const pass of passes) {
      const { scores } = await session.denoise(pass);
      compare(scores, reference.pass(pass), pass);
    }
    expect(session.counts).toMatchObject({ submits: 4, readbacks: 4 });
    session.dispose();
  });
});

it("a guider judges as its own logits do, whatever it saw before", async () => {
  const [own, target] = await Promise.all([host.model("story-diffusion"), host.model("story-target")]);
  const session = await GpuCanvasSession.open(host.engine, {
    model: own.gpu,
    guider: target.gpu,
    seed: SEED,
    length: 30,
    tuning: host.tuning,
    profiler: null,
  });
  const { config, tensors } = await loadModel(bundled("story-target"));
  const text = [0, ...target.tokenizer.encode("Once upon a time there was a little girl who")];
  for (const [from, end] of [
    [3, 7],
    [5, 9],
    [4, 6],
    [1, 10],
  ] as const) {
    const part = text.slice(0, end);
    const { logits } = new LlamaReference(llamaConfig(config), tensors).forwardText(part);
    const found = await session.judge(part, from);
    part.slice(from).forEach((token, i) => {
      const law = logSoftmax(logits[from + i - 1]!);
      expect(found.logprob[i]).toBeCloseTo(law[token]!, 3);
      expect(found.bestLogprob[i]).toBeCloseTo(Math.max(...law), 3);
      expect(found.rank[i]).toBe(law.filter((v) => v > law[token]!).length);
    });
  }
  session.dispose();
});

const PROMPT = "Once upon a time, there was a little";

describe.each(canvasMethods.map((m) => m.id))("%s", (method) => {
  const options = {
    model: "story-diffusion",
    draft: "story-target",
    method,
    prompt: PROMPT,
    maxNewTokens: 12,
  };

  it("obeys the grammar, repeats with the same seed, leaves nothing on the device, and reads back once a pass", async () => {
    const idle = host.memory.report().liveBytes;
    const sampler = { temperature: 1 };
    const full = await runToEnd(host, { ...options, sampler, detail: "full" });
    expect(full.end.error).toBeNull();
    expect(checkTrace(full.events)).toBeNull();
    expect(host.memory.report().liveBytes).toBe(idle);
    const light = await runToEnd(host, { ...options, sampler });
    expect(light.end.hash).toBe(full.end.hash);
    const other = await runToEnd(host, { ...options, sampler, seed: 2 });
    expect(other.end.hash).not.toBe(full.end.hash);
    const forwards = light.events.reduce(
      (sum, e) => sum + (e.kind === "cost" ? e.targetForwards + e.draftForwards : 0),
      0,
    );
    expect(light.counts).toMatchObject({ submits: forwards, readbacks: forwards });
  });
});

describe("caches on the device", () => {
  const options = { model: "story-diffusion", prompt: PROMPT, maxNewTokens: 12, sampler: { temperature: 1 } };
  const decode = (method: string, params: RunOptions["params"] = {}, draft: string | null = null) =>
    runToEnd(host, { ...options, method, params, draft });
  const unmasked = ({ events }: RunResult) =>
    events.flatMap((e) => (e.kind === "unmask" ? [[e.positions, e.tokens, e.logprobs]] : []));

  it("refreshed in every step they change no bit, and left alone they do", async () => {
    const plain = unmasked(await decode("low-confidence"));
    expect(unmasked(await decode("dkv-cache", { refreshEvery: 1 }))).toEqual(plain);
    const greedy = await decode("dkv-cache", { variant: "greedy", refreshEvery: 1 });
    expect(unmasked(greedy)).toEqual(unmasked(await decode("random-order")));
    expect(unmasked(await decode("dkv-cache", { refreshEvery: 0 }))).not.toEqual(plain);
  });

  it("only computed rows go through the layers", async () => {
    const { events } = await decode("dkv-cache", { refreshEvery: 4 });
    const canvas = events.find((e) => e.kind === "canvas")!;
    const masked = canvas.masked.reduce((sum, [start, end]) => sum + end - start, 0);
    const rows = events.flatMap((e) => (e.kind === "cost" ? [e.targetRows] : []));
    // One token a step: what is masked, and what the step before committed.
    const expected = rows.map((_, step) =>
      step < 2 || step % 4 === 0 ? canvas.tokens.length : masked - step + 1,
    );
    expect(rows).toEqual(expected);
    const told = events.flatMap((e) => (e.kind === "denoise" ? [positionsOf(e.computed).length] : []));
    expect(told).toEqual(rows);
  });

  it("skipped passes of RADD change no token", async () => {
    const params = { steps: 24 };
    const [own, full] = [await decode("radd", params), await decode("radd", { ...params, isCached: false })];
    expect(unmasked(own)).toEqual(unmasked(full));
    expect(own.counts.submits).toBe(unmasked(own).length);
    expect(full.counts.submits).toBeGreaterThan(own.counts.submits);
  });
});

it("says what to do when a method and a model do not go together", async () => {
  const run = (model: string, method: string) =>
    runToEnd(host, { model, method, draft: null, prompt: PROMPT, maxNewTokens: 4 });
  await expect(run("story-target", "low-confidence")).rejects.toThrow(
    /fills masks, and story-target appends/,
  );
  await expect(run("story-diffusion", "autoregressive")).rejects.toThrow(/appends to a text, and story-diff/);
  await expect(run("story-diffusion", "guided-diffusion")).rejects.toThrow(/needs a second model/);
});
