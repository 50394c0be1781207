/**
 * Whether kernels calculate rightly on this device, before anything is built on them: drivers and browsers differ, and a wrong
 * reduction gives text, only nonsense. Small products, norms, attention, draws and statistics in the variants that would be used, beside float64.
 */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { ReadbackRing } from "../engine/readback";
import { attention } from "../kernels/attention";
import {
  Ctl,
  CTL_WORDS,
  NONE,
  outcomeArray,
  OutcomeArray,
  outcomeWords,
  Row,
  ROW_BIT_WORDS,
  ROW_WORDS,
} from "../kernels/layouts";
import { DrawStat, foundWords, matvecDraw } from "../kernels/matvec_draw";
import { matvecNorm } from "../kernels/matvec_norm";
import { matvecResidual } from "../kernels/matvec_residual";
import { matvecStats } from "../kernels/matvec_stats";
import { packWeights } from "../kernels/quantize";
import { rmsnorm } from "../kernels/rmsnorm";
import { drawsOf, Stat, STAT_WORDS } from "../kernels/row_stats";
import type { Recording, Tuning } from "../kernels/tuning";
import { createWeights, freeWeights, WEIGHT_STORAGES, type WeightStorage } from "../kernels/weights";
import { tuningKey } from "./tuner";

export interface SelfTest {
  /** With what was wrong left out. */
  readonly tuning: Tuning;
  /** What was wrong, one sentence each, for people. */
  readonly avoided: readonly string[];
}

/** What may be given up, the least first: the change to the variants and its name. */
const FALLBACKS: readonly { readonly name: string; readonly without: Partial<Tuning> }[] = [
  { name: "subgroup operations", without: { reduce: "workgroup" } },
  { name: "16-bit arithmetic or packed dot products", without: { f16: false, packedDot: false } },
  {
    name: "subgroup operations, and with 16-bit arithmetic or packed dot products",
    without: { reduce: "workgroup", f16: false, packedDot: false },
  },
];

/** Columns, and rows of the matrix; neither divides the lanes of most devices. */
const D = 96;
const O = 40;
/** Rows of activations: one, a small tree, a piece of a prompt. */
const COUNTS = [1, 6, 20] as const;
const SHAPE = { nHeads: 4, nKvHeads: 2, headDim: 12, slots: 9 } as const;
const EPS = 1e-5;

/** Numbers between -1 and 1 that look like no pattern a wrong sum could hide behind. */
const noise = (count: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(1 + 12.9898 * i + 78.233 * seed)));

interface Check {
  readonly name: string;
  readonly out: GPUBuffer;
  /** Word of `out` at which what is expected begins; 0 unless given. */
  readonly at?: number;
  readonly expected: readonly number[];
  /** What is found are integers, and every one counts. */
  readonly isExact?: boolean;
  /** Largest difference, in parts of the largest number. */
  readonly tolerance: number;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const rowsOf = (values: Float32Array, length: number): Float32Array[] =>
  Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length));
const scaleOf = (x: Float32Array): number => 1 / Math.sqrt(dot(x, x) / x.length + EPS);

/** Softmax over slots 0 to t for row t. */
function attended(q: Float32Array, cache: Float32Array, T: number): number[] {
  const { nHeads, nKvHeads, headDim } = SHAPE;
  const cells = rowsOf(cache, headDim);
  return rowsOf(q, headDim).flatMap((query, at) => {
    const [t, head] = [Math.floor(at / nHeads), Math.floor((at % nHeads) / (nHeads / nKvHeads))];
    const slots = Array.from({ length: SHAPE.slots - T + t + 1 }, (_, s) => 2 * s * nKvHeads + head);
    const weights = slots.map((s) => Math.exp(dot(query, cells[s]!) / Math.sqrt(headDim)));
    const total = weights.reduce((a, b) => a + b, 0);
    return Array.from(
      { length: headDim },
      (_, i) => slots.reduce((sum, s, k) => sum + weights[k]! * cells[s + nKvHeads]![i]!, 0) / total,
    );
  });
}

/** Storages whose products are tried: all on GPUs; software adapters take long to build kernels, and f32 stands for all. */
const storagesOf = ({ gpu }: Engine): readonly WeightStorage[] =>
  gpu.isSoftware ? ["f32"] : WEIGHT_STORAGES;

/** The k best of a law of these logits, and what a draw says of it. */
function lawOf(logits: readonly number[], k: number) {
  const largest = Math.max(...logits);
  const logSumExp = largest + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - largest), 0));
  const entropy = logits.reduce((sum, z) => sum - Math.exp(z - logSumExp) * (z - logSumExp), 0);
  const best = logits.map((_, i) => i).sort((a, b) => logits[b]! - logits[a]!);
  const tokens = best.slice(0, k);
  return {
    tokens,
    logprobs: tokens.map((i) => logits[i]! - logSumExp),
    stats: [largest, logSumExp, entropy],
  };
}

/** The head that draws: the most probable token at temperature 0, the list and the sums of the law at 1. */
function recordDraws(
  rec: Recording,
  make: (values: Float32Array | Uint32Array) => GPUBuffer,
  weight: Parameters<typeof matvecDraw>[1]["weight"],
  matrix: readonly Float32Array[],
): Check[] {
  const k = 3;
  // With these the best logits lie 0.03 apart, far more than rounding can move them.
  const [x, gain] = [noise(D, 34), noise(D, 11)];
  const normed = x.map((v, i) => v * gain[i]! * scaleOf(x));
  const law = lawOf(
    matrix.map((w) => dot(w, normed)),
    k,
  );
  const ctl = new Uint32Array(CTL_WORDS).fill(NONE);
  ctl.set([1, 0, 0], Ctl.N);
  return [0, 1].flatMap((temperature): Check[] => {
    const found = make(new Uint32Array(foundWords(k)));
    const outcome = make(new Uint32Array(outcomeWords(1)));
    matvecDraw(rec, {
      ...{ x: make(x), gain: make(gain), weight, dim: D, vocabSize: O, eps: EPS, temperature, k },
      ...{ ctl: make(ctl), seq: make(new Uint32Array(2)), outcome, found },
      allocate: (bytes) => make(new Uint32Array(bytes / 4)),
    });
    const name = `a draw at temperature ${temperature}`;
    const stats = { name, out: found, at: 2 * k, expected: law.stats, tolerance: 1e-4 };
    if (temperature > 0)
      return [
        { name, out: found, expected: law.tokens, isExact: true, tolerance: 0 },
        { name, out: found, at: k, expected: law.logprobs, tolerance: 1e-4 },
        stats,
      ];
    const token = { name, expected: law.tokens.slice(0, 1), isExact: true, tolerance: 0 };
    return [
      { ...token, out: outcome, at: outcomeArray(OutcomeArray.TOKENS, 1) },
      { ...token, out: found, at: 2 * k + DrawStat.ARGMAX },
      stats,
    ];
  });
}

/** Rows whose statistics are tried, for each way that lanes share them; one of them on software adapters, as of storages. */
const statCounts = ({ gpu }: Engine): readonly number[] => (gpu.isSoftware ? [20] : [6, 20]);

/** The head that leaves statistics: at temperature 0, of rows that are all the same but for their size, which a norm takes away. */
function recordStats(
  rec: Recording,
  make: (values: Float32Array | Uint32Array) => GPUBuffer,
  weight: Parameters<typeof matvecStats>[1]["weight"],
  matrix: readonly Float32Array[],
): Check[] {
  const k = 3;
  const [x, gain] = [noise(D, 34), noise(D, 11)];
  const normed = x.map((v, i) => v * gain[i]! * scaleOf(x));
  const logits = matrix.map((w) => dot(w, normed));
  const banned = lawOf(logits, 1).tokens;
  // A banned token adds nothing to any sum.
  const law = lawOf(
    logits.map((z, i) => (banned.includes(i) ? -1e30 : z)),
    k,
  );
  const [largest = 0, logSumExp = 0, entropy = 0] = law.stats;
  const [first = 0, next = 0] = law.logprobs;
  return statCounts(rec.list.engine).flatMap((T): Check[] => {
    const rows = Float32Array.from({ length: T * D }, (_, i) => x[i % D]! * (1 + Math.floor(i / D)));
    const [stats, top] = [make(new Uint32Array(STAT_WORDS * T)), make(new Uint32Array(2 * k * T))];
    const positions = Array.from({ length: T }, (_, t) => t);
    matvecStats(rec, {
      ...{ x: make(rows), gain: make(gain), weight, dim: D, vocabSize: O, eps: EPS, T, k, stats, top },
      draws: make(drawsOf({ seed: 1, step: 0, temperature: 0, banned, positions })),
      allocate: (bytes) => make(new Uint32Array(bytes / 4)),
    });
    const name = `statistics of ${T} rows`;
    const token = { name, isExact: true, tolerance: 0 };
    const number = { name, out: stats, tolerance: 1e-4 };
    return [
      { ...token, out: top, expected: Array.from({ length: T }, () => law.tokens).flat() },
      ...[0, T - 1].flatMap((row): Check[] => {
        const at = STAT_WORDS * row;
        return [
          { ...token, out: stats, at: at + Stat.ARGMAX, expected: law.tokens.slice(0, 1) },
          { ...token, out: stats, at: at + Stat.SECOND, expected: law.tokens.slice(1, 2) },
          { ...number, at: at + Stat.MAX, expected: [largest, logSumExp] },
          { ...number, at: at + Stat.MARGIN, expected: [Math.exp(first) - Math.exp(next), entropy] },
          { ...number, at: at + Stat.GAP, expected: [first - next] },
          { ...token, out: stats, at: at + Stat.PROPOSAL, expected: law.tokens.slice(0, 1) },
          { ...number, at: at + Stat.PROPOSAL_LOGPROB, expected: [first] },
        ];
      }),
    ];
  });
}

/** Records all checks; buffers are made by `make`. */
function record(
  rec: Recording,
  make: (values: Float32Array | Uint32Array) => GPUBuffer,
  weight: (storage: WeightStorage) => Parameters<typeof matvecResidual>[1]["weight"],
  values: Float32Array,
): Check[] {
  const checks: Check[] = [];
  const matrix = rowsOf(values, D);
  for (const storage of storagesOf(rec.list.engine))
    for (const T of storage === "f32" ? COUNTS : ([1] as const)) {
      const a = noise(T * D, T);
      const out = make(new Float32Array(T * O));
      if (T === 1) matvecNorm(rec, { x: make(a), weight: weight(storage), y: out, T, eps: EPS });
      else matvecResidual(rec, { a: make(a), weight: weight(storage), x: out, T, replaces: true });
      checks.push({
        name: `a product with ${T} ${T === 1 ? "row" : "rows"}, weights in ${storage}`,
        out,
        expected: rowsOf(a, D).flatMap((x) => matrix.map((w) => dot(w, x) * (T === 1 ? scaleOf(x) : 1))),
        // Integers round weights, and where they are multiplied packed, activations too.
        tolerance: { f32: 1e-4, f16: 2e-3, int8: 3e-2, int4: 0.1 }[storage],
      });
    }
  const [x, gain] = [noise(3 * D, 4), noise(D, 5)];
  const normed = make(new Float32Array(3 * D));
  rmsnorm(rec, { x: make(x), gain: make(gain), y: normed, T: 3, dim: D, eps: EPS });
  checks.push({
    name: "a norm",
    out: normed,
    expected: rowsOf(x, D).flatMap((row) => [...row].map((v, i) => v * gain[i]! * scaleOf(row))),
    tolerance: 1e-4,
  });
  const T = 2;
  const { nHeads, nKvHeads, headDim, slots } = SHAPE;
  const [q, cache] = [noise(T * nHeads * headDim, 6), noise(slots * 2 * nKvHeads * headDim, 7)];
  const rows = new Uint32Array(ROW_WORDS * T);
  for (let t = 0; t < T; t++) rows[t * ROW_WORDS + Row.BOUND] = slots - T + t + 1;
  const out = make(new Float32Array(q.length));
  const bits = make(new Uint32Array(ROW_BIT_WORDS * T));
  attention(rec, { rows: make(rows), bits, q: make(q), cache: make(cache), out, T, ...SHAPE });
  checks.push({ name: "attention", out, expected: attended(q, cache, T), tolerance: 1e-4 });
  return [
    ...checks,
    ...recordDraws(rec, make, weight("f32"), matrix),
    ...recordStats(rec, make, weight("f32"), matrix),
  ];
}

/** The first check that fails with these variants, in words; null if all hold. */
async function firstWrong(engine: Engine, tuning: Tuning): Promise<string | null> {
  const { gpu, memory } = engine;
  const { queue } = gpu.device;
  const held: GPUBuffer[] = [];
  const make = (values: Float32Array | Uint32Array): GPUBuffer => {
    const buffer = memory.create({ label: "self_test.buffer", bytes: values.byteLength, use: "scratch" });
    held.push(buffer);
    queue.writeBuffer(buffer, 0, values.buffer, values.byteOffset, values.byteLength);
    return buffer;
  };
  const matrices = new Map<WeightStorage, ReturnType<typeof createWeights>>();
  const list = new DispatchList(engine, "self_test");
  const rec = { list, tuning };
  try {
    const values = noise(O * D, 8);
    const weight = (storage: WeightStorage): ReturnType<typeof createWeights> => {
      const known = matrices.get(storage);
      if (known) return known;
      const into = createWeights(memory, { label: "self_test.weight", rows: O, cols: D, storage });
      matrices.set(storage, into);
      packWeights(rec, { source: make(values), rows: O, into, scratch: make(new Float32Array(4)) });
      return into;
    };
    const checks = record(rec, make, weight, values);
    await list.compile();
    const total = checks.reduce((sum, { out }) => sum + out.size, 0);
    const ring = new ReadbackRing(gpu, memory, "self_test", total, 1);
    const staging = await ring.take();
    const encoder = gpu.device.createCommandEncoder({ label: "self_test" });
    list.encode(encoder);
    let at = 0;
    for (const { out } of checks) {
      encoder.copyBufferToBuffer(out, 0, staging, at, out.size);
      at += out.size;
    }
    queue.submit([encoder.finish()]);
    const words = await ring.read(staging, total);
    const [floats, integers] = [new Float32Array(words), new Uint32Array(words)];
    ring.dispose();
    at = 0;
    for (const { name, out, at: first = 0, expected, isExact = false, tolerance } of checks) {
      const size = Math.max(...expected.map(Math.abs));
      const found = (isExact ? integers : floats).subarray(at + first);
      const i = expected.findIndex((v, k) => !(Math.abs(v - found[k]!) <= tolerance * size));
      if (i >= 0) {
        const inWords = (value: number): string => (isExact ? String(value) : value.toPrecision(5));
        return `${name}: expected ${inWords(expected[i]!)}, found ${inWords(found[i]!)}`;
      }
      at += out.size / 4;
    }
    return null;
  } catch (thrown) {
    if (thrown instanceof DecoscopeError && thrown.code === "shader") return thrown.message;
    throw thrown;
  } finally {
    list.dispose();
    for (const into of matrices.values()) freeWeights(memory, into);
    for (const b of held) memory.free(b);
  }
}

/**
 * The variants, without those that calculate wrongly here.
 * @throws DecoscopeError "unsupported" if even the plainest do
 */
export async function selfTest(engine: Engine, wanted: Tuning): Promise<SelfTest> {
  const wrong = await firstWrong(engine, wanted);
  if (wrong === null) return { tuning: wanted, avoided: [] };
  for (const { name, without } of FALLBACKS) {
    const tuning = { ...wanted, ...without };
    if (JSON.stringify(tuning) === JSON.stringify(wanted) || (await firstWrong(engine, tuning)) !== null)
      continue;
    return {
      tuning,
      avoided: [`This browser calculates wrongly with ${name} (${wrong}); kernels do without.`],
    };
  }
  throw new DecoscopeError(
    "unsupported",
    "This browser's WebGPU calculates wrongly: a small problem was solved, and the answer is not right. Update the browser or the graphics driver, or use another browser. Recorded runs can be watched here.",
    wrong,
  );
}

/** What is remembered of a test: the variants that were left, and why. */
const schema = v.object({
  reduce: v.picklist(["subgroup", "workgroup"]),
  f16: v.boolean(),
  packedDot: v.boolean(),
  avoided: v.array(v.string()),
});

/** Grows with the checks, so that devices which passed fewer are tested again. */
const VERSION = 3;

/**
 * {@link selfTest}, once for each adapter, browser and text of the kernels.
 * @param browser its name and version
 */
export async function selfTestOnce(
  engine: Engine,
  wanted: Tuning,
  browser: string,
  remembered: {
    get(key: string): Promise<unknown>;
    set(key: string, value: unknown): Promise<void>;
  },
): Promise<SelfTest> {
  const key = `self-test-${VERSION}/${browser}/${tuningKey(engine)}`;
  const known = v.safeParse(schema, await remembered.get(key).catch(() => null));
  if (known.success) {
    const { avoided, ...left } = known.output;
    return { tuning: { ...wanted, ...left }, avoided };
  }
  const found = await selfTest(engine, wanted);
  const { reduce, f16, packedDot } = found.tuning;
  // A browser without storage tests again next time.
  await remembered.set(key, { reduce, f16, packedDot, avoided: found.avoided }).catch(() => undefined);
  return found;
}
