import { describe, expect, test } from "vitest";
import { headNorm } from "../../src/kernels/head_norm";
import { NONE, Row, ROW_WORDS } from "../../src/kernels/layouts";
import { ropeTable } from "../../src/kernels/rope";
import { headNorm as reference } from "../reference/dense";
import { normals, REDUCTIONS, useBench } from "./harness";

const bench = useBench();
const SLOTS = 9;
const EPS = 1e-5;

describe.each(REDUCTIONS)("head_norm, %s", (_, tuning) => {
  test.each([
    [3, 1, 4, true],
    [6, 2, 24, true],
    [2, 2, 20, false],
  ])("%i heads on %i of width %i, turned: %s", async (nHeads, nKvHeads, headDim, isTurned) => {
    const T = 3;
    const z = normals(headDim);
    const draw = (length: number): Float32Array => Float32Array.from({ length }, z);
    const [gain, q, keys] = [draw(2 * headDim), draw(T * nHeads * headDim), draw(T * nKvHeads * headDim)];
    const rows = new Uint32Array(ROW_WORDS * T);
    // The second row is idle.
    const slots = [4, NONE, 0];
    slots.forEach((slot, t) => {
      rows[t * ROW_WORDS + Row.POSITION] = 7 * t + 2;
      rows[t * ROW_WORDS + Row.SLOT] = slot;
    });
    const cache = new Float32Array(SLOTS * 2 * nKvHeads * headDim).fill(5);
    const buffers = {
      rows: bench().buffer(rows),
      rope: isTurned ? bench().buffer(ropeTable(32, headDim, 10000)) : null,
      gain: bench().buffer(gain),
      q: bench().buffer(Float32Array.from([...q, ...keys])),
      cache: bench().buffer(cache),
    };
    const shape = { T, nHeads, nKvHeads, headDim, slots: SLOTS, eps: EPS };
    await bench().run((rec) => headNorm(rec, { ...buffers, ...shape }), tuning);
    const found = await bench().f32(buffers.q);
    const stored = await bench().f32(buffers.cache);
    const theta = isTurned ? 10000 : null;
    for (let t = 0; t < T; t++) {
      const expect64 = (raw: Float32Array, heads: number, first: number): Float64Array =>
        reference(
          Float64Array.from(raw.subarray(t * heads * headDim, (t + 1) * heads * headDim)),
          gain.subarray(first, first + headDim),
          EPS,
          7 * t + 2,
          theta,
        );
      // Values of about 1 after a norm and a rotation.
      expect64(q, nHeads, 0).forEach((v, i) =>
        expect(Math.abs(v - found[t * nHeads * headDim + i]!)).toBeLessThan(2 ** -18),
      );
      if (slots[t] === NONE) continue;
      const at = slots[t]! * 2 * nKvHeads * headDim;
      expect64(keys, nKvHeads, headDim).forEach((v, i) => {
        expect(Math.abs(v - stored[at + i]!)).toBeLessThan(2 ** -18);
        // Values lie behind the keys and are not touched.
        expect(stored[at + nKvHeads * headDim + i]).toBe(5);
      });
    }
    // For a cache of whole numbers, finished keys stay behind the queries and the cache is left alone.
    bench().write(buffers.q, Float32Array.from([...q, ...keys]));
    bench().write(buffers.cache, cache);
    await bench().run((rec) => headNorm(rec, { ...buffers, ...shape, cacheStorage: "int8" }), tuning);
    const kept = await bench().f32(buffers.q);
    expect([...(await bench().f32(buffers.cache))].every((v) => v === 5)).toBe(true);
    for (let t = 0; t < T; t++)
      reference(
        Float64Array.from(keys.subarray(t * nKvHeads * headDim, (t + 1) * nKvHeads * headDim)),
        gain.subarray(headDim, 2 * headDim),
        EPS,
        7 * t + 2,
        theta,
      ).forEach((v, i) =>
        expect(Math.abs(v - kept[(T * nHeads + t * nKvHeads) * headDim + i]!)).toBeLessThan(2 ** -18),
      );
    const untouched = [...stored.subarray(2 * nKvHeads * headDim, 8 * nKvHeads * headDim)];
    expect(untouched.every((v) => v === 5)).toBe(true);
  });
});
