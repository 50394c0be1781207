import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { Row, ROW_WORDS } from "../../src/kernels/layouts";
import { rmsnorm } from "../../src/kernels/rmsnorm";
import { rope, ropeTable } from "../../src/kernels/rope";
import { siluMul } from "../../src/kernels/silu_mul";
import { downloadF32, makeEngine, noise, run, upload } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { rmsNorm, rotate } from "../reference/llama";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});
const freeBuffers = (buffers: Readonly<Record<string, GPUBuffer>>): void =>
  Object.values(buffers).forEach((b) => engine.memory.free(b));

describe("rmsnorm", () => {
  for (const reduce of ["subgroup", "workgroup"] as const)
    test(`sums by ${reduce}`, async () => {
      for (const lanes of [1, 16, 64])
        for (const [dim, size] of [
          [4, 1],
          [68, 1],
          [128, 1e4],
          [128, 0],
        ] as const) {
          const T = 3;
          const x = noise(T * dim, 1).map((v) => v * size);
          const gain = noise(dim, 2);
          const buffers = {
            x: upload(engine, "test.x", x),
            gain: upload(engine, "test.gain", gain),
            y: engine.memory.create({ label: "test.y", bytes: 4 * T * dim, use: "scratch" }),
          };
          await run(engine, { reduce, choices: { "rmsnorm.lanes": lanes } }, (rec) =>
            rmsnorm(rec, { ...buffers, T, dim, eps: 1e-5 }),
          );
          const y = await downloadF32(engine, buffers.y);
          for (let t = 0; t < T; t++)
            rmsNorm(Float64Array.from(x.subarray(t * dim, (t + 1) * dim)), gain, 1e-5).forEach((v, i) => {
              // Values of about 1 after a sum of positive terms; inverseSqrt may be off by a few ulps.
              expect(Math.abs(v - y[t * dim + i]!)).toBeLessThan(2 ** -20);
            });
          freeBuffers(buffers);
        }
    });
});

test("rmsnorm adds to what is there", async () => {
  const [T, dim] = [2, 20];
  const [x, gain, y] = [noise(T * dim, 1), noise(dim, 2), noise(T * dim, 3)];
  const buffers = {
    x: upload(engine, "test.x", x),
    gain: upload(engine, "test.gain", gain),
    y: upload(engine, "test.y", y),
  };
  await run(engine, {}, (rec) => rmsnorm(rec, { ...buffers, T, dim, eps: 1e-5, adds: true }));
  const found = await downloadF32(engine, buffers.y);
  for (let t = 0; t < T; t++)
    rmsNorm(Float64Array.from(x.subarray(t * dim, (t + 1) * dim)), gain, 1e-5).forEach((v, i) => {
      expect(Math.abs(v + y[t * dim + i]! - found[t * dim + i]!)).toBeLessThan(2 ** -20);
    });
  freeBuffers(buffers);
});

describe("rope", () => {
  test("turns pairs of halves and keeps lengths", async () => {
    const [T, nHeads, headDim] = [3, 3, 20];
    const positions = [0, 17, 63];
    const x = noise(T * nHeads * headDim, 3);
    const rows = new Uint32Array(T * ROW_WORDS);
    positions.forEach((p, t) => (rows[t * ROW_WORDS + Row.POSITION] = p));
    const buffers = {
      rows: upload(engine, "test.rows", rows),
      rope: upload(engine, "test.rope", ropeTable(64, headDim, 10000)),
      x: upload(engine, "test.x", x),
    };
    await run(engine, {}, (rec) => rope(rec, { ...buffers, T, nHeads, headDim }));
    const y = await downloadF32(engine, buffers.x);
    const width = nHeads * headDim;
    positions.forEach((p, t) => {
      rotate(Float64Array.from(x.subarray(t * width, (t + 1) * width)), p, headDim, 10000).forEach((v, i) => {
        expect(Math.abs(v - y[t * width + i]!)).toBeLessThan(2 ** -21);
      });
    });
    freeBuffers(buffers);
  });
});

describe("silu_mul", () => {
  test("bends where it should and never overflows", async () => {
    const count = 131;
    const gate = noise(count, 4).map((v) => v * 10);
    gate.set([0, 1000, -1000, 88, -88]);
    const up = noise(count, 5);
    const buffers = {
      gate: upload(engine, "test.gate", gate),
      up: upload(engine, "test.up", up),
      y: engine.memory.create({ label: "test.y", bytes: 4 * count, use: "scratch" }),
    };
    await run(engine, {}, (rec) => siluMul(rec, { ...buffers, count }));
    const y = await downloadF32(engine, buffers.y);
    gate.forEach((g, i) => {
      const expected = (g / (1 + Math.exp(-g))) * up[i]!;
      // exp of 80 may be off by 80 ulps: WGSL allows 3 + 2 |x|.
      expect(Math.abs(y[i]! - expected)).toBeLessThanOrEqual(2e-5 * Math.abs(expected) + 1e-30);
    });
    freeBuffers(buffers);
  });
});
