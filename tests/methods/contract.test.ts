/** What every method that appends to a text must do, whatever its algorithm, on the fake session. */
import { describe, expect, test } from "vitest";
import { DecoscopeError } from "../../src/base/errors";
import { readParams } from "../../src/base/params";
import { MAX_NODES } from "../../src/decoding/draft_tree";
import { findMethod, methods, textMethods } from "../../src/decoding/index";
import { checkTrace } from "../../src/trace/grammar";
import { boundaryParams } from "../helpers/boundary_params";
import { hashModel, mixModel } from "../helpers/fake_session_models";
import {
  GREEDY_SAMPLER,
  ofKind,
  runFake,
  SAMPLER,
  startFake,
  type FakeRun,
} from "../helpers/fake_session_run";

const target = hashModel({ vocabSize: 24, salt: 1, spread: 3 });
const draft = mixModel(target, hashModel({ vocabSize: 24, salt: 2, spread: 3 }), 0.3);
const PROMPTS = [[5], [1, 2], [7, 7, 7, 7], [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]];
const prompt = PROMPTS[3]!;

test("ids are unique, stable in form, and found", () => {
  expect(new Set(methods.map((m) => m.id)).size).toBe(methods.length);
  for (const method of methods) {
    expect(method.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(findMethod(method.id)).toBe(method);
  }
  expect(findMethod("no-such-method")).toBeUndefined();
});

describe.each(textMethods.map((method) => [method.id, method] as const))("%s", (id, method) => {
  const base: FakeRun = {
    method: id,
    target,
    draft: method.requires === "causal" ? null : draft,
    prompt,
    seed: 11,
  };

  test("defaults are legal and all texts are there", () => {
    expect(readParams(method.params, {}).issues).toEqual([]);
    for (const option of Object.values(method.params)) {
      expect(option.label.length).toBeGreaterThan(0);
      expect(option.help.length).toBeGreaterThan(20);
    }
    expect(method.views.length).toBeGreaterThan(0);
    expect(method.source.url).toMatch(/^https:\/\//);
  });

  test.each(boundaryParams(method.params).map((params) => [JSON.stringify(params), params] as const))(
    "is legal at its bounds: %s",
    async (_, params) => {
      const { values, issues } = readParams(method.params, params);
      expect(issues).toEqual([]);
      const most = method.treeNodes(values as never);
      expect(most).toBeLessThanOrEqual(MAX_NODES);
      for (const detail of ["light", "full"] as const) {
        const { events, tokens } = await runFake({ ...base, params, detail, maxNewTokens: 12 });
        expect(checkTrace(events, { methodPrompt: prompt })).toBeNull();
        expect(tokens).toHaveLength(12);
        const drafts = ofKind(events, "draft");
        const largest = Math.max(1, ...drafts.map((e) => e.nodes.length));
        // Chosen tokens can be fewer: those that are known. DySpec verifies less than it drafts.
        if (drafts[0]?.law === "point" || id === "dyspec") expect(largest).toBeLessThanOrEqual(most);
        else expect(largest).toBe(most);
      }
    },
  );

  test.each([
    ["greedy", GREEDY_SAMPLER],
    ["sampled", SAMPLER],
    ["truncated", { temperature: 0.8, topK: 6, topP: 0.9, minP: 0.05, repetitionPenalty: 1.3 }],
  ] as const)("says the same and the truth when %s", async (_, sampler) => {
    for (const prompt of PROMPTS) {
      const full = await runFake({ ...base, prompt, sampler });
      expect(checkTrace(full.events, { methodPrompt: prompt })).toBeNull();
      expect(full.session.state.text).toEqual([...prompt, ...full.tokens]);
      for (const e of ofKind(full.events, "commit"))
        for (const v of e.logprobs) expect(v).toBeLessThanOrEqual(0);
      for (const other of [
        await runFake({ ...base, prompt, sampler }),
        await runFake({ ...base, prompt, sampler, detail: "light" }),
      ]) {
        expect(other.tokens).toEqual(full.tokens);
        expect(checkTrace(other.events, { methodPrompt: prompt })).toBeNull();
      }
      expect(structuredClone(full.events)).toEqual(full.events);
    }
  });

  test("other seeds give other texts", async () => {
    const texts = await Promise.all(
      [1, 2, 3].map(async (seed) => (await runFake({ ...base, seed })).tokens.join()),
    );
    expect(new Set(texts).size).toBe(3);
  });

  test("greedy text is that of autoregressive decoding", async () => {
    for (const prompt of PROMPTS) {
      for (const repetitionPenalty of [1, 1.5]) {
        const sampler = { ...GREEDY_SAMPLER, repetitionPenalty };
        const plain = await runFake({ ...base, method: "autoregressive", prompt, sampler, maxNewTokens: 64 });
        const own = await runFake({ ...base, prompt, sampler, maxNewTokens: 64 });
        expect(own.tokens).toEqual(plain.tokens);
      }
    }
  });

  test("stops after the first end token", async () => {
    const endTokens = [0, 9, 17];
    const ending = { ...target, endTokens };
    let inside = 0;
    for (let seed = 0; seed < 12; seed++) {
      for (const detail of ["light", "full"] as const) {
        const { events, tokens } = await runFake({
          ...base,
          target: ending,
          seed,
          detail,
          maxNewTokens: 200,
        });
        expect(endTokens).toContain(tokens.at(-1));
        expect(tokens.slice(0, -1).some((x) => endTokens.includes(x))).toBe(false);
        expect(checkTrace(events, { methodPrompt: prompt })).toBeNull();
        const path = ofKind(events, "verify").at(-1)?.path.length ?? 1;
        if (ofKind(events, "commit").at(-1)!.tokens.length < path) inside++;
      }
    }
    // Methods that often commit several tokens must have met an end token before the last of them.
    const drafts = ofKind((await runFake(base)).events, "draft");
    if (drafts.length > 0 && drafts[0]!.law !== "point") expect(inside).toBeGreaterThan(0);
  });

  test("stops at the token limit and at the end of the context", async () => {
    for (const detail of ["light", "full"] as const) {
      for (const maxNewTokens of [1, 2, 7]) {
        const { events, tokens } = await runFake({ ...base, detail, maxNewTokens });
        expect(tokens).toHaveLength(maxNewTokens);
        expect(checkTrace(events, { methodPrompt: prompt })).toBeNull();
      }
      const { tokens, session } = await runFake({
        ...base,
        detail,
        maxNewTokens: 50,
        maxContext: prompt.length + 9,
      });
      expect(tokens).toHaveLength(9);
      expect(session.state.stop).toBe("context_full");
    }
  });

  test("asks for a prompt that can be continued", async () => {
    await expect(runFake({ ...base, prompt: [] })).rejects.toThrow(DecoscopeError);
    await expect(runFake({ ...base, maxContext: prompt.length })).rejects.toThrow(
      /11 tokens; expected at most 10/,
    );
  });

  test("leaves nothing behind, wherever it is cancelled", async () => {
    for (const detail of ["light", "full"] as const) {
      const { events } = await runFake({ ...base, detail, maxNewTokens: 20 });
      for (let pulls = 0; pulls <= events.length; pulls += pulls < 30 ? 1 : 7) {
        const run = startFake({ ...base, detail, maxNewTokens: 20 });
        for (let i = 0; i < pulls; i++) expect((await run.events.next()).value).toEqual(events[i]);
        await run.events.return();
        expect(run.device.runsInFlight).toBe(0);
        run.session.dispose();
        expect([run.device.liveSessions, run.device.livePrograms]).toEqual([0, 0]);
      }
    }
  });

  test("passes on a failure of the device and leaves nothing in flight", async () => {
    const broken = {
      ...target,
      logits: (context: readonly number[]) => {
        if (context.length > prompt.length + 6)
          throw new DecoscopeError("device_lost", "the device was lost");
        return target.logits(context);
      },
    };
    for (const detail of ["light", "full"] as const) {
      const run = startFake({ ...base, target: broken, detail });
      await expect(
        (async () => {
          for (;;) if ((await run.events.next()).done) return;
        })(),
      ).rejects.toThrow("the device was lost");
      expect(run.device.runsInFlight).toBe(0);
      run.session.dispose();
    }
  });

  test("runs ahead only when the detail is light, and reads back once a submit", async () => {
    const full = await runFake({ ...base, detail: "full" });
    expect(full.device.mostInFlight).toBe(1);
    const light = await runFake({ ...base, detail: "light", maxNewTokens: 60 });
    expect(light.device.mostInFlight).toBe(2);
    expect(ofKind(light.events, "candidates")).toEqual([]);
    for (const result of [full, light]) {
      const costs = ofKind(result.events, "cost");
      expect(costs).toHaveLength(ofKind(result.events, "commit").length);
      for (const e of costs) expect(e.readbacks).toBe(e.submits);
      // Rounds submitted ahead of the end are the only ones that no event speaks of.
      const told = costs.reduce((sum, e) => sum + e.submits, 0);
      expect(result.device.submits - told).toBeLessThanOrEqual(result === full ? 0 : 1);
    }
  });
});
