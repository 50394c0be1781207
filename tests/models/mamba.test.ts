/**
 * Mamba-2 on random checkpoints in the hub's layout: logits against a float64 recurrence that reads config.json and tensors by
 * itself, the same text however the prompt is fed, and a refusal where tokens would have to be taken back.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { promptLogits } from "../../src/runtime/logits";
import { GpuSession } from "../../src/runtime/session";
import { checkTrace } from "../../src/trace/grammar";
import type { EngineHost } from "../../src/worker/host";
import { mambaCheckpoint } from "../helpers/mamba_checkpoints";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { argmax } from "../reference/llama";
import { mamba2Logits } from "../reference/mamba2";
import { openHost, runToEnd } from "../runtime/helpers";
import { fedGreedily } from "./fed_greedily";
import { worstError } from "./worst_error";

let host: EngineHost;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.destroy());

const tokens = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7919 + 13) % 250);

const PARTICULARS: readonly (readonly [name: string, config: Readonly<Record<string, unknown>>])[] = [
  ["tied, one group, a chunk longer than the text", {}],
  ["chunks of 8, some of them not full", { chunk_size: 8 }],
  ["two groups with norms of their own, untied", { n_groups: 2, tie_word_embeddings: false, chunk_size: 16 }],
  ["every bias, none of the convolution", { use_bias: true, use_conv_bias: false }],
  ["a short convolution and limits of the steps", { conv_kernel: 3, time_step_limit: [0.002, 0.5] }],
];

describe("Mamba-2", () => {
  it.each(PARTICULARS)(
    "%s: the logits of the float64 recurrence to 1e-4 relative, at 1 and 37 tokens",
    async (name, config) => {
      const checkpoint = mambaCheckpoint(config, 3);
      const { gpu } = await host.load(name, memorySource(checkpoint.files, { id: name }));
      for (const count of [1, 37]) {
        const found = await promptLogits(host.engine, host.tuning, gpu, tokens(count));
        const error = worstError(found, mamba2Logits(checkpoint, tokens(count)));
        expect(error, `${count} tokens`).toBeLessThan(1e-4);
      }
    },
  );

  it.each([PARTICULARS[1]!, PARTICULARS[2]!])(
    "%s: writes the same text, the prompt fed at once, in chunks, token by token, and by a session",
    async (name, config) => {
      const checkpoint = mambaCheckpoint(config);
      const id = `${name}, whole`;
      const { gpu } = await host.load(id, memorySource(checkpoint.files, { id }));
      const promptIds = tokens(21);
      const expected: number[] = [];
      while (expected.length < 6)
        expected.push(argmax(mamba2Logits(checkpoint, [...promptIds, ...expected]).at(-1)!));
      for (const chunk of [21, 10, 1])
        expect(await fedGreedily(host, gpu, promptIds, chunk, 6), `chunks of ${chunk}`).toEqual(expected);
      const run = { model: id, method: "autoregressive", promptIds, maxNewTokens: 6 };
      const { tokens: written, events } = await runToEnd(host, run);
      expect(written).toEqual(expected);
      expect(checkTrace(events)).toBeNull();
    },
  );

  it("remembers: what was said at the beginning changes what comes after", async () => {
    const checkpoint = mambaCheckpoint();
    const { gpu } = await host.load("memory", memorySource(checkpoint.files, { id: "memory" }));
    const other = [99, ...tokens(30).slice(1)];
    const found = await promptLogits(host.engine, host.tuning, gpu, other);
    expect(worstError(found, mamba2Logits(checkpoint, other))).toBeLessThan(1e-4);
    expect(worstError(found.slice(-283), mamba2Logits(checkpoint, tokens(30)).slice(-1))).toBeGreaterThan(
      1e-3,
    );
  });

  it("begins anew with another text in the memory of one before", async () => {
    const checkpoint = mambaCheckpoint();
    const { gpu } = await host.load("anew", memorySource(checkpoint.files, { id: "anew" }));
    const text = { seed: 0, firstStep: 0, maxNewTokens: 1 };
    const session = await GpuSession.open(host.engine, {
      ...{ ...text, target: gpu, draft: null, treeNodes: 1, tuning: host.tuning, profiler: null },
    });
    const sampler = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
    const next = async (prompt: readonly number[]): Promise<number> => {
      await session.prefill(prompt);
      const program = await session.record((ops) => ({
        outcome: ops.commitSample(ops.forward("target", ops.committedTail(1), sampler)),
      }));
      const [round] = await program.run();
      return round!.outcome.tokens[0]!;
    };
    const expected = (prompt: readonly number[]): number => argmax(mamba2Logits(checkpoint, prompt).at(-1)!);
    const first = tokens(9);
    expect(await next(first)).toBe(expected(first));
    // Longer by what was written, then one that differs in the middle, then a single token.
    for (const prompt of [[...first, expected(first), 5], [...first.slice(0, 4), 77, 78], [41]]) {
      session.goOn([...first, expected(first)], text);
      expect(await next(prompt), prompt.join(" ")).toBe(expected(prompt));
    }
    session.dispose();
  });

  it("runs with weights in int8", async () => {
    const checkpoint = mambaCheckpoint();
    const storage = "int8";
    const source = memorySource(checkpoint.files, { id: storage });
    const { gpu } = await host.load(storage, source, () => {}, undefined, { storage });
    const found = await promptLogits(host.engine, host.tuning, gpu, tokens(12));
    // Weights within 1/254 of the largest of their group, through three layers.
    expect(worstError(found, mamba2Logits(checkpoint, tokens(12)))).toBeLessThan(0.1);
  });

  it("samples, and refuses what would take tokens back", async () => {
    const checkpoint = mambaCheckpoint();
    await host.load("mamba", memorySource(checkpoint.files, { id: "mamba" }));
    await host.load("llama", memorySource(tinyModel({ vocabSize: 283 }), { id: "llama" }));
    const run = { promptIds: tokens(6), maxNewTokens: 4 };
    const warm = await runToEnd(host, {
      ...{ ...run, model: "mamba", method: "autoregressive", sampler: { temperature: 1 } },
    });
    expect(warm.tokens).toHaveLength(4);
    for (const method of ["prompt-lookup", "jacobi", "token-recycling"])
      await expect(runToEnd(host, { ...run, model: "mamba", method })).rejects.toThrow(
        /takes tokens back.*mamba keeps a text as one state.*Choose another model, or Autoregressive/,
      );
    for (const pair of [
      { model: "mamba", draft: "mamba" },
      { model: "llama", draft: "mamba" },
    ])
      await expect(runToEnd(host, { ...run, ...pair, method: "speculative-chain" })).rejects.toThrow(
        /mamba keeps a text as one state/,
      );
  });
});
