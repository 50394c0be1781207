import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { type CacheStorage, waitingWidth } from "../../src/kernels/cache";
import { NONE, Row, ROW_WORDS } from "../../src/kernels/layouts";
import { matvecQkv } from "../../src/kernels/matvec_qkv";
import { ropeTable } from "../../src/kernels/rope";
import type { Tuning } from "../../src/kernels/tuning";
import { freeWeights, rotaryRowOrder } from "../../src/kernels/weights";
import {
  download,
  downloadF32,
  makeEngine,
  noise,
  reorder,
  run,
  upload,
  weightsOf,
  TEXELS,
} from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { qkv } from "../reference/dense";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

const SLOTS = 40;
const UNTOUCHED = 7;

interface Shape {
  readonly dim: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
}

/** Rows and keys in the stored order; values as they are. */
function storedOrder(s: Shape): Uint32Array {
  const rotary = rotaryRowOrder(s.nHeads + s.nKvHeads, s.headDim);
  const total = (s.nHeads + 2 * s.nKvHeads) * s.headDim;
  return Uint32Array.from({ length: total }, (_, i) => rotary[i] ?? i);
}

async function check(
  s: Shape,
  T: number,
  tolerance: number,
  tuning: Partial<Tuning> = {},
  hasBias = false,
  cacheStorage: CacheStorage = "f32",
): Promise<void> {
  const outputs = (s.nHeads + 2 * s.nKvHeads) * s.headDim;
  const values = noise(outputs * s.dim, 6).map((w) => w / Math.sqrt(s.dim));
  const biasValues = noise(outputs, 7);
  const x = noise(T * s.dim, 8);
  const rows = new Uint32Array(T * ROW_WORDS);
  // Positions out of order, one idle row, slots that are neither positions nor rows.
  const position = (t: number): number => (5 * t + 3) % 64;
  const slot = (t: number): number => (t === 1 ? NONE : (7 * t + 2) % SLOTS);
  for (let t = 0; t < T; t++) {
    rows[t * ROW_WORDS + Row.POSITION] = position(t);
    rows[t * ROW_WORDS + Row.SLOT] = slot(t);
  }
  const order = storedOrder(s);
  const isHalf = cacheStorage === "f16";
  const width = s.nKvHeads * s.headDim;
  const weight = await weightsOf(engine, reorder(values, s.dim, order), s.dim, "f32", 32, tuning);
  const queryWidth = s.nHeads * s.headDim + waitingWidth(cacheStorage, false, s.nKvHeads, s.headDim);
  const buffers = {
    rows: upload(engine, "test.rows", rows),
    x: upload(engine, "test.x", x),
    rope: upload(engine, "test.rope", ropeTable(64, s.headDim, 10000)),
    bias: upload(engine, "test.bias", reorder(biasValues, 1, order)),
    q: engine.memory.create({ label: "test.q", bytes: 4 * T * queryWidth, use: "scratch" }),
    cache: upload(
      engine,
      "test.cache",
      isHalf
        ? new Uint32Array(SLOTS * width).fill(0x47004700)
        : new Float32Array(SLOTS * 2 * width).fill(UNTOUCHED),
    ),
  };
  const { bias, ...others } = buffers;
  await run(engine, tuning, (rec) =>
    matvecQkv(rec, {
      ...others,
      ...(hasBias ? { bias } : {}),
      weight,
      T,
      ...s,
      slots: SLOTS,
      eps: 1e-5,
      cacheStorage,
    }),
  );
  const q = await downloadF32(engine, buffers.q);
  const bytes = await download(engine, buffers.cache);
  const cache = isHalf ? fromHalf(new Uint16Array(bytes)) : new Float32Array(bytes);
  freeWeights(engine.memory, weight);
  Object.values(buffers).forEach((b) => engine.memory.free(b));

  const written = new Set<number>();
  let worst = 0;
  let worstCached = 0;
  for (let t = 0; t < T; t++) {
    const row = qkv(
      Float64Array.from(x.subarray(t * s.dim, (t + 1) * s.dim)),
      values,
      hasBias ? biasValues : null,
      position(t),
      { ...s, theta: 10000, eps: 1e-5 },
    );
    row.q.forEach((v, i) => {
      worst = Math.max(worst, Math.abs(v - q[t * s.nHeads * s.headDim + i]!));
    });
    if (cacheStorage === "int8") {
      // Behind all queries lie keys and values that pack_cache stores; also of rows without a slot.
      [row.k, row.v].forEach((part, kind) =>
        part.forEach((v, i) => {
          const at = T * s.nHeads * s.headDim + (kind * T + t) * width + i;
          worst = Math.max(worst, Math.abs(v - q[at]!));
        }),
      );
      continue;
    }
    if (slot(t) === NONE) continue;
    written.add(slot(t));
    [...row.k, ...row.v].forEach((v, i) => {
      worstCached = Math.max(worstCached, Math.abs(v - cache[slot(t) * 2 * width + i]!));
    });
  }
  expect(worst).toBeLessThan(tolerance);
  // Half precision keeps 11 bits of values of about 4.
  expect(worstCached).toBeLessThan(isHalf ? 4 * 2 ** -11 : tolerance);
  for (let i = 0; i < SLOTS * 2 * width; i++)
    if (!written.has(Math.floor(i / (2 * width)))) expect(cache[i]).toBe(UNTOUCHED);
}

function fromHalf(words: Uint16Array): Float32Array {
  return Float32Array.from(words, (h) => {
    const sign = h & 0x8000 ? -1 : 1;
    const e = (h >> 10) & 31;
    return sign * (e === 0 ? (h & 1023) * 2 ** -24 : (1 + (h & 1023) / 1024) * 2 ** (e - 15));
  });
}

/** Sums of dim products, about 1, then a rotation. */
const tolerance = (dim: number): number => 2 ** -22 * Math.sqrt(dim) * 4;
const story: Shape = { dim: 128, nHeads: 4, nKvHeads: 2, headDim: 32 };

describe("matvec_qkv", () => {
  for (const s of [
    story,
    { dim: 96, nHeads: 3, nKvHeads: 1, headDim: 64 },
    { dim: 36, nHeads: 1, nKvHeads: 1, headDim: 4 },
  ])
    test(`${s.nHeads} over ${s.nKvHeads} heads of ${s.headDim}, dim ${s.dim}`, async () => {
      for (const T of [1, 2]) await check(s, T, tolerance(s.dim));
    });
  test("trees and prompts", async () => {
    for (const T of [7, 20]) await check(story, T, tolerance(128));
  });
  test("bias, as Qwen2 has it", async () => {
    await check(story, 2, tolerance(128), {}, true);
  });
  test("a cache in half precision", async () => {
    await check(story, 2, tolerance(128), {}, false, "f16");
  });
  test("keys and values that wait to be packed", async () => {
    for (const T of [1, 3]) await check(story, T, tolerance(128), {}, true, "int8");
  });
  test("weights from a texture", async () => {
    for (const T of [1, 3]) await check(story, T, tolerance(128), { choices: TEXELS }, T === 3);
  });
  test("sums through workgroup memory", async () => {
    await check(story, 1, tolerance(128), { reduce: "workgroup" });
  });
});
