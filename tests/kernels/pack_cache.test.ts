import { describe, expect, test } from "vitest";
import { slotWords } from "../../src/kernels/cache";
import { NONE, Row, ROW_WORDS } from "../../src/kernels/layouts";
import { packCache } from "../../src/kernels/pack_cache";
import { packed } from "../reference/pack_cache";
import { normals, REDUCTIONS, useBench } from "./harness";

const bench = useBench();
const SLOTS = 7;
const UNTOUCHED = 0x01020304;

describe.each(REDUCTIONS)("pack_cache, %s", (_, tuning) => {
  test.each([
    [4, 2, 32],
    [3, 1, 4],
    [2, 1, 64],
    [1, 1, 256],
  ])("%i heads on %i of width %i", async (nHeads, nKvHeads, headDim) => {
    const T = 3;
    const slots = [5, NONE, 0];
    const rows = new Uint32Array(ROW_WORDS * T);
    slots.forEach((slot, t) => (rows[t * ROW_WORDS + Row.SLOT] = slot));
    const z = normals(headDim + nHeads);
    const width = nKvHeads * headDim;
    const waiting = Float32Array.from({ length: T * (nHeads * headDim + 2 * width) }, z);
    const stride = slotWords("int8", nKvHeads, headDim);
    const headAt = (t: number, j: number): number =>
      (T * (nHeads + (j < nKvHeads ? 0 : nKvHeads)) + t * nKvHeads + (j % nKvHeads)) * headDim;
    // A head of zeros, and one whose numbers are small.
    waiting.fill(0, headAt(0, 0), headAt(0, 0) + headDim);
    for (let i = 0; i < headDim; i++) waiting[headAt(2, 0) + i]! *= 1e-6;
    const buffers = {
      rows: bench().buffer(rows),
      waiting: bench().buffer(waiting),
      cache: bench().buffer(new Uint32Array(SLOTS * stride).fill(UNTOUCHED)),
    };
    const shape = { T, nHeads, nKvHeads, headDim, slots: SLOTS };
    await bench().run((rec) => packCache(rec, { ...buffers, ...shape }), tuning);
    const words = await bench().u32(buffers.cache);
    const bytes = new Int8Array(words.buffer, words.byteOffset);
    const floats = new Float32Array(words.buffer, words.byteOffset);
    for (let t = 0; t < T; t++) {
      const slot = slots[t]!;
      if (slot === NONE) continue;
      for (let j = 0; j < 2 * nKvHeads; j++) {
        const head = waiting.subarray(headAt(t, j), headAt(t, j) + headDim);
        const { values, step } = packed(head);
        const scale = floats[slot * stride + (nKvHeads * headDim) / 2 + j]!;
        expect(scale).toBe(Math.fround(127 * step));
        head.forEach((v, i) => {
          const stored = (bytes[4 * slot * stride + j * headDim + i]! / 127) * scale;
          // Half a step, and what a quotient near the middle between two whole numbers is off in f32.
          expect(Math.abs(stored - v)).toBeLessThanOrEqual(0.5001 * step);
          expect(Math.abs(stored - values[i]!)).toBeLessThanOrEqual(1.0001 * step);
        });
        const off = head.filter((_, i) => {
          const stored = (bytes[4 * slot * stride + j * headDim + i]! / 127) * scale;
          return Math.abs(stored - values[i]!) > 0.5 * step;
        });
        expect(off.length, "numbers that were rounded the other way").toBeLessThanOrEqual(1);
      }
    }
    const kept = slots.filter((slot) => slot !== NONE);
    words.forEach((word, i) => {
      if (i < SLOTS * stride && !kept.includes(Math.floor(i / stride))) expect(word).toBe(UNTOUCHED);
    });
  });
});
