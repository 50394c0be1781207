/** What methods that decide depth token by token must do, on the float64 session, and the laws of recurrent depth. */
import { beforeAll, describe, expect, test } from "vitest";
import { DecoscopeError } from "../../src/base/errors";
import { readParams } from "../../src/base/params";
import type { CachePolicy } from "../../src/decoding/depth/policy";
import { depthMethods } from "../../src/decoding/index";
import type { RecurrentDepthConfig } from "../../src/models/architectures/recurrent_depth";
import { loadModel, type LoadedModel } from "../../src/models/load";
import type { MethodEvent, SamplerSettings } from "../../src/trace/events";
import { checkTrace } from "../../src/trace/grammar";
import { boundaryParams } from "../helpers/boundary_params";
import { collect, FakeDepthSession } from "../helpers/fake_depth";
import { committed, GREEDY_SAMPLER, methodOf, ofKind, SAMPLER } from "../helpers/fake_session_run";
import { memorySource } from "../helpers/tiny_model";
import { tinyRecurrent } from "../helpers/tiny_recurrent";
import { argmax } from "../reference/llama";
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
}

const models = new Map<number, LoadedModel>();
beforeAll(async () => {
  for (const memory of [0, 0.4]) models.set(memory, await loadModel(memorySource(tinyRecurrent({ memory }))));
});

/** Where a method keeps keys and values. */
const cacheOf = (id: string, params: unknown, config: RecurrentDepthConfig): CachePolicy =>
  methodOf(id).needs!(params as never, config.recurrence).cache;

function start(
  id: string,
  run: Run,
  memory = 0.4,
): { events: AsyncGenerator<MethodEvent, void, void>; session: FakeDepthSession } {
  const { tensors, facts, config } = models.get(memory)! as LoadedModel & { config: RecurrentDepthConfig };
  const method = methodOf(id);
  const params = readParams(method.params, run.params ?? {}).values as Record<string, unknown>;
  const reference = new RecurrentReference(config, tensors, cacheOf(id, params, config));
  const session = new FakeDepthSession({
    facts: { ...facts, recurrence: config.recurrence },
    core: Object.assign(reference, { dim: config.dim, sigma: config.latentStd }),
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
