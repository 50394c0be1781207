/** The head with its statistics in one pass: as float64 has them, and number for number what head, statistics and list give one after another. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { MASKED, NONE } from "../../src/kernels/layouts";
import { matvecHead } from "../../src/kernels/matvec_head";
import { matvecStats, type MatvecStatsArgs, MAX_STATS_TOP } from "../../src/kernels/matvec_stats";
import { drawsOf, MAX_BANNED, rowStats, Stat, STAT_WORDS } from "../../src/kernels/row_stats";
import { topTokens } from "../../src/kernels/top_tokens";
import type { Tuning } from "../../src/kernels/tuning";
import { freeWeights, type WeightMatrix, type WeightStorage } from "../../src/kernels/weights";
import { download, makeEngine, noise, run, TEXELS, upload, weightsOf } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { head, storedAs } from "../reference/dense";
import { statsRow } from "../reference/matvec_stats";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

interface Case {
  readonly vocabSize: number;
  readonly dim: number;
  readonly T: number;
  readonly storage?: WeightStorage;
  /** Rows of all parts but the last. */
  readonly split?: number;
  readonly tuning?: Partial<Tuning>;
  readonly temperatures?: readonly number[];
  readonly banned?: readonly number[];
  readonly k?: number;
  /** Every row of weights twice: ties everywhere. */
  readonly isDoubled?: boolean;
  /** Rows of weights that are no numbers. */
  readonly broken?: readonly number[];
}

const EPS = 1e-5;
const SEED = 77;
/** Statistics that are tokens. */
const TOKENS = [Stat.ARGMAX, Stat.SECOND, Stat.PROPOSAL] as const;
const NUMBERS = [
  Stat.MAX,
  Stat.LOG_SUM_EXP,
  Stat.MARGIN,
  Stat.ENTROPY,
  Stat.GAP,
  Stat.PROPOSAL_LOGPROB,
] as const;

async function check(c: Case): Promise<void> {
  const { vocabSize: V, dim, T, storage = "f32", temperatures = [0, 0.7, 1.5], banned = [], k = 4 } = c;
  const tuning = c.tuning ?? {};
  // Logits a few wide, so that laws are neither flat nor one token.
  let plain = noise(V * dim, 9).map((w) => (3 * w) / Math.sqrt(dim));
  if (c.isDoubled) plain = plain.map((_, i) => plain[Math.floor(i / dim / 2) * dim + (i % dim)]!);
  for (const row of c.broken ?? []) plain.fill(NaN, row * dim, (row + 1) * dim);
  const { given, kept } = storedAs(storage, plain, dim);
  const gain = noise(dim, 10).map((v) => v + 2);
  const x = noise(T * dim, 11);
  const cut = c.split ?? V;
  const part = (from: number, to?: number): Promise<WeightMatrix> =>
    weightsOf(engine, given.slice(from * dim, to), dim, storage, 32, tuning);
  const weight = [await part(0, cut * dim)];
  if (cut < V) weight.push(await part(cut));
  const logits64 = Array.from({ length: T }, (_, t) =>
    head(Float64Array.from(x.subarray(t * dim, (t + 1) * dim)), gain, kept, EPS),
  );
  const made: GPUBuffer[] = [];
  const buffer = (data: Float32Array | Uint32Array): GPUBuffer => {
    const b = upload(engine, "test.buffer", data);
    made.push(b);
    return b;
  };
  const shared = { x: buffer(x), gain: buffer(gain), weight, dim, vocabSize: V, eps: EPS };
  const logits = buffer(new Float32Array(T * V));
  const positions = Array.from({ length: T }, (_, t) => 3 * t + 1);
  for (const [step, temperature] of temperatures.entries()) {
    const draws = buffer(drawsOf({ seed: SEED, step, temperature, banned, positions }));
    const out = (words: number) => buffer(new Uint32Array(Math.max(4, words)).fill(7));
    const [fused, apart] = [0, 1].map(() => ({ stats: out(STAT_WORDS * T), top: out(2 * T * k) }));
    // Banned tokens are in lists of whole rows, and left out by whoever reads them.
    const room = k + banned.length;
    const listed = out(2 * T * room);
    await run(engine, tuning, (rec) => {
      const allocate = (bytes: number): GPUBuffer => buffer(new Uint32Array(bytes / 4).fill(NONE - 1));
      matvecStats(rec, { ...shared, ...fused!, T, draws, k, allocate });
      matvecHead(rec, { ...shared, logits, T });
      rowStats(rec, { laws: logits, draws, firstRow: 0, T, vocabSize: V, out: apart!.stats });
      if (room > 0) topTokens(rec, { laws: logits, firstRow: 0, T, vocabSize: V, k: room, out: listed });
    });
    const [f, expected] = [
      new Float32Array(await download(engine, fused!.stats)),
      new Float32Array(await download(engine, apart!.stats)),
    ];
    const [u, tokens] = [new Uint32Array(f.buffer), new Uint32Array(expected.buffer)];
    const found = new Float32Array(await download(engine, fused!.top));
    const foundTokens = new Uint32Array(found.buffer);
    const whole = new Float32Array(await download(engine, listed));
    const wholeTokens = new Uint32Array(whole.buffer);
    for (let t = 0; t < T; t++) {
      const at = STAT_WORDS * t;
      const name = `${V} tokens, temperature ${temperature}, row ${t}`;
      for (const s of TOKENS) expect(u[at + s], `${name}, statistic ${s}`).toBe(tokens[at + s]);
      for (const s of NUMBERS) expect(f[at + s], `${name}, statistic ${s}`).toBeCloseTo(expected[at + s]!, 4);
      // The same logits, so the same numbers.
      expect([f[at + Stat.MAX], f[at + Stat.GAP]], name).toEqual([
        expected[at + Stat.MAX],
        expected[at + Stat.GAP],
      ]);
      const list = Array.from({ length: room }, (_, i) => i).flatMap((i) => {
        const token = wholeTokens[t * room + i]!;
        return banned.includes(token) ? [] : [[token, whole[(T + t) * room + i]!]];
      });
      for (let i = 0; i < k; i++)
        expect([foundTokens[t * k + i], found[(T + t) * k + i]], `${name}, place ${i}`).toEqual(list[i]);

      // int8 rounds a weight on a tie the other way.
      if (storage === "int8") continue;
      const own = { seed: SEED, step, position: positions[t]!, temperature, banned, k };
      const r = statsRow(logits64[t]!, own);
      // Of equal weights, sums in f32 and in float64 may tell different ones apart.
      if (!c.isDoubled)
        expect([u[at + Stat.ARGMAX], u[at + Stat.SECOND], u[at + Stat.PROPOSAL]], name).toEqual([
          r.argmax,
          r.second ?? NONE,
          r.proposal,
        ]);
      const reference = [r.max, r.logSumExp, r.margin, r.entropy, r.gap, r.logprob];
      NUMBERS.forEach((s, i) => {
        if (Math.abs(reference[i]!) < -MASKED / 2)
          expect(f[at + s], `${name}, statistic ${s}`).toBeCloseTo(reference[i]!, 3);
        else expect(f[at + s], `${name}, statistic ${s}`).toBe(Math.fround(reference[i]!));
      });
      r.top.forEach(({ token, logit }, i) => {
        if (token === null)
          expect([foundTokens[t * k + i], found[(T + t) * k + i]]).toEqual([NONE, Math.fround(logit)]);
        else expect(found[(T + t) * k + i], `${name}, place ${i}`).toBeCloseTo(logit, 3);
      });
    }
  }
  weight.forEach((w) => freeWeights(engine.memory, w));
  made.forEach((b) => engine.memory.free(b));
}

describe("matvec_stats", () => {
  test.each([1, 3, 20, 37])("the model's own vocabulary, %i rows", (T) =>
    check({ vocabSize: 2048, dim: 128, T, k: 10, banned: [1, 5] }),
  );
  test("vocabularies that are no multiple of four, lists longer than they are", async () => {
    for (const vocabSize of [1, 2, 31, 257]) await check({ vocabSize, dim: 96, T: 2, k: 3 });
  });
  test("no list, and the longest", async () => {
    await check({ vocabSize: 257, dim: 96, T: 5, k: 0 });
    await check({ vocabSize: 257, dim: 96, T: 5, k: MAX_STATS_TOP });
  });
  test("the best tokens banned, wherever they are", async () => {
    const V = 131;
    const gain = noise(96, 10).map((v) => v + 2);
    const kept = storedAs("f32", noise(V * 96, 9), 96).kept;
    const row = head(Float64Array.from(noise(96, 11)), gain, kept, EPS);
    const best = Array.from(row, (_, i) => i).sort((a, b) => row[b]! - row[a]!);
    await check({ vocabSize: V, dim: 96, T: 2, split: 44, banned: best.slice(0, MAX_BANNED) });
    // One is left, and none.
    await check({ vocabSize: 5, dim: 96, T: 2, banned: [0, 1, 3, 4], k: 2 });
    for (const T of [2, 20]) await check({ vocabSize: 4, dim: 96, T, banned: [0, 1, 2, 3], k: 2 });
  });
  test("weights that are no numbers: one token's, all tokens', and all but the banned ones'", async () => {
    for (const T of [2, 20]) {
      for (const row of [0, 77])
        await check({ vocabSize: 131, dim: 96, T, split: 44, broken: [row], banned: [5] });
      const all = Array.from({ length: 9 }, (_, i) => i);
      await check({ vocabSize: 9, dim: 96, T, broken: all });
      await check({ vocabSize: 9, dim: 96, T, broken: all.slice(2), banned: [0, 1] });
    }
  });
  test("a logit that stands for a dropped token is none, whichever way the row is looked at", async () => {
    const V = 6;
    const logits = upload(
      engine,
      "test.logits",
      Float32Array.from({ length: 2 * V }, (_, i) => (i === 3 ? 2 : MASKED)),
    );
    const draws = upload(
      engine,
      "test.draws",
      drawsOf({ seed: SEED, step: 0, temperature: 1, banned: [], positions: [0, 1] }),
    );
    const out = engine.memory.create({ label: "test.out", bytes: 8 * STAT_WORDS, use: "scratch" });
    await run(engine, {}, (rec) => {
      rowStats(rec, { laws: logits, draws, firstRow: 0, T: 2, vocabSize: V, out });
    });
    const f = new Float32Array(await download(engine, out));
    const u = new Uint32Array(f.buffer);
    const token = (row: number): number[] => TOKENS.map((s) => u[STAT_WORDS * row + s]!);
    const number = (row: number): number[] => NUMBERS.map((s) => f[STAT_WORDS * row + s]!);
    const none = Math.fround(MASKED);
    expect([token(0), number(0)]).toEqual([
      [3, NONE, 3],
      [2, 2, 1, 0, -none, 0],
    ]);
    expect([token(1), number(1)]).toEqual([
      [NONE, NONE, NONE],
      [none, none, 0, 0, -none, none],
    ]);
    for (const b of [logits, draws, out]) engine.memory.free(b);
  });
  test.each(["f32", "f16", "int8", "int4"] as const)("a vocabulary in parts, %s", async (storage) => {
    for (const T of [6, 20]) await check({ vocabSize: 131, dim: 96, T, split: 44, storage, banned: [50] });
  });
  test("ties go to the smaller token, across lanes, workgroups and parts", async () => {
    for (const T of [2, 20])
      await check({ vocabSize: 130, dim: 96, T, split: 44, isDoubled: true, temperatures: [0, 1], k: 10 });
  });
  test.each([1, 3, 1000])("at most %i workgroups", (most) =>
    check({ vocabSize: 1030, dim: 64, T: 18, tuning: { choices: { "stats.groups": most } } }),
  );
  test("sums through workgroup memory", async () => {
    for (const T of [2, 20]) await check({ vocabSize: 257, dim: 128, T, tuning: { reduce: "workgroup" } });
  });
  test("more lanes than a subgroup has, and than lists are put together of at a time", async () => {
    const choices = { "matvec.lanes": 32, "matvec.quads": 2, "merge_stats.lanes": 16, "stats.groups": 5 };
    await check({ vocabSize: 1030, dim: 64, T: 6, split: 512, tuning: { choices } });
    const wide = { "matmul.lanes": 64, "matmul.rows": 16, "stats.groups": 2 };
    await check({ vocabSize: 1030, dim: 64, T: 20, tuning: { choices: wide } });
  });
  test("lanes that read for one another, from buffers and textures", async () => {
    const shared = { "matvec.shared": 1, "matvec.block": 1, "matvec.groups": 3 };
    for (const T of [1, 6, 20]) await check({ vocabSize: 67, dim: 128, T, tuning: { choices: shared } });
    for (const T of [1, 20])
      await check({ vocabSize: 67, dim: 96, T, split: 44, tuning: { choices: TEXELS } });
  });
  test("says what is wrong", async () => {
    const weight = await weightsOf(engine, noise(8 * 8, 1), 8, "f32");
    const b = engine.memory.create({ label: "test.b", bytes: 4096, use: "scratch" });
    const uneven = await weightsOf(engine, noise(2 * 8, 1), 8, "f32");
    const wrong = (o: Partial<MatvecStatsArgs>) =>
      run(engine, {}, (rec) => {
        matvecStats(rec, {
          ...{ x: b, gain: b, weight, T: 1, dim: 8, vocabSize: 8, eps: 1 },
          ...{ draws: b, stats: b, top: b, k: 1, allocate: () => b },
          ...o,
        });
      });
    await expect(wrong({ vocabSize: 9 })).rejects.toThrow(/weight has 8 rows .* expected 9 x 8/);
    await expect(wrong({ k: 17 })).rejects.toThrow(/k is 17, expected 0 to 16/);
    for (const T of [0, 1.5, 513])
      await expect(wrong({ T })).rejects.toThrow(`matvec_stats: expected 1 to 512 rows, found ${T}`);
    await expect(wrong({ vocabSize: 10, weight: [uneven, weight] })).rejects.toThrow(
      /matvec_stats: a part begins at row 2, expected a multiple of four/,
    );
    const small = engine.memory.create({ label: "test.small", bytes: 16, use: "scratch" });
    await expect(wrong({ allocate: () => small })).rejects.toThrow(/matvec_stats: pieces has 16 bytes/);
    await expect(wrong({ T: 100 })).rejects.toThrow(/merge_stats: stats has 4096 bytes/);
    [weight, uneven].forEach((w) => freeWeights(engine.memory, w));
    [b, small].forEach((held) => engine.memory.free(held));
  });
});
