/** Methods on the real GPU session with the bundled models: greedy equality, counts, leaks, cancellation, limits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prompts } from "../../bench/prompts";
import { textMethods as methods } from "../../src/decoding";
import { checkTrace } from "../../src/trace/grammar";
import { hashTokens } from "../../src/trace/hash";
import type { EngineHost } from "../../src/worker/host";
import { type RunCounts, runMethod } from "../../src/worker/run";
import { type Watched, watchAllocations } from "../helpers/allocations";
import { jsonBytes, memorySource, tinyModel } from "../helpers/tiny_model";
import { TINY_VOCAB, tinyTokenizer } from "../helpers/tiny_tokenizer";
import { bundled, openHost, runToEnd } from "./helpers";

/** Context of the bundled pair. */
const PLACES = 256;
const PAIR = { model: "story-target", draft: "story-draft" } as const;
let host: EngineHost;
let idleBytes = 0;

beforeAll(async () => {
  host = await openHost();
  await host.load("story-target", bundled("story-target"));
  await host.load("story-draft", bundled("story-draft"));
  idleBytes = host.memory.report().liveBytes;
});
afterAll(() => host.destroy());

describe("greedy text", () => {
  // 100 tokens after all ten prompts would take twice the time of this.
  it("is the same for every method over 100 tokens, and over 16 after seven more prompts", async () => {
    for (const [i, prompt] of prompts.entries()) {
      const maxNewTokens = i < 3 ? 100 : 16;
      const texts = [];
      for (const { id } of methods) {
        const { tokens, end } = await runToEnd(host, { ...PAIR, method: id, prompt, maxNewTokens });
        expect(end.error).toBeNull();
        texts.push(tokens);
      }
      for (const text of texts) expect(text).toEqual(texts[0]);
    }
  }, 600_000);
});

describe.each(methods.map((m) => m.id))("%s", (method) => {
  it("obeys the grammar, repeats with the same seed, and leaves nothing on the device", async () => {
    const options = { ...PAIR, method, prompt: prompts[0]!, sampler: { temperature: 1 }, maxNewTokens: 24 };
    const first = await runToEnd(host, { ...options, detail: "full" });
    expect(first.end.error).toBeNull();
    expect(checkTrace(first.events)).toBeNull();
    const light = await runToEnd(host, options);
    expect(light.tokens).toEqual(first.tokens);
    expect(light.end.hash).toBe(first.end.hash);
    const other = await runToEnd(host, { ...options, seed: 2 });
    expect(other.tokens).not.toEqual(first.tokens);
    expect(host.memory.report().liveBytes).toBe(idleBytes);
  });

  it("uses one submit and one readback a round at most, and allocates nothing after the first", async () => {
    let watched: Watched | null = null;
    const control = { cancelled: false };
    const counts: RunCounts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
    const settings = {
      ...PAIR,
      method,
      params: {},
      sampler: { temperature: 0.8, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
      prompt: prompts[1]!,
      begin: null,
      seed: 5,
      maxNewTokens: 40,
      detail: "full" as const,
      profile: false,
    };
    let watchedRounds = 0;
    for await (const e of runMethod(host, settings, control, counts)) {
      if (e.kind !== "cost") continue;
      if (watched) watchedRounds++;
      watched ??= watchAllocations(host.gpu.device);
    }
    watched?.stop();
    expect(watchedRounds).toBeGreaterThan(3);
    expect(watched?.made).toEqual([]);
    // What the device saw is what the events and the session's own counts say.
    expect(watched?.submits).toBe(watchedRounds);
    expect(watched?.maps).toBe(watchedRounds);
    expect(counts.readbacks).toBe(watchedRounds + 1);
  });

  it("ends at once when cancelled and frees what it held", async () => {
    const control = { cancelled: false };
    const options = { ...PAIR, method, prompt: prompts[2]!, maxNewTokens: 200 };
    const { end, tokens } = await runToEnd(host, options, control, (e) => {
      if (e.kind === "commit") control.cancelled = true;
    });
    expect(end.reason).toBe("cancelled");
    expect(tokens.length).toBeGreaterThan(0);
    expect(tokens.length).toBeLessThan(100);
    expect(host.memory.report().liveBytes).toBe(idleBytes);
  });

  it("stops where the context is full, at the same text as token by token", async () => {
    const story = (await host.model("story-target")).tokenizer.encodePrompt(prompts.join(" ").repeat(4));
    // Few enough places left that no sentence, and so no story, ends in them.
    const promptIds = story.slice(0, PLACES - 10);
    const options = { ...PAIR, promptIds, maxNewTokens: 100 };
    const { tokens, end } = await runToEnd(host, { ...options, method });
    const plain = await runToEnd(host, { ...options, method: "autoregressive" });
    expect(end.error).toBeNull();
    expect(tokens).toEqual(plain.tokens);
    expect(tokens).toHaveLength(10);
    expect([end.reason, plain.end.reason]).toEqual(["context_full", "context_full"]);
  });
});

describe("a tree of 256 nodes", () => {
  it("gives the greedy text and a legal trace", async () => {
    const options = { ...PAIR, prompt: prompts[5]!, maxNewTokens: 8 };
    const tree = { ...options, method: "rsd-c", params: { branching: [3, 4, 4, 4] } };
    const { tokens, events } = await runToEnd(host, { ...tree, detail: "full" });
    expect(events.find((e) => e.kind === "draft")?.nodes).toHaveLength(256);
    expect(checkTrace(events)).toBeNull();
    expect(tokens).toEqual((await runToEnd(host, { ...options, method: "autoregressive" })).tokens);
  }, 120_000);
});

describe("a branch", () => {
  it.each(["autoregressive", "rsd-s"])(
    "of %s with its parent's own tokens is its parent, and a forced one is kept",
    async (method) => {
      const options = {
        ...PAIR,
        method,
        prompt: prompts[1]!,
        sampler: { temperature: 0.8 },
        maxNewTokens: 24,
      };
      const parent = await runToEnd(host, options);
      const given = parent.events.flatMap((e) => (e.kind === "commit" && e.step < 2 ? e.tokens : []));
      const same = await runToEnd(host, { ...options, begin: { step: 2, tokens: given, forced: [] } });
      expect(same.end).toMatchObject({ error: null, reason: parent.end.reason, hash: parent.end.hash });
      expect(checkTrace(same.events)).toBeNull();

      const forced = [...given, (parent.tokens[given.length]! + 1) % 1000];
      const begin = { step: 3, tokens: forced, forced: [given.length] };
      const other = await runToEnd(host, { ...options, begin });
      expect(other.end.error).toBeNull();
      expect(checkTrace(other.events)).toBeNull();
      expect(other.end.hash).toBe(hashTokens([...forced, ...other.tokens]));
      expect(forced.length + other.tokens.length).toBeLessThanOrEqual(24);

      const all = { step: 9, tokens: parent.tokens, forced: [] };
      const over = await runToEnd(host, { ...options, begin: all });
      expect(over.end).toMatchObject({ hash: parent.end.hash, reason: parent.end.reason });
      expect(over.events.some((e) => e.kind === "prefill")).toBe(false);
    },
  );
});

describe("a draft model equal to the target", () => {
  // Wrong catch-up or compaction of either cache would make the two disagree after the first round.
  it.each(["speculative-chain", "rsd-c"])("%s accepts whole paths in every round", async (method) => {
    const options = {
      model: "story-target",
      draft: "story-target",
      method,
      prompt: prompts[4]!,
      maxNewTokens: 48,
    };
    const { events, end } = await runToEnd(host, options);
    expect(end.error).toBeNull();
    const depth = method === "rsd-c" ? 3 : 5;
    const paths = events.flatMap((e) => (e.kind === "verify" ? [e.path.length - 1] : []));
    expect(paths.length).toBeGreaterThan(5);
    expect(new Set(paths)).toEqual(new Set([depth]));
  });
});

describe("counts of autoregressive decoding", () => {
  it("is at most 5 dispatches a layer plus 4, one submit a round, one readback per 8 tokens in light detail", async () => {
    const { events, counts } = await runToEnd(host, {
      ...PAIR,
      method: "autoregressive",
      prompt: prompts[3]!,
      maxNewTokens: 64,
      sampler: { temperature: 1, topK: 50, topP: 0.95 },
    });
    const costs = events.filter((e) => e.kind === "cost");
    const layers = 5;
    for (const c of costs) expect(c.dispatches).toBeLessThanOrEqual(5 * layers + 4);
    expect(counts.readbacks).toBeLessThanOrEqual(Math.ceil(costs.length / 8) + 2);
  });
});

describe("bad input", () => {
  it("says what is wrong with a prompt, a pair, a method", async () => {
    const run = (o: object): Promise<unknown> =>
      runToEnd(host, { ...PAIR, method: "rsd-s", prompt: "A", ...o });
    await expect(run({ promptIds: Array.from({ length: 300 }, () => 5) })).rejects.toMatchObject({
      code: "method",
      message: /300 tokens.*at most 255/,
    });
    await expect(run({ promptIds: [5000] })).rejects.toMatchObject({ message: /Token 5000.*0 to 2047/ });
    await expect(run({ promptIds: [] })).rejects.toMatchObject({ message: /empty/ });
    await expect(run({ method: "telepathy" })).rejects.toMatchObject({ message: /telepathy/ });
    for (const sampler of [{ temperature: 1e-30 }, { topP: 0 }, { minP: 2 }, { repetitionPenalty: 0 }])
      await expect(run({ sampler })).rejects.toMatchObject({ code: "method", message: /found/ });
    await expect(run({ draft: null })).rejects.toMatchObject({ message: /needs a draft model/ });
  });
});

describe("a pair of models", () => {
  it("is refused where ids mean different texts, with what differs", async () => {
    const own = await openHost();
    const swapped = tinyModel();
    const tokenizer = tinyTokenizer();
    const { vocab } = tokenizer.model as { vocab: Record<string, number> };
    [vocab.a, vocab.b] = [vocab.b!, vocab.a!];
    swapped.set("tokenizer.json", jsonBytes(tokenizer));
    await own.load("tiny", memorySource(tinyModel(), { id: "tiny" }));
    await own.load("same", memorySource(tinyModel({ seed: 2 }), { id: "same" }));
    await own.load("swapped", memorySource(swapped, { id: "swapped" }));
    await own.load("wide", memorySource(tinyModel({ vocabSize: TINY_VOCAB + 4 }), { id: "wide" }));
    const run = (draft: string) =>
      runToEnd(own, { model: "tiny", draft, method: "rsd-c", prompt: "a", maxNewTokens: 2 });
    try {
      expect((await run("same")).end.error).toBeNull();
      const at = Math.min(vocab.a, vocab.b);
      await expect(run("swapped")).rejects.toMatchObject({
        code: "method",
        message: new RegExp(`token ${at} is "a" to tiny and "b" to swapped`),
      });
      await expect(run("wide")).rejects.toMatchObject({
        message: new RegExp(`tiny has \\d+ tokens, wide has ${TINY_VOCAB + 4}`),
      });
    } finally {
      own.destroy();
    }
  });
});

describe("a device lost in the middle of a run", () => {
  it("ends the run with a typed error and keeps the trace", async () => {
    const own = await openHost();
    await own.load("story-target", bundled("story-target"));
    await own.load("story-draft", bundled("story-draft"));
    const counts: RunCounts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
    const settings = {
      ...PAIR,
      method: "rsd-c",
      params: {},
      sampler: { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
      prompt: prompts[0]!,
      begin: null,
      seed: 1,
      maxNewTokens: 100,
      detail: "full" as const,
      profile: false,
    };
    let rounds = 0;
    let last;
    for await (const e of runMethod(own, settings, { cancelled: false }, counts)) {
      if (e.kind === "cost" && ++rounds === 2) own.gpu.device.destroy();
      last = e;
    }
    expect(rounds).toBe(2);
    expect(last).toMatchObject({ kind: "run_end", reason: "error", error: { code: "device_lost" } });
  });
});
