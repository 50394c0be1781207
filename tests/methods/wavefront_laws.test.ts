/** Laws of the diffusion-forcing sampler (recursion.md 4.6), on a core with one fixed point for every text. */
import { describe, expect, test } from "vitest";
import { pcg4d } from "../../src/base/rng";
import { readParams } from "../../src/base/params";
import type { MethodEvent } from "../../src/trace/events";
import { checkTrace } from "../../src/trace/grammar";
import { collect, type DepthCore, FakeDepthSession } from "../helpers/fake_depth";
import { committed, GREEDY_SAMPLER, methodOf, ofKind } from "../helpers/fake_session_run";
import { argmax } from "../reference/llama";

type Vector = Float64Array<ArrayBuffer>;
const V = 13;
const DIM = 8;
const hash = (...key: [number, number, number, number]): number => pcg4d(...key)[0] / 2 ** 31 - 1;

/**
 * z = 0.4 z + 0.3 mean of the latents up to its own position + its embedding: differences shrink by 0.7 or more, so
 * there is one fixed point for a text, wherever latents begin and in whatever order they are worked on.
 */
class Contraction implements DepthCore {
  readonly dim = DIM;
  readonly sigma = 0.6;
  private readonly seen: Vector[] = [];
  constructor(private readonly salt: number) {}

  embed(tokens: readonly number[], positions: readonly number[]): Vector[] {
    return tokens.map((token, i) =>
      Float64Array.from({ length: DIM }, (_, d) => hash(token, positions[i]!, d, this.salt)),
    );
  }
  iterate(latents: readonly Vector[], embeds: readonly Vector[], positions: readonly number[]): Vector[] {
    positions.forEach((p, i) => (this.seen[p] = latents[i]!));
    return positions.map((p, i) =>
      latents[i]!.map((v, d) => {
        let sum = 0;
        for (let q = 0; q <= p; q++) sum += this.seen[q]![d]!;
        return 0.4 * v + (0.3 * sum) / (p + 1) + embeds[i]![d]!;
      }),
    );
  }
  readout(latents: readonly Vector[]): Vector[] {
    return latents.map((z) =>
      Float64Array.from({ length: V }, (_, x) =>
        z.reduce((sum, v, d) => sum + v * hash(x, d, 5, this.salt), 0),
      ),
    );
  }
}

const PROMPT = [3, 1, 4];
const NEW = 12;
const facts = {
  ...{ id: "contraction", vocabSize: V, endTokens: [] as number[] },
  recurrence: { nPrelude: 1, nCore: 1, nCoda: 1, trainedRecurrence: 32 },
};

/** Greedy decoding with every latent at rest. */
function converged(salt: number): number[] {
  const text = [...PROMPT];
  while (text.length < PROMPT.length + NEW) {
    const core = new Contraction(salt);
    const positions = text.map((_, p) => p);
    const embeds = core.embed(text, positions);
    let z: Vector[] = positions.map(() => new Float64Array(DIM));
    for (let r = 0; r < 120; r++) z = core.iterate(z, embeds, positions);
    text.push(argmax(core.readout(z).at(-1)!));
  }
  return text.slice(PROMPT.length);
}

async function run(salt: number, params: Readonly<Record<string, unknown>>): Promise<MethodEvent[]> {
  const method = methodOf("depth-wavefront");
  const { values, issues } = readParams(method.params, params);
  expect(issues).toEqual([]);
  const session = new FakeDepthSession({ facts, core: new Contraction(salt), seed: salt });
  return collect(
    method.decode({
      ...{ session, params: values, sampler: GREEDY_SAMPLER, firstStep: 0 },
      ...{ promptTokens: PROMPT, maxNewTokens: NEW, detail: "light" },
    } as never),
  );
}
const exact = {
  emaEmbeds: 0,
  stateNoise: 0,
  exitThreshold: 0.001,
  recurrenceCap: 256,
  requireUnchanged: true,
};
const salts = [1, 2, 3, 4];

describe("the fixed-point law", () => {
  test.each([
    { innerRecurrence: 1, maxWavefront: 2, headway: 1 },
    { innerRecurrence: 1, maxWavefront: 8, headway: 1 },
    { innerRecurrence: 4, maxWavefront: 3, headway: 2 },
    { innerRecurrence: 2, maxWavefront: 64, headway: 1 },
    { innerRecurrence: 1, maxWavefront: 8, headway: 1, freeze: "latent-acceleration" },
    { innerRecurrence: 2, maxWavefront: 3, headway: 2, freeze: "latent-acceleration" },
    { innerRecurrence: 1, maxWavefront: 8, headway: 1, requireUnchanged: false },
    { innerRecurrence: 2, maxWavefront: 64, headway: 2, requireUnchanged: false },
  ])("greedy text is that of plain decoding at rest: %o", async (params) => {
    for (const salt of salts) {
      const events = await run(salt, { ...exact, ...params });
      expect(checkTrace(events, { methodPrompt: PROMPT })).toBeNull();
      expect(committed(events), `salt ${salt}`).toEqual(converged(salt));
    }
  });

  test("it is a law of rest: tokens frozen after one step are others", async () => {
    const texts = await Promise.all(salts.map((salt) => run(salt, { ...exact, recurrenceCap: 1 })));
    expect(texts.some((events, i) => committed(events).join() !== converged(salts[i]!).join())).toBe(true);
  });
});

test("by its pace a latent is frozen from its third step on, when the last two moves differ little enough", async () => {
  const exitThreshold = 0.05;
  const events = await run(1, { ...exact, freeze: "latent-acceleration", exitThreshold });
  const waves = ofKind(events, "wave");
  expect(waves.some((wave) => wave.frozenTo > wave.draftFrom)).toBe(true);
  for (const wave of waves) {
    wave.acceleration!.forEach((a, i) => expect(a === null).toBe(wave.recurrences[i]! < 3));
    const open = wave.acceleration!.findIndex((a) => a === null || a >= exitThreshold);
    // Only so many are frozen as have come to rest from the front on; one less where a token was another.
    expect(wave.frozenTo - wave.draftFrom).toBeLessThanOrEqual(open < 0 ? wave.width : open);
  }
  const byChange = ofKind(await run(1, { ...exact, exitThreshold }), "wave");
  expect(byChange.every((wave) => wave.acceleration === undefined)).toBe(true);
});

test("a wider wave needs fewer steps", async () => {
  const steps = await Promise.all(
    [2, 3, 8].map(async (maxWavefront) => ofKind(await run(1, { ...exact, maxWavefront }), "wave").length),
  );
  expect(steps[0]).toBeGreaterThan(steps[1]!);
  expect(steps[1]).toBeGreaterThan(steps[2]!);
});

test("waves stay within their width, move forward, and what they report is what was computed", async () => {
  const events = await run(2, { ...exact, maxWavefront: 5, innerRecurrence: 3 });
  const waves = ofKind(events, "wave");
  for (const wave of waves) {
    expect(wave.width).toBeLessThanOrEqual(5);
    const cost = ofKind(events, "cost").find((e) => e.step === wave.step)!;
    expect([cost.coreForwards, cost.coreRows]).toEqual([3, 3 * wave.width]);
  }
  expect(waves.map((w) => w.anchor)).toEqual(waves.map((w) => w.anchor).sort((a, b) => a - b));
  expect(ofKind(events, "retract")).toEqual([]);
});

test("noise, momentum, other rules and the release's way all come to an end and are told legally", async () => {
  for (const params of [
    { stateNoise: 0.5 },
    { stateNoise: 0.5, noiseSchedule: "variance", emaEmbeds: 0.3 },
    { freeze: "fixed", innerRecurrence: 4 },
    { freeze: "latent-acceleration" },
    { freeze: "latent-acceleration", asReleased: true },
    { freeze: "token-stability", prefillRecurrence: 4 },
    { freezeRule: "furthest", initNew: "previous" },
    { asReleased: true },
  ]) {
    const events = await run(3, params);
    expect(checkTrace(events, { methodPrompt: PROMPT }), JSON.stringify(params)).toBeNull();
    expect(committed(events)).toHaveLength(NEW);
  }
});
