import { describe, expect, test } from "vitest";
import { attention, attentionPartialWords, attentionSplits } from "../../src/kernels/attention";
import { type CacheStorage, slotWords } from "../../src/kernels/cache";
import { HEAD_FORMS } from "../../src/kernels/head";
import { NONE, Row, ROW_BIT_WORDS, ROW_WORDS } from "../../src/kernels/layouts";
import type { Tuning } from "../../src/kernels/tuning";
import { floatsFromF16 } from "../../src/models/half";
import { attention as reference } from "../reference/attention";
import { normals, REDUCTIONS, uniforms, useBench } from "./harness";

const bench = useBench();

interface Case {
  readonly T: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly slots: number;
  /** Most slots a row sees. */
  readonly most: number;
  readonly tuning?: Partial<Tuning>;
  readonly list?: boolean;
  readonly spread?: number;
  readonly cacheStorage?: CacheStorage;
}

/** Rows with random bounds and windows: the first sees nothing, the second its own slot only. */
function rowsOf(c: Case): { rows: Uint32Array; bits: Uint32Array; slotList: Uint32Array; seen: number[][] } {
  const u = uniforms(c.T * 1000 + c.slots);
  const rows = new Uint32Array(ROW_WORDS * c.T);
  const bits = new Uint32Array(ROW_BIT_WORDS * c.T);
  const list: number[] = [];
  const seen = Array.from({ length: c.T }, (_, t) => {
    if (t === 0 && c.T > 1) return [];
    const bound = t === 1 ? 0 : Math.floor(u() * c.most);
    rows[t * ROW_WORDS + Row.BOUND] = bound;
    // The window may start before the bound (bits below it add nothing) or behind a gap.
    const window = Math.max(0, Math.min(c.slots - 1, bound + Math.floor(u() * 20) - 5));
    rows[t * ROW_WORDS + Row.WINDOW] = window;
    const slots = new Set(Array.from({ length: bound }, (_, s) => s));
    for (let k = 0; k < 256 && window + k < c.slots; k++) {
      if (t === 1 ? k > 0 : u() > 0.1) continue;
      bits[t * ROW_BIT_WORDS + (k >> 5)]! |= 1 << (k & 31);
      slots.add(window + k);
    }
    return [...slots];
  });
  seen.forEach((slots, t) => {
    if (c.list) slots.reverse();
    rows[t * ROW_WORDS + Row.LIST_START] = list.length;
    rows[t * ROW_WORDS + Row.LIST_LENGTH] = slots.length;
    rows[t * ROW_WORDS + Row.SLOT] = NONE;
    list.push(...slots);
  });
  return { rows, bits, slotList: Uint32Array.from(list.length > 0 ? list : [0]), seen };
}

async function check(c: Case): Promise<Float32Array> {
  const z = normals(c.headDim + c.T);
  const { rows, bits, slotList, seen } = rowsOf(c);
  const q = Float32Array.from({ length: c.T * c.nHeads * c.headDim }, () => (c.spread ?? 1) * z());
  const { values, words } = cacheOf(c);
  const out = bench().empty(q.length);
  await bench().run(
    (rec) =>
      attention(rec, {
        rows: bench().buffer(rows),
        bits: bench().buffer(bits),
        ...(c.list ? { slotList: bench().buffer(slotList) } : {}),
        q: bench().buffer(q),
        cache: bench().buffer(words),
        out,
        partial: bench().empty(attentionPartialWords(c.T, c.nHeads, c.headDim, c.slots)),
        ...c,
      }),
    c.tuning,
  );
  const found = (await bench().f32(out)).subarray(0, q.length);
  const expected = reference(q, values, seen, c);
  // Weighted means of numbers of size 1: f32 products of `headDim` terms move logits by some 1e-6 x their size.
  const tolerance = 2e-5 * (c.spread ?? 1);
  const differ: string[] = [];
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(found[i]! - expected[i]!) < tolerance))
      differ.push(`${i}: ${found[i]} for ${expected[i]}`);
  }
  expect(differ).toEqual([]);
  return found;
}

/** Random cache contents: the numbers [slots, 2, K, A], and the words that hold them. */
function cacheOf({
  slots,
  nKvHeads,
  headDim,
  cacheStorage = "f32",
}: Pick<Case, "slots" | "nKvHeads" | "headDim" | "cacheStorage">): {
  values: Float32Array;
  words: Uint32Array | Float32Array;
} {
  const length = slots * 2 * nKvHeads * headDim;
  if (cacheStorage === "int8") {
    const u = uniforms(length);
    const stride = slotWords("int8", nKvHeads, headDim);
    const words = new Uint32Array(slots * stride);
    const [whole, scales] = [new Int8Array(words.buffer), new Float32Array(words.buffer)];
    const values = Float32Array.from({ length }, (_, i) => {
      const [slot, inSlot] = [Math.floor(i / (2 * nKvHeads * headDim)), i % (2 * nKvHeads * headDim)];
      const scale = slot * stride + (nKvHeads * headDim) / 2 + Math.floor(inSlot / headDim);
      if (inSlot % headDim === 0) scales[scale] = 0.5 + 3 * u();
      const number = Math.round(254 * u()) - 127;
      whole[4 * slot * stride + inSlot] = number;
      return (number / 127) * scales[scale]!;
    });
    return { values, words };
  }
  if (cacheStorage === "f32") {
    const z = normals(length);
    const values = Float32Array.from({ length }, z);
    return { values, words: values };
  }
  const u = uniforms(length);
  // Either sign, exponents from -4 to 0, any fraction.
  const bits = Uint16Array.from(
    { length },
    () => (Math.floor(u() * 2) << 15) | (Math.floor(11 + u() * 5) << 10) | (u() * 1024),
  );
  return { values: floatsFromF16(bits), words: new Uint32Array(bits.buffer) };
}

const OWN = { nHeads: 4, nKvHeads: 2, headDim: 32, slots: 96, most: 70 };
/** Few rows: lanes share a row; many rows: an invocation has a row of its own. */
const FORMS = [
  ["few rows", { "attention.rows": 1000 }],
  ["many rows", { "attention.rows": 1 }],
] as const;

describe.each(FORMS)("attention, %s", (_, choices) => {
  const tuning = { choices };
  test.each([1, 2, 3, 5, 17])("%i rows", async (T) => {
    await check({ ...OWN, T, tuning });
  });
  test.each([
    [1, 1, 4],
    [6, 2, 16],
    [2, 2, 64],
    [3, 3, 96],
    [2, 1, 256],
  ])("%i heads on %i of width %i", async (nHeads, nKvHeads, headDim) => {
    await check({ ...OWN, T: 3, nHeads, nKvHeads, headDim, tuning });
  });
  test("a list of slots in any order", async () => {
    await check({ ...OWN, T: 5, list: true, tuning });
  });
  test("logits of size 100", async () => {
    await check({ ...OWN, T: 4, spread: 20, tuning });
  });
  test("one row, one slot", async () => {
    await check({ ...OWN, T: 1, most: 1, slots: 1, tuning });
  });
  test("f16 cache", async ({ skip }) => {
    if (!bench().engine.gpu.features.f16) skip("the device has no f16");
    await check({ ...OWN, T: 3, tuning, cacheStorage: "f16" });
  });
  // One key head: what a slot holds is no multiple of four words.
  test.each([
    [4, 2, 32],
    [3, 1, 64],
  ])("int8 cache, %i heads on %i of width %i", async (nHeads, nKvHeads, headDim) => {
    await check({ ...OWN, T: 3, nHeads, nKvHeads, headDim, tuning, cacheStorage: "int8" });
  });
});

// Small heads: lavapipe takes long to compile wide ones written out.
describe.each(HEAD_FORMS)("attention, loops %s", (form) => {
  test.each([
    [9, 1, 4],
    [6, 2, 8],
  ])("%i heads on %i of width %i", async (nHeads, nKvHeads, headDim) => {
    for (const rows of [1, 1000]) {
      const choices = { "attention.form": HEAD_FORMS.indexOf(form), "attention.rows": rows };
      for (const cacheStorage of ["f32", "int8"] as const)
        await check({ ...OWN, T: 3, nHeads, nKvHeads, headDim, tuning: { choices }, cacheStorage });
    }
  });
});

describe.each(REDUCTIONS)("attention, %s", (_, tuning) => {
  test("few rows", async () => {
    await check({ ...OWN, T: 3, tuning });
  });
});

/** A text of 30 committed slots, and a tree of 12 nodes behind it whose node i hangs below (i - 1) / 2. */
function treeRows(window: number): { rows: Uint32Array; bits: Uint32Array; seen: number[][] } {
  const [base, nodes] = [30, 12];
  const causal = [0, 3, 29];
  const T = causal.length + nodes;
  const rows = new Uint32Array(ROW_WORDS * T);
  const bits = new Uint32Array(ROW_BIT_WORDS * T);
  const set = (t: number, position: number, bound: number): void => {
    rows[t * ROW_WORDS + Row.POSITION] = position;
    rows[t * ROW_WORDS + Row.BOUND] = bound;
    rows[t * ROW_WORDS + Row.WINDOW] = base;
  };
  const seen = causal.map((position, t) => {
    set(t, position, position + 1);
    return Array.from({ length: position + 1 }, (_, s) => s).slice(-window);
  });
  for (let node = 0; node < nodes; node++) {
    const t = causal.length + node;
    const path = [node];
    while (path[0]! > 0) path.unshift((path[0]! - 1) >> 1);
    for (const i of path) bits[t * ROW_BIT_WORDS]! |= 1 << i;
    set(t, base + path.length - 1, base);
    const before = Array.from({ length: base }, (_, s) => s);
    seen.push([...before, ...path.map((i) => base + i)].slice(-window));
  }
  return { rows, bits, seen };
}

describe.each(FORMS)("attention over a window of positions, %s", (_, choices) => {
  // Shorter than a path of the tree, about as long as one, within the text, longer than everything.
  test.each([1, 3, 4, 7, 100])("%i", async (window) => {
    const { rows, bits, seen } = treeRows(window);
    const shape = { T: seen.length, nHeads: 2, nKvHeads: 1, headDim: 8, slots: 64 };
    const z = normals(window);
    const q = Float32Array.from({ length: shape.T * 16 }, z);
    const { values, words } = cacheOf(shape);
    const out = bench().empty(q.length);
    const [b, r, k, c] = [bits, rows, q, words].map((data) => bench().buffer(data));
    const bound = { rows: r!, bits: b!, q: k!, cache: c! };
    await bench().run((rec) => attention(rec, { ...bound, out, ...shape, window }), { choices });
    const expected = reference(q, values, seen, shape);
    const found = await bench().f32(out);
    expected.forEach((v, i) => expect(Math.abs(v - found[i]!), `value ${i}`).toBeLessThan(2e-5));
  });
});

test("long caches split their keys", async () => {
  const c = { ...OWN, T: 2, slots: 5000, most: 4900 };
  expect(attentionSplits(c.slots)).toBe(5);
  await check(c);
  await check({ ...c, most: 2 });
});
