import { describe, expect, test } from "vitest";
import { Node, NONE, treeWords } from "../../src/kernels/layouts";
import { processLogits, type ProcessLogitsArgs } from "../../src/kernels/process_logits";
import { drawsOf, rowStats, Stat, STAT_WORDS } from "../../src/kernels/row_stats";
import { topTokens } from "../../src/kernels/top_tokens";
import type { Tuning } from "../../src/kernels/tuning";
import type { SamplerSettings } from "../../src/trace/events";
import { processLogits as reference } from "../reference/process_logits";
import { isMasked, MASKED, proposal, rowStats as statsOf, topK } from "../reference/row_stats";
import { ctlOf, normals, REDUCTIONS, uniforms, useBench } from "./harness";

const bench = useBench();
const PLAIN: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
const rowsOf = (rows: number, vocabSize: number, seed: number, spread = 3): Float32Array => {
  const z = normals(seed);
  return Float32Array.from({ length: rows * vocabSize }, () => spread * z());
};

interface Case {
  readonly logits: Float32Array;
  readonly vocabSize: number;
  readonly sampler: SamplerSettings;
  readonly seq?: readonly number[];
  readonly extra?: Partial<ProcessLogitsArgs>;
  readonly tuning?: Partial<Tuning>;
}
async function run(c: Case): Promise<Float32Array> {
  const logits = bench().buffer(c.logits);
  const seq = c.seq ?? [0];
  await bench().run(
    (rec) =>
      processLogits(rec, {
        logits,
        ctl: bench().buffer(ctlOf({ N: seq.length })),
        seq: bench().buffer(Uint32Array.from(seq)),
        tree: null,
        allowed: null,
        firstRow: 0,
        T: c.logits.length / c.vocabSize,
        vocabSize: c.vocabSize,
        ...c.sampler,
        ...c.extra,
      }),
    c.tuning,
  );
  return (await bench().f32(logits)).subarray(0, c.logits.length);
}

/**
 * Log-probabilities agree within 2e-5 (f32 sums of exp over up to 2,048 terms, log, and |logit| up to 20 whose last
 * place is 2e-6; more for larger ones), and the same tokens are kept; at the border of top-p, f32 sums may decide otherwise about a token of
 * probability below `border`.
 */
function agree(found: Float32Array, expected: Float64Array, border = 0): void {
  const differ: string[] = [];
  for (let x = 0; x < expected.length; x++) {
    const [f, e] = [found[x]!, expected[x]!];
    if (isMasked(f) !== isMasked(e) && Math.exp(Math.max(f, e)) < border) continue;
    if (isMasked(f) !== isMasked(e) || (!isMasked(e) && !(Math.abs(f - e) < 2e-5 + 2 ** -23 * Math.abs(e))))
      differ.push(`${x}: ${f} for ${e}`);
  }
  expect(differ).toEqual([]);
}
async function compare(c: Case): Promise<void> {
  const found = await run(c);
  for (let at = 0; at < found.length; at += c.vocabSize) {
    const row = c.logits.subarray(at, at + c.vocabSize);
    agree(
      found.subarray(at, at + c.vocabSize),
      reference(row, c.sampler, { role: "target", text: c.seq ?? [0] }),
      c.sampler.topP < 1 ? 1e-5 : 0,
    );
  }
}

describe.each(REDUCTIONS)("process_logits, %s", (_, tuning) => {
  test.each([1, 7, 8, 9, 31, 97, 2048])("temperature over %i tokens", (vocabSize) =>
    compare({
      logits: rowsOf(3, vocabSize, vocabSize),
      vocabSize,
      sampler: { ...PLAIN, temperature: 0.7 },
      tuning,
    }),
  );
  test.each([97, 2048])("every setting at once, %i tokens", (vocabSize) =>
    compare({
      logits: rowsOf(3, vocabSize, 5),
      vocabSize,
      sampler: { temperature: 0.8, topK: 40, topP: 0.9, minP: 0.02, repetitionPenalty: 1.3 },
      seq: [3, 3, 17, 90, 3, 5],
      tuning,
    }),
  );
});

describe("process_logits", () => {
  test.each([1, 2, 40, 2047, 2048, 5000])("top-k %i", (topK) =>
    compare({ logits: rowsOf(2, 2048, topK), vocabSize: 2048, sampler: { ...PLAIN, topK } }),
  );
  test.each([1e-6, 0.1, 0.5, 0.9, 0.999])("top-p %d", (topP) =>
    compare({ logits: rowsOf(2, 2048, 11), vocabSize: 2048, sampler: { ...PLAIN, topP } }),
  );
  test.each([0.001, 0.1, 1])("min-p %d", (minP) =>
    compare({ logits: rowsOf(2, 2048, 12), vocabSize: 2048, sampler: { ...PLAIN, minP } }),
  );
  test("thresholds keep ties", async () => {
    const logits = Float32Array.from({ length: 64 }, (_, x) => [3, 1, 1, 1][x] ?? 0);
    await compare({ logits, vocabSize: 64, sampler: { ...PLAIN, topK: 2 } });
    await compare({ logits, vocabSize: 64, sampler: { ...PLAIN, topP: 0.3 } });
  });
  test("temperature 0 is one-hot at the smallest argmax", async () => {
    const logits = rowsOf(1, 97, 4);
    logits[41] = logits[77] = 50;
    const found = await run({
      logits,
      vocabSize: 97,
      sampler: { ...PLAIN, temperature: 0, repetitionPenalty: 1.1 },
    });
    expect([...found].map((v, x) => (isMasked(v) ? null : [x, v])).filter(Boolean)).toEqual([[41, 0]]);
  });
  test("extreme logits: large, all equal, nearly one-hot, masked", async () => {
    const logits = new Float32Array(4 * 50);
    logits.set(
      Float32Array.from({ length: 50 }, (_, x) => (x % 2 ? 1e4 : -1e4)),
      0,
    );
    logits.fill(-3, 50, 100);
    logits[107] = 1e4;
    logits.set(
      Float32Array.from({ length: 50 }, (_, x) => (x < 3 ? x : -1e30)),
      150,
    );
    await compare({ logits, vocabSize: 50, sampler: { ...PLAIN, temperature: 0.5 } });
    const all = await run({
      logits: new Float32Array(50).fill(-1e30),
      vocabSize: 50,
      sampler: { ...PLAIN, topK: 3 },
    });
    expect([...all].every(isMasked)).toBe(true);
  });
  test("allowed tokens only", async () => {
    const logits = rowsOf(1, 100, 6);
    const allowed = new Uint32Array(4);
    for (const x of [0, 33, 64, 99]) allowed[x >> 5]! |= 1 << (x & 31);
    const found = await run({
      logits,
      vocabSize: 100,
      sampler: PLAIN,
      extra: { allowed: bench().buffer(allowed) },
    });
    agree(found, reference(logits, PLAIN, { role: "target", text: [], allowed: new Set([0, 33, 64, 99]) }));
  });
  test("the penalty counts the path of a row's node, each token once, in a vocabulary of several stretches", async () => {
    const vocabSize = 40_000;
    const logits = rowsOf(3, vocabSize, 8);
    const cap = 4;
    const tree = new Uint32Array(treeWords(cap));
    // 0 - 1 - 3 and 0 - 2; rows stand for nodes 1 to 3.
    tree.set([9, 16_384, 39_999, 20_000], Node.TOKEN * cap);
    tree.set([NONE, 0, 0, 1], Node.PARENT * cap);
    const sampler = { ...PLAIN, repetitionPenalty: 1.5 };
    const seq = [7, 7, 30_000, 9];
    const found = await run({
      logits,
      vocabSize,
      sampler,
      seq,
      extra: { tree: { buffer: bench().buffer(tree), cap, from: 1 } },
    });
    for (const [row, path] of [
      [0, [16_384]],
      [1, [39_999]],
      [2, [16_384, 20_000]],
    ] as const) {
      const own = logits.subarray(row * vocabSize, (row + 1) * vocabSize);
      agree(
        found.subarray(row * vocabSize, (row + 1) * vocabSize),
        reference(own, sampler, { role: "target", text: [...seq, ...path] }),
      );
    }
  });
});

describe.each(REDUCTIONS)("row_stats and top_tokens, %s", (_, tuning) => {
  test.each([
    [1, 0, []],
    [2, 0, []],
    [2, 1, [1]],
    [9, 1, [0, 3]],
    [97, 0.7, [96]],
    [2048, 0, [1]],
    [2048, 1, [1, 0]],
  ])("%i tokens, temperature %d, without %j", async (vocabSize, temperature, banned) => {
    const T = 3;
    const logits = rowsOf(T + 1, vocabSize, 20 + vocabSize);
    const laws = bench().buffer(logits);
    const stats = bench().empty(STAT_WORDS * T);
    const k = 10;
    const positions = Array.from({ length: T }, (_, i) => 7 * i + 2);
    const draws = { seed: 5, step: 3, temperature, banned, positions };
    const top = bench().empty(2 * T * k);
    await bench().run((rec) => {
      rowStats(rec, { laws, draws: bench().buffer(drawsOf(draws)), firstRow: 1, T, vocabSize, out: stats });
      topTokens(rec, { laws, firstRow: 1, T, vocabSize, k, out: top });
    }, tuning);
    const s = await bench().f32(stats);
    const words = new Uint32Array(s.buffer);
    const t = await bench().u32(top);
    const logprobs = new Float32Array(t.buffer);
    for (let row = 0; row < T; row++) {
      const own = logits.subarray((row + 1) * vocabSize, (row + 2) * vocabSize);
      const allowed = own.map((z, x) => (banned.includes(x) ? MASKED : z));
      const expected = statsOf(allowed);
      const at = row * STAT_WORDS;
      expect(s[at + Stat.MAX]).toBe(expected.max);
      expect(words[at + Stat.ARGMAX]).toBe(expected.argmax);
      // f32 sums of up to 2,048 terms.
      expect(s[at + Stat.LOG_SUM_EXP]).toBeCloseTo(expected.logSumExp, 4);
      expect(s[at + Stat.MARGIN]).toBeCloseTo(expected.margin, 5);
      expect(s[at + Stat.ENTROPY]).toBeCloseTo(expected.entropy, 4);
      expect(words[at + Stat.SECOND]).toBe(expected.second ?? NONE);
      expect(Math.abs(s[at + Stat.GAP]! - expected.gap)).toBeLessThan(1e-4 + 2 ** -23 * expected.gap);
      const drawn = proposal(allowed, { seed: 5, step: 3, position: positions[row]!, temperature });
      expect(words[at + Stat.PROPOSAL]).toBe(drawn.token);
      expect(s[at + Stat.PROPOSAL_LOGPROB]).toBeCloseTo(drawn.logprob, 4);
      const best = topK(own, k);
      for (let i = 0; i < k; i++) {
        expect(t[row * k + i]).toBe(best[i] ?? NONE);
        if (i < best.length) expect(logprobs[T * k + row * k + i]).toBe(own[best[i]!]);
      }
    }
  });
});

test("top_tokens: 64 of a law with ties and masked tokens", async () => {
  const u = uniforms(3);
  const law = Float32Array.from({ length: 300 }, () => (u() < 0.6 ? -1e30 : Math.round(4 * u())));
  const out = bench().empty(128);
  await bench().run((rec) =>
    topTokens(rec, { laws: bench().buffer(law), firstRow: 0, T: 1, vocabSize: 300, k: 64, out }),
  );
  const best = topK(law, 64);
  const found = await bench().u32(out);
  expect([...found.subarray(0, 64)]).toEqual(best.map((x) => (isMasked(law[x]!) ? NONE : x)));
});
