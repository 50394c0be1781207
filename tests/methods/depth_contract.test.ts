/** What methods that decide depth token by token must do, on the float64 session, and the laws of recurrent depth. */
import { beforeAll, describe, expect, test } from "vitest";
import { DecoscopeError } from "../../src/base/errors";
import { readParams } from "../../src/base/params";
import { depthMethods } from "../../src/decoding/index";
import type { MixtureOfRecursionsConfig } from "../../src/models/architectures/mixture_of_recursions";
import type { RecurrentDepthConfig } from "../../src/models/architectures/recurrent_depth";
import { loadModel, type LoadedModel } from "../../src/models/load";
import type { MethodEvent, SamplerSettings } from "../../src/trace/events";
import { checkTrace } from "../../src/trace/grammar";
import { boundaryParams } from "../helpers/boundary_params";
import { collect, FakeDepthSession } from "../helpers/fake_depth";
import { committed, GREEDY_SAMPLER, methodOf, ofKind, SAMPLER } from "../helpers/fake_session_run";
import { memorySource } from "../helpers/tiny_model";
import { tinyRecurrent } from "../helpers/tiny_recurrent";
import { tinyMor } from "../helpers/tiny_mor";
import { argmax } from "../reference/llama";
import { forwardMor, type MorCache, MorReference, type MorRouting } from "../reference/mor";
import { forwardText, RecurrentReference } from "../reference/recurrent";

const PROMPT = [5, 17, 3, 42];
const SEED = 4;

interface Run {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly sampler?: SamplerSettings;
  readonly detail?: "light" | "full";
  readonly prompt?: readonly number[];
  readonly maxNewTokens?: number;
  readonly maxContext?: number;
  readonly seed?: number;
  /** Of methods for routers: on the model whose tokens choose their depths. */
  readonly isChoosing?: boolean;
}

const models = new Map<number, LoadedModel>();
let routed: LoadedModel;
let choosing: LoadedModel;
beforeAll(async () => {
  for (const memory of [0, 0.4]) models.set(memory, await loadModel(memorySource(tinyRecurrent({ memory }))));
  routed = await loadModel(memorySource(tinyMor({ isTied: false, seed: 5 })));
  choosing = await loadModel(memorySource(tinyMor({ isTied: false, seed: 5, isChoosing: true })));
});

/** The model that a method needs, with the cache that its options ask for. */
function coreOf(id: string, params: unknown, memory: number, isChoosing: boolean) {
  const method = methodOf(id);
  const withRouter = isChoosing ? choosing : routed;
  const { config, tensors, facts } = method.requires === "routed" ? withRouter : models.get(memory)!;
  if (config.architecture !== "recurrent-depth" && config.architecture !== "mixture-of-recursions")
    throw new Error("no recurrent depth");
  const { recurrence, dim } = config;
  const { cache } = method.needs!(params as never, recurrence);
  const reference =
    config.architecture === "recurrent-depth"
      ? Object.assign(new RecurrentReference(config, tensors, cache), { dim, sigma: config.latentStd })
      : Object.assign(new MorReference(config, tensors, cache as MorCache), { dim, sigma: 0 });
  return { core: reference, facts: { ...facts, recurrence } };
}

function start(
  id: string,
  run: Run,
  memory = 0.4,
): { events: AsyncGenerator<MethodEvent, void, void>; session: FakeDepthSession } {
  const method = methodOf(id);
  const params = readParams(method.params, run.params ?? {}).values as Record<string, unknown>;
  const session = new FakeDepthSession({
    ...coreOf(id, params, memory, run.isChoosing ?? false),
    seed: run.seed ?? SEED,
    maxContext: run.maxContext ?? 40,
  });
  const events = method.decode({
    ...{ session, params, sampler: run.sampler ?? GREEDY_SAMPLER, firstStep: 0 },
    promptTokens: run.prompt ?? PROMPT,
    maxNewTokens: run.maxNewTokens ?? 5,
    detail: run.detail ?? "full",
  } as never);
  return { events, session };
}
const runAll = (id: string, run: Run = {}, memory?: number): Promise<MethodEvent[]> =>
  collect(start(id, run, memory).events);

/** Methods that run on this session; the others have the contract of texts. */
const own = depthMethods.filter((m) => "needs" in m);

test("there is such a method, and one that drafts for itself", () => {
  expect(own.length).toBeGreaterThan(0);
  expect(depthMethods.length).toBeGreaterThan(own.length);
});

describe.each(own.map((m) => [m.id, m] as const))("%s", (id, method) => {
  test("defaults are legal and all texts are there", () => {
    expect(readParams(method.params, {}).issues).toEqual([]);
    for (const option of Object.values(method.params)) {
      expect(option.label.length).toBeGreaterThan(0);
      expect(option.help.length).toBeGreaterThan(20);
    }
    expect(method.source.url).toMatch(/^https:\/\//);
    expect(method.views.length).toBeGreaterThan(0);
  });

  test.each(boundaryParams(method.params).map((params) => [JSON.stringify(params), params] as const))(
    "is legal and finishes at its bounds: %s",
    async (_, params) => {
      if (params["criterion"] === "exit-gate") {
        // This model has none.
        await expect(runAll(id, { params, maxNewTokens: 2 })).rejects.toThrow(/a model with an exit gate/);
        return;
      }
      const events = await runAll(id, { params, maxNewTokens: 2 });
      expect(checkTrace(events, { methodPrompt: PROMPT })).toBeNull();
      expect(committed(events).length).toBeGreaterThan(0);
    },
  );

  test.each([
    ["greedy", GREEDY_SAMPLER],
    ["sampled", SAMPLER],
  ] as const)("says the same however much it tells, when %s", async (_, sampler) => {
    const full = await runAll(id, { sampler });
    const light = await runAll(id, { sampler, detail: "light" });
    expect(committed(light)).toEqual(committed(full));
    expect(await runAll(id, { sampler })).toEqual(full);
    expect(structuredClone(full)).toEqual(full);
    expect(ofKind(light, "candidates")).toEqual([]);
    expect(ofKind(full, "candidates").length).toBeGreaterThan(0);
  });

  test("other seeds draw other texts", async () => {
    const texts = await Promise.all(
      [1, 2, 3].map(async (seed) => committed(await runAll(id, { seed, sampler: SAMPLER })).join()),
    );
    expect(new Set(texts).size).toBe(3);
  });

  test("counts what the session did", async () => {
    const { events, session } = start(id, { prompt: [PROMPT[0]!] });
    const costs = ofKind(await collect(events), "cost");
    expect(costs.reduce((sum, e) => sum + (e.coreRows ?? 0), 0)).toBe(session.counts.coreRows);
    expect(costs.reduce((sum, e) => sum + (e.coreForwards ?? 0), 0)).toBe(session.counts.coreForwards);
    expect(costs.reduce((sum, e) => sum + e.readbacks, 0)).toBe(session.counts.passes);
    // One pass a step, however many recurrences it has: the CPU has no say between them.
    expect(costs.length).toBeGreaterThan(1);
    for (const e of costs) expect([e.submits, e.readbacks]).toEqual([1, 1]);
  });

  test("asks for a prompt that leaves room, and ends where the context does", async () => {
    await expect(runAll(id, { prompt: [] })).rejects.toThrow(DecoscopeError);
    await expect(runAll(id, { maxContext: 4 })).rejects.toThrow(/at most 3 with this model/);
    expect(committed(await runAll(id, { maxContext: 7, maxNewTokens: 50 }))).toHaveLength(3);
  });

  test("leaves nothing behind, wherever it is cancelled", async () => {
    const events = await runAll(id, { maxNewTokens: 2 });
    for (let pulls = 0; pulls <= events.length; pulls++) {
      const run = start(id, { maxNewTokens: 2 });
      for (let i = 0; i < pulls; i++) expect((await run.events.next()).value).toEqual(events[i]);
      await run.events.return();
      expect(run.session.counts.inFlight).toBe(0);
      run.session.dispose();
    }
  });
});

describe("laws of recurrent depth", () => {
  const recurrent = (params: Readonly<Record<string, unknown>>, memory?: number): Promise<MethodEvent[]> =>
    runAll("recurrent", { params }, memory);

  test("with a bank a recurrence and fixed depth, caching changes nothing", async () => {
    const { tensors, config } = models.get(0.4)! as LoadedModel & { config: RecurrentDepthConfig };
    const text = [...PROMPT];
    for (let i = 0; i < 5; i++) text.push(argmax(forwardText(config, tensors, text, 6, SEED).at(-1)!));
    const events = await recurrent({ criterion: "none", cache: "per-recurrence", recurrences: 6 });
    expect(committed(events)).toEqual(text.slice(PROMPT.length));
  });

  test("a larger threshold never runs the first token deeper", async () => {
    const depths: number[] = [];
    for (const threshold of [0.001, 0.01, 0.05, 0.2, 0.5, 1.5]) {
      const events = await recurrent({ threshold, recurrences: 16, exitInPrompt: false });
      depths.push(ofKind(events, "depth").find((e) => e.position === PROMPT.length - 1)!.depth);
    }
    expect(depths).toEqual([...depths].sort((a, b) => b - a));
    expect(new Set(depths).size).toBeGreaterThan(2);
  });

  test("least = most is fixed depth, whatever the criterion", async () => {
    const fixed = await recurrent({ criterion: "none", recurrences: 5 });
    for (const criterion of ["latent-diff", "cosine", "kl", "minp-kl", "entropy-diff", "argmax-stability"]) {
      const events = await recurrent({ criterion, threshold: 19, minRecurrence: 5, recurrences: 5 });
      expect(committed(events)).toEqual(committed(fixed));
      for (const e of ofKind(events, "depth")) expect(e.depth).toBe(5);
    }
  });

  test("a core that does not look at its latent has settled after two recurrences", async () => {
    const events = await recurrent({ recurrences: 12 }, 0);
    // Of tokens before it a row sees what they had after their last recurrence: those of the prompt still move in the second.
    const own = ofKind(events, "depth").filter((e) => e.position >= PROMPT.length - 1);
    for (const e of own) expect(e).toMatchObject({ depth: 2, reason: "converged" });
  });

  test("the last readout of the ladder is the law that was drawn from", async () => {
    const events = await recurrent({ recurrences: 8 });
    for (const commit of ofKind(events, "commit")) {
      const last = ofKind(events, "recur").findLast(
        (e) => e.step === commit.step && e.positions.includes(commit.positions[0]! - 1),
      )!;
      const i = last.positions.indexOf(commit.positions[0]! - 1);
      expect(last.argmax![i]).toBe(commit.tokens[0]);
      expect(last.top![i]![0]![0]).toBe(commit.tokens[0]);
    }
  });
});

describe("laws of a mixture of recursions", () => {
  const mor = (params: Readonly<Record<string, unknown>>): Promise<MethodEvent[]> =>
    runAll("mor", { params });
  const forward = (text: readonly number[], routing: MorRouting, cache: MorCache) => {
    const { config, tensors } = routed;
    if (config.architecture !== "mixture-of-recursions") throw new Error("no mixture of recursions");
    return forwardMor(config, tensors, text, routing, cache);
  };
  const textOf = (events: readonly MethodEvent[]): number[] => [...PROMPT, ...committed(events)];
  /** Depths by position, the last that were told. */
  const depthsOf = (events: readonly MethodEvent[]): number[] => {
    const depths: number[] = [];
    for (const e of ofKind(events, "depth")) depths[e.position] = e.depth;
    return depths;
  };

  test.each(["per-recurrence", "first-recurrence"] as const)(
    "cached, each token is let in as in the whole text at once, with %s",
    async (cache) => {
      for (const threshold of [0, 0.4, 0.5, 0.6, 1.01]) {
        const events = await mor({ threshold, cache });
        const text = textOf(events).slice(0, -1);
        const whole = forward(text, { kind: "threshold", threshold }, cache);
        expect(depthsOf(events)).toEqual(whole.depths);
        expect(committed(events)).toEqual(whole.logits.slice(PROMPT.length - 1).map((row) => argmax(row)));
        if (threshold === 0) expect(new Set(whole.depths)).toEqual(new Set([3]));
        if (threshold > 1) expect(new Set(whole.depths)).toEqual(new Set([1]));
      }
    },
  );

  test("a larger threshold lets no more in: depths, entries and rows fall together", async () => {
    const figures = await Promise.all(
      [0, 0.3, 0.5, 0.7, 1.01].map(async (threshold) => {
        const text = textOf(await mor({ threshold: 0 })).slice(0, -1);
        const { depths } = forward(text, { kind: "threshold", threshold }, "per-recurrence");
        return depths.reduce((a, b) => a + b, 0);
      }),
    );
    // Each threshold of the same text; a smaller set changes what is seen, so only the ends are certain.
    expect(figures[0]).toBeGreaterThan(figures[2]!);
    expect(figures[2]).toBeGreaterThan(figures[4]!);
  });

  test("each bank has as many keys as tokens ran its recursion, and the figure is their sum", async () => {
    for (const cache of ["per-recurrence", "first-recurrence"]) {
      const events = await mor({ cache });
      const depths = depthsOf(events);
      const { nCore } = (routed.config as MixtureOfRecursionsConfig).recurrence;
      const last = ofKind(events, "recur").filter((e) => e.step === 4);
      last.forEach((e, i) => {
        const ran = cache === "per-recurrence" || i === 0 ? depths.filter((d) => d > i).length : 0;
        expect(e.bankEntries).toBe(nCore * ran);
      });
      const total = cache === "per-recurrence" ? depths.reduce((a, b) => a + b, 0) : depths.length;
      expect(last.at(-1)!.kvEntries).toBe(nCore * total);
    }
  });

  test("the gate of a token that was turned away is below the threshold, those of others are not", async () => {
    const events = await mor({});
    const turned = ofKind(events, "depth").filter((e) => e.reason === "router");
    expect(turned.length).toBeGreaterThan(0);
    for (const e of turned) expect(e.gate).toBeLessThan(0.5);
    const deep = ofKind(events, "recur").filter((e) => e.recurrence > 1);
    expect(deep.length).toBeGreaterThan(0);
    for (const e of deep) for (const gate of e.gate!) expect(gate).toBeGreaterThanOrEqual(0.5);
  });

  test("the same depth for all is that depth, whatever the router says", async () => {
    for (const forceDepth of [1, 2, 3]) {
      const events = await mor({ forceDepth, threshold: 0.99 });
      const whole = forward(
        textOf(events).slice(0, -1),
        { kind: "depth", depth: forceDepth },
        "per-recurrence",
      );
      expect(new Set(depthsOf(events))).toEqual(new Set([forceDepth]));
      expect(committed(events)).toEqual(whole.logits.slice(PROMPT.length - 1).map((row) => argmax(row)));
    }
  });

  test("the best of the text change with what follows, so a cache would not do", async () => {
    const events = await mor({ routing: "topk-text" });
    const first = ofKind(events, "depth").filter((e) => e.step === 0);
    const last = ofKind(events, "depth").filter((e) => e.step === 4);
    expect(last).toHaveLength(PROMPT.length + 4);
    expect(first.map((e) => e.depth)).not.toEqual(last.slice(0, first.length).map((e) => e.depth));
    const whole = forward(textOf(events).slice(0, -1), { kind: "topk" }, "per-recurrence");
    expect(last.map((e) => e.depth)).toEqual(whole.depths);
  });
});

describe("laws of a mixture of recursions whose tokens choose", () => {
  const mor = (params: Readonly<Record<string, unknown>> = {}): Promise<MethodEvent[]> =>
    runAll("mor", { params, isChoosing: true });
  const forward = (events: readonly MethodEvent[], routing: MorRouting, cache: MorCache) => {
    const text = [...PROMPT, ...committed(events)].slice(0, -1);
    return forwardMor(choosing.config as MixtureOfRecursionsConfig, choosing.tensors, text, routing, cache);
  };
  const own: MorRouting = { kind: "choice" };
  const depthsOf = (events: readonly MethodEvent[]): number[] => ofKind(events, "depth").map((e) => e.depth);

  test.each(["per-recurrence", "first-recurrence"] as const)(
    "cached, each token chooses and says what it does in the whole text at once, with %s",
    async (cache) => {
      const events = await mor({ cache });
      expect(checkTrace(events, { methodPrompt: PROMPT })).toBeNull();
      const whole = forward(events, own, cache);
      expect(depthsOf(events)).toEqual(whole.depths);
      expect(new Set(whole.depths).size).toBeGreaterThan(1);
      expect(committed(events)).toEqual(whole.logits.slice(PROMPT.length - 1).map((row) => argmax(row)));
    },
  );

  test("each token tells its law, and gates are told of none", async () => {
    const events = await mor();
    const { gates } = forward(events, own, "per-recurrence");
    ofKind(events, "depth").forEach((e, t) => {
      expect(e).toMatchObject({ position: t, reason: "chosen", maxDepth: 3 });
      expect(e.gate).toBeUndefined();
      e.law!.forEach((p, r) => expect(p).toBeCloseTo(gates[r]![t]!, 12));
    });
    for (const e of ofKind(events, "recur")) expect(e.gate).toBeUndefined();
  });

  test("sets shrink, and each bank has as many keys as tokens ran its recursion", async () => {
    for (const cache of ["per-recurrence", "first-recurrence"]) {
      const events = await mor({ cache });
      const depths = depthsOf(events);
      const { nCore } = (choosing.config as MixtureOfRecursionsConfig).recurrence;
      const ran = [0, 1, 2].map((i) => depths.filter((d) => d > i).length);
      expect(ran[0]).toBe(depths.length);
      expect(ran).toEqual([...ran].sort((a, b) => b - a));
      const last = ofKind(events, "recur").filter((e) => e.step === 4);
      last.forEach((e, i) => {
        expect(e.bankEntries).toBe(nCore * (cache === "per-recurrence" || i === 0 ? ran[i]! : 0));
      });
      const total = cache === "per-recurrence" ? depths.reduce((a, b) => a + b, 0) : depths.length;
      expect(last.at(-1)!.kvEntries).toBe(nCore * total);
    }
  });

  test("threshold and best of the text change nothing: tokens are not let in, they chose", async () => {
    const events = await mor();
    for (const params of [{ threshold: 0 }, { threshold: 1.01 }, { routing: "topk-text" }])
      expect(await mor(params)).toEqual(events);
  });

  test("the same depth for all is that depth, weighted by its own probability", async () => {
    for (const forceDepth of [1, 2, 3]) {
      const events = await mor({ forceDepth });
      const whole = forward(events, { kind: "depth", depth: forceDepth }, "per-recurrence");
      expect(new Set(depthsOf(events))).toEqual(new Set([forceDepth]));
      for (const e of ofKind(events, "depth")) expect(e.reason).toBe("forced");
      expect(committed(events)).toEqual(whole.logits.slice(PROMPT.length - 1).map((row) => argmax(row)));
    }
  });
});
