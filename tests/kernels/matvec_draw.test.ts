/** The head with its draw in one pass: as float64 has it, and token for token what head, law, list and draw give one after another. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { Ctl, NONE, Outcome, OutcomeArray, outcomeArray, outcomeWords } from "../../src/kernels/layouts";
import { DrawStat, foundWords, matvecDraw, MAX_DRAWN_TOP } from "../../src/kernels/matvec_draw";
import { matvecHead } from "../../src/kernels/matvec_head";
import { processLogits } from "../../src/kernels/process_logits";
import { sampleCommit } from "../../src/kernels/sample_commit";
import { topTokens } from "../../src/kernels/top_tokens";
import type { Tuning } from "../../src/kernels/tuning";
import { freeWeights, type WeightMatrix, type WeightStorage } from "../../src/kernels/weights";
import { download, makeEngine, noise, run, TEXELS, upload, weightsOf } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { head, storedAs } from "../reference/dense";
import { drawnRow } from "../reference/matvec_draw";
import { ctlOf } from "./harness";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

interface Case {
  readonly vocabSize: number;
  readonly dim: number;
  readonly storage?: WeightStorage;
  /** Rows of all parts but the last. */
  readonly split?: number;
  readonly row?: number;
  readonly tuning?: Partial<Tuning>;
  readonly temperatures?: readonly number[];
  readonly k?: number;
  readonly steps?: number;
  /** Every row of weights twice: ties everywhere. */
  readonly isDoubled?: boolean;
  /** Rows of weights that are no numbers. */
  readonly broken?: readonly number[];
}

const EPS = 1e-5;
const SEED = 77;

async function check(c: Case): Promise<void> {
  const { vocabSize: V, dim, storage = "f32", row = 0, temperatures = [0, 0.7, 1.5], k = 4, steps = 6 } = c;
  const tuning = c.tuning ?? {};
  // Logits a few wide, so that laws are neither flat nor one token.
  let plain = noise(V * dim, 9).map((w) => (3 * w) / Math.sqrt(dim));
  if (c.isDoubled) plain = plain.map((_, i) => plain[Math.floor(i / dim / 2) * dim + (i % dim)]!);
  for (const row of c.broken ?? []) plain.fill(NaN, row * dim, (row + 1) * dim);
  const { given, kept } = storedAs(storage, plain, dim);
  const gain = noise(dim, 10).map((v) => v + 2);
  const x = noise((row + 1) * dim, 11);
  const cut = c.split ?? V;
  const part = (from: number, to?: number): Promise<WeightMatrix> =>
    weightsOf(engine, given.slice(from * dim, to), dim, storage, 32, tuning);
  const weight = [await part(0, cut * dim)];
  if (cut < V) weight.push(await part(cut));
  const logits64 = head(Float64Array.from(x.subarray(row * dim)), gain, kept, EPS);
  const made: GPUBuffer[] = [];
  const buffer = (data: Float32Array | Uint32Array): GPUBuffer => {
    const b = upload(engine, "test.buffer", data);
    made.push(b);
    return b;
  };
  const shared = { x: buffer(x), gain: buffer(gain) };
  const logits = buffer(new Float32Array(V));
  for (const temperature of temperatures)
    for (let step = 0; step < steps; step++) {
      const state = () => ({
        ctl: buffer(ctlOf({ SEED, STEP: step, N: 1 })),
        seq: buffer(new Uint32Array(4)),
        outcome: buffer(new Uint32Array(outcomeWords(1))),
      });
      const [one, other] = [state(), state()];
      const found = buffer(new Uint32Array(foundWords(k)).fill(NONE));
      const listed = buffer(new Uint32Array(2 * Math.max(1, k)));
      await run(engine, tuning, (rec) => {
        matvecDraw(rec, {
          ...{ ...shared, ...one, found, weight, row, dim, vocabSize: V, eps: EPS, temperature, k },
          allocate: (bytes) => buffer(new Uint32Array(bytes / 4).fill(NONE)),
        });
        matvecHead(rec, { ...shared, weight, logits, T: 1, firstRow: row, dim, vocabSize: V, eps: EPS });
        processLogits(rec, {
          ...{ ...other, logits, tree: null, allowed: null, firstRow: 0, T: 1, vocabSize: V, temperature },
          ...{ topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
        });
        if (k > 0) topTokens(rec, { laws: logits, firstRow: 0, T: 1, vocabSize: V, k, out: listed });
        sampleCommit(rec, { ...other, laws: logits, row: 0, vocabSize: V, greedy: temperature === 0 });
      });
      const words = async (b: GPUBuffer): Promise<ArrayBuffer> => download(engine, b);
      const name = `${V} tokens, temperature ${temperature}, step ${step}`;
      const drawn = await words(one.outcome);
      const apart = await words(other.outcome);
      const at = (a: number): number => outcomeArray(a, 1);
      const token = new Uint32Array(drawn)[at(OutcomeArray.TOKENS)]!;
      const logprob = new Float32Array(drawn)[at(OutcomeArray.LOGPROBS)]!;
      // The same text, step and end as the kernels one after another leave.
      expect(token, name).toBe(new Uint32Array(apart)[at(OutcomeArray.TOKENS)]!);
      for (const field of [
        Outcome.ACTIVE,
        Outcome.STEP,
        Outcome.N,
        Outcome.EMITTED,
        Outcome.EXTRA,
        Outcome.STOP,
      ])
        expect(new Uint32Array(drawn)[field], name).toBe(new Uint32Array(apart)[field]);
      expect(new Uint32Array(await words(one.seq)), name).toEqual(new Uint32Array(await words(other.seq)));
      expect(new Uint32Array(await words(one.ctl))[Ctl.STEP], name).toBe(step + 1);
      expect(logprob, name).toBeCloseTo(new Float32Array(apart)[at(OutcomeArray.LOGPROBS)]!, 4);

      const f = new Float32Array(await words(found));
      const u = new Uint32Array(f.buffer);
      const list = new Uint32Array(await words(listed));
      const expected = drawnRow(logits64, { temperature, k, seed: SEED, step });
      for (let i = 0; i < k; i++) {
        expect(u[i], `${name}, place ${i}`).toBe(list[i]);
        const of = expected.top[i]!;
        if (of.token === null) expect([u[i], f[k + i]], name).toEqual([NONE, Math.fround(of.logprob)]);
        else expect(f[k + i], `${name}, place ${i}`).toBeCloseTo(of.logprob, storage === "int8" ? 1 : 4);
      }
      // Of a float64 row: int8 rounds a weight on a tie the other way.
      const digits = storage === "int8" ? 1 : 4;
      const stat = (s: number): number => f[2 * k + s]!;
      expect(stat(DrawStat.MAX), name).toBeCloseTo(expected.max, digits);
      expect(stat(DrawStat.LOG_SUM_EXP), name).toBeCloseTo(expected.logSumExp, digits);
      expect(stat(DrawStat.ENTROPY), name).toBeCloseTo(expected.entropy, digits);
      if (storage !== "int8") {
        expect(u[2 * k + DrawStat.ARGMAX], name).toBe(expected.argmax);
        expect([token, logprob], name).toEqual([expected.token, expect.closeTo(expected.logprob, 4)]);
      }
    }
  weight.forEach((w) => freeWeights(engine.memory, w));
  made.forEach((b) => engine.memory.free(b));
}

describe("matvec_draw", () => {
  test("the model's own vocabulary, from some row", () =>
    check({ vocabSize: 2048, dim: 128, row: 2, k: 10 }));
  test("vocabularies that are no multiple of four, lists longer than they are", async () => {
    for (const vocabSize of [1, 2, 31, 257]) await check({ vocabSize, dim: 96, k: 3, steps: 3 });
  });
  test("weights that are no numbers: one token's, and all tokens'", async () => {
    for (const row of [0, 77]) await check({ vocabSize: 131, dim: 96, split: 44, broken: [row], steps: 3 });
    const all = Array.from({ length: 9 }, (_, i) => i);
    await check({ vocabSize: 9, dim: 96, broken: all, steps: 1 });
    await check({ vocabSize: 9, dim: 96, broken: all.slice(1), steps: 1 });
  });
  test("no list at all", () => check({ vocabSize: 257, dim: 96, k: 0, steps: 3 }));
  test("the longest list", () => check({ vocabSize: 257, dim: 96, k: MAX_DRAWN_TOP, steps: 2 }));
  test.each(["f32", "f16", "int8", "int4"] as const)("a vocabulary in parts, %s", (storage) =>
    check({ vocabSize: 131, dim: 96, split: 44, storage, steps: 3 }),
  );
  test("ties go to the smaller token, across lanes, workgroups and parts", () =>
    check({ vocabSize: 130, dim: 96, split: 44, isDoubled: true, temperatures: [0, 1], k: 10, steps: 3 }));
  test.each([1, 3, 1000])("at most %i workgroups", (most) =>
    check({ vocabSize: 1030, dim: 64, tuning: { choices: { "head.groups": most } }, steps: 2 }),
  );
  test("sums through workgroup memory", () =>
    check({ vocabSize: 257, dim: 128, tuning: { reduce: "workgroup" }, steps: 2 }));
  test("more lanes than a subgroup has", () =>
    check({
      ...{ vocabSize: 1030, dim: 64, steps: 2, split: 512 },
      tuning: {
        choices: { "matvec.lanes": 32, "matvec1.quads": 2, "draw_commit.lanes": 16, "head.groups": 5 },
      },
    }));
  test("lanes that read for one another, from buffers and textures", async () => {
    const shared = { "matvec.shared": 1, "matvec.block": 1, "matvec.groups": 3 };
    await check({ vocabSize: 67, dim: 128, tuning: { choices: shared }, steps: 2 });
    await check({ vocabSize: 67, dim: 96, split: 44, tuning: { choices: TEXELS }, steps: 2 });
  });
  test("says what is wrong", async () => {
    const weight = await weightsOf(engine, noise(8 * 8, 1), 8, "f32");
    const b = engine.memory.create({ label: "test.b", bytes: 4096, use: "scratch" });
    const wrong = (o: { readonly vocabSize?: number; readonly k?: number; readonly temperature?: number }) =>
      run(engine, {}, (rec) => {
        matvecDraw(rec, {
          ...{ x: b, gain: b, weight, dim: 8, vocabSize: 8, eps: 1, temperature: 1, k: 1 },
          ...{ ctl: b, seq: b, outcome: b, found: b, allocate: () => b },
          ...o,
        });
      });
    await expect(wrong({ vocabSize: 9 })).rejects.toThrow(/weight has 8 rows .* expected 9 x 8/);
    await expect(wrong({ k: 17 })).rejects.toThrow(/k is 17, expected 0 to 16/);
    await expect(wrong({ temperature: -1 })).rejects.toThrow(/temperature >= 0, found -1/);
    freeWeights(engine.memory, weight);
    engine.memory.free(b);
  });
});
