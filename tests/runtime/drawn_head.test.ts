/** Decoding with the head that draws beside head, law and draw one after another: the same tokens, fewer dispatches, no row of logits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Laws, Recorder } from "../../src/decoding/session";
import type { Tuning } from "../../src/kernels/tuning";
import { GpuSession } from "../../src/runtime/session";
import type { SamplerSettings, TraceEvent } from "../../src/trace/events";
import type { EngineHost } from "../../src/worker/host";
import { MODEL_KINDS } from "../helpers/model_kinds";
import { memorySource, tinyModel } from "../helpers/tiny_model";
import { GREEDY_SAMPLER, openHost, runToEnd, type RunOptions, type RunResult } from "./helpers";

const sampled: SamplerSettings = { ...GREEDY_SAMPLER, temperature: 1 };

let host: EngineHost;
let tuning: Tuning;
beforeAll(async () => {
  host = await openHost();
  ({ tuning } = host);
});
afterAll(() => host.destroy());

const choose = (choices: Readonly<Record<string, number>>): void => {
  host.tuning = { ...tuning, choices: { ...tuning.choices, ...choices } };
};

/** The same run with the fused head and without. */
async function both(options: RunOptions): Promise<{ drawn: RunResult; apart: RunResult }> {
  // With candidates too, which software adapters take from the whole law unless told otherwise.
  choose({ "head.fused": 1 });
  const drawn = await runToEnd(host, options);
  choose({ "head.fused": 0 });
  const apart = await runToEnd(host, options);
  choose({});
  return { drawn, apart };
}

const costs = ({ events }: RunResult): number[] =>
  events.flatMap((e) => (e.kind === "cost" ? [e.dispatches] : []));

function expectSame(found: readonly TraceEvent[], expected: readonly TraceEvent[]): void {
  const numbers = (events: readonly TraceEvent[]) =>
    events.flatMap((e) =>
      e.kind === "commit"
        ? [...e.tokens.map((t, i) => [t, e.logprobs[i]!])]
        : e.kind === "candidates"
          ? e.top.map(([token, logprob]) => [token, logprob])
          : [],
    );
  const [a, b] = [numbers(found), numbers(expected)];
  expect(a.map(([token]) => token)).toEqual(b.map(([token]) => token));
  a.forEach(([, logprob], i) => expect(logprob).toBeCloseTo(b[i]![1]!, 4));
}

describe.each(Object.entries(MODEL_KINDS))("%s", (id, files) => {
  it("writes the same text, greedy and sampled, two dispatches for three", async () => {
    await host.load(id, memorySource(files(), { id }));
    for (const temperature of [0, 0.8]) {
      const { drawn, apart } = await both({
        ...{ model: id, method: "autoregressive", promptIds: [5, 9, 11], maxNewTokens: 12, seed: 3 },
        ...{ sampler: { temperature } },
      });
      expect(drawn.tokens.length).toBeGreaterThan(1);
      expect(drawn.tokens).toEqual(apart.tokens);
      expectSame(drawn.events, apart.events);
      const saved = costs(apart).map((n, i) => n - costs(drawn)[i]!);
      expect(new Set(saved)).toEqual(new Set([1]));
    }
  });
});

describe("what is seen of candidates", () => {
  it.each([0, 1.2])("is the same at temperature %f, with one dispatch less again", async (temperature) => {
    await host.load("tiny", memorySource(tinyModel(), { id: "tiny" }));
    const { drawn, apart } = await both({
      ...{ model: "tiny", method: "autoregressive", promptIds: [5, 9, 11], maxNewTokens: 8, seed: 3 },
      ...{ sampler: { temperature }, detail: "full" },
    });
    expect(drawn.events.filter((e) => e.kind === "candidates").length).toBeGreaterThan(1);
    expectSame(drawn.events, apart.events);
    const saved = costs(apart).map((n, i) => n - costs(drawn)[i]!);
    expect(new Set(saved)).toEqual(new Set([2]));
  });
});

it("a software adapter lists candidates of the whole law, which is faster there", async () => {
  expect(host.gpu.isSoftware).toBe(true);
  const { gpu: target } = await host.load("tiny", memorySource(tinyModel(), { id: "tiny" }));
  const dispatches = async (choices: Readonly<Record<string, number>>, k: number): Promise<number> => {
    const session = await GpuSession.open(host.engine, {
      ...{ target, draft: null, seed: 1, firstStep: 0, maxNewTokens: 4, treeNodes: 1, profiler: null },
      tuning: { ...tuning, choices: { ...tuning.choices, ...choices } },
    });
    const { cost } = await session.record((ops) => {
      const laws = ops.forward("target", ops.committedTail(1), sampled);
      return { ...(k > 0 && { top: ops.top(laws, k) }), outcome: ops.commitSample(laws) };
    });
    session.dispose();
    return cost.dispatches;
  };
  const [apart, listed] = [
    await dispatches({ "head.fused": 0 }, 0),
    await dispatches({ "head.fused": 0 }, 5),
  ];
  expect([await dispatches({}, 0), await dispatches({}, 5)]).toEqual([apart - 1, listed]);
  expect(await dispatches({ "head.fused": 1 }, 5)).toBe(listed - 2);
});

it("settings that leave tokens out or weigh them anew take the whole law", async () => {
  await host.load("tiny", memorySource(tinyModel(), { id: "tiny" }));
  for (const sampler of [{ topK: 5 }, { topP: 0.9 }, { minP: 0.1 }, { repetitionPenalty: 1.3 }]) {
    const { drawn, apart } = await both({
      ...{ model: "tiny", method: "autoregressive", promptIds: [5, 9, 11], maxNewTokens: 4, seed: 3 },
      sampler: { temperature: 1, ...sampler },
    });
    expect(drawn.tokens, JSON.stringify(sampler)).toEqual(apart.tokens);
    expect(costs(drawn), JSON.stringify(sampler)).toEqual(costs(apart));
  }
});

describe("a large vocabulary in parts", () => {
  const V = 20_000;
  const load = async () => {
    choose({ "upload.part_bytes": 400_000 });
    const { gpu } = await host.load("wide", memorySource(tinyModel({ vocabSize: V }), { id: "wide" }));
    choose({});
    return gpu;
  };

  it("is written nowhere: what a round leaves is small beside a row of logits", async () => {
    const target = await load();
    const pieces = host.memory.leaks().filter((label) => /^wide\.(embed|head)\.\d$/.test(label));
    expect(pieces.length).toBeGreaterThan(2);
    const written = async (isFused: boolean): Promise<{ bytes: number; kernels: number; laws: number }> => {
      const choices = { ...tuning.choices, "head.fused": isFused ? 1 : 0 };
      const session = await GpuSession.open(host.engine, {
        ...{ target, draft: null, seed: 1, firstStep: 0, maxNewTokens: 4, treeNodes: 1 },
        ...{ tuning: { ...tuning, choices }, profiler: null },
      });
      const labels = () => host.memory.held().filter(({ label }) => label.startsWith("session"));
      const before = new Set(labels().map(({ label }) => label));
      await session.prefill([5, 9, 11]);
      const program = await session.record((ops) => ({
        outcome: ops.commitSample(ops.forward("target", ops.committedTail(1), sampled)),
      }));
      const made = labels().filter(({ label }) => !before.has(label) && !label.endsWith(".params"));
      const result = {
        bytes: made.reduce((sum, { bytes }) => sum + bytes, 0),
        kernels: program.cost.dispatches,
        laws: made.filter(({ label }) => label.includes("laws")).length,
      };
      session.dispose();
      return result;
    };
    const [drawn, apart] = [await written(true), await written(false)];
    expect(drawn.laws).toBe(0);
    expect(apart.laws).toBe(1);
    expect(apart.bytes).toBeGreaterThan(4 * V);
    // A piece of ten words for each of at most one workgroup for 128 tokens.
    expect(drawn.bytes).toBeLessThan(0.15 * 4 * V);
    // Each of the parts has its pass, law and draw have become one.
    expect(drawn.kernels).toBe(apart.kernels - 1);
  });

  it("gives the same text", async () => {
    await load();
    for (const temperature of [0, 1]) {
      const { drawn, apart } = await both({
        ...{ model: "wide", method: "autoregressive", promptIds: [5, 9, 11], maxNewTokens: 10, seed: 5 },
        ...{ sampler: { temperature }, detail: "full" },
      });
      expect(drawn.tokens).toEqual(apart.tokens);
      expectSame(drawn.events, apart.events);
    }
  });
});

describe("a law that is asked for after all", () => {
  const session = async (): Promise<GpuSession> => {
    const { gpu: target } = await host.load("tiny", memorySource(tinyModel(), { id: "tiny" }));
    const fused = { ...tuning, choices: { ...tuning.choices, "head.fused": 1 } };
    const made = await GpuSession.open(host.engine, {
      ...{ target, draft: null, seed: 1, firstStep: 0, maxNewTokens: 9, treeNodes: 1 },
      ...{ tuning: fused, profiler: null },
    });
    await made.prefill([5, 9, 11]);
    return made;
  };

  it("lists longer than the draw's, second lists, and lists without a draw are of the whole law", async () => {
    const s = await session();
    const program = await s.record((ops) => {
      const laws = ops.forward("target", ops.committedTail(1), sampled);
      return { short: ops.top(laws, 4), long: ops.top(laws, 20), outcome: ops.commitSample(laws) };
    });
    const [round] = await program.run();
    const { short, long } = round!;
    expect([...short.tokens]).toEqual([...long.tokens.subarray(0, 4)]);
    [...short.logprobs].forEach((logprob, i) => expect(logprob).toBeCloseTo(long.logprobs[i]!, 5));
    const only = await s.record((ops) => ({
      top: ops.top(ops.forward("target", ops.committedTail(1), sampled), 3),
    }));
    const [{ top }] = (await only.run()) as [{ top: typeof short }];
    expect(top.tokens).toHaveLength(3);
    expect(top.logprobs[0]).toBeLessThanOrEqual(0);
    expect(top.logprobs[0]).toBeGreaterThan(-20);
    s.dispose();
  });

  it("a law that was listed before other rows went through is the law of its rows, whatever the next is asked for", async () => {
    const s = await session();
    const program = await s.record((ops) => {
      const first = ops.top(ops.forward("target", ops.committedTail(1), sampled), 3);
      // One-hot, and whole.
      const second = ops.forward("target", ops.committedTail(1), GREEDY_SAMPLER);
      return { first, second: ops.top(second, 20), outcome: ops.commitSample(second) };
    });
    const [round] = await program.run();
    const { first, second, outcome } = round!;
    expect([...first.tokens]).toContain(outcome.tokens[0]);
    expect(second.logprobs[0]).toBe(0);
    expect(first.logprobs[0]).toBeLessThan(0);
    expect(first.logprobs[2]).toBeGreaterThan(-20);
    s.dispose();
  });

  it.each([
    ["listed", (ops: Recorder, laws: Laws) => ops.top(laws, 3)],
    ["listed at length", (ops: Recorder, laws: Laws) => ops.top(laws, 20)],
    ["drawn from", (ops: Recorder, laws: Laws) => ops.commitSample(laws)],
  ])("a law is not %s when other rows went through", async (name, use) => {
    const s = await session();
    // Drawable, whole, and drawable but drawn from.
    for (const sampler of [sampled, { ...sampled, topK: 2 }])
      // A round commits once.
      for (const isDrawn of name === "drawn from" ? [false] : [false, true])
        await expect(
          s.record((ops) => {
            const laws = ops.forward("target", ops.committedTail(1), sampler);
            if (isDrawn) ops.commitSample(laws);
            const next = ops.forward("target", ops.committedTail(1), GREEDY_SAMPLER);
            return { second: ops.top(next, 20), late: use(ops, laws) };
          }),
        ).rejects.toThrow(/the law of these is gone/);
    s.dispose();
  });
});
