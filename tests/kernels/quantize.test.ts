import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { packWeights } from "../../src/kernels/quantize";
import { floatsFromF16 } from "../../src/models/half";
import { createWeights, freeWeights, weightBytes } from "../../src/kernels/weights";
import { download, downloadF32, makeEngine, noise, run, upload, weightsOf } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { exactInInt4, leastInt4Error } from "../reference/dense";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

describe("pack_weights", () => {
  test("f32 blocks hold column after column of four rows; missing rows are zeros", async () => {
    const [rows, cols] = [6, 8];
    const values = noise(rows * cols, 1);
    const w = await weightsOf(engine, values, cols, "f32");
    const found = await downloadF32(engine, w.data.buffer);
    expect(found.length).toBe(8 * cols);
    for (let r = 0; r < 8; r++)
      for (let c = 0; c < cols; c++)
        expect(found[(r >> 2) * 4 * cols + 4 * c + (r & 3)]).toBe(r < rows ? values[r * cols + c] : 0);
    freeWeights(engine.memory, w);
  });

  test("f16 keeps the same order, and numbers out of range become its largest", async () => {
    const w = await weightsOf(engine, Float32Array.of(1, 2, 3, 1e6, -0.5, 0, 0, -1e6), 4, "f16");
    const found = new Uint16Array(await download(engine, w.data.buffer));
    expect([...found]).toEqual([
      ...[0x3c00, 0xb800, 0, 0],
      ...[0x4000, 0, 0, 0],
      ...[0x4200, 0, 0, 0],
      ...[0x7bff, 0xfbff, 0, 0],
    ]);
    freeWeights(engine.memory, w);
  });

  test("int8 has a scale per row and group, and the largest becomes 127", async () => {
    const cols = 96;
    const values = noise(4 * cols, 3);
    values.fill(0, 0, 64);
    for (const groupSize of [32, 64] as const) {
      const w = await weightsOf(engine, values, cols, "int8", groupSize);
      const bytes = new Int8Array(await download(engine, w.data.buffer));
      const scales = await downloadF32(engine, w.scales!.buffer);
      const groups = Math.ceil(cols / groupSize);
      expect(scales.length).toBe(4 * groups);
      for (let r = 0; r < 4; r++)
        for (let g = 0; g < groups; g++) {
          const end = Math.min(cols, (g + 1) * groupSize);
          const group = values.subarray(r * cols + g * groupSize, r * cols + end);
          const largest = Math.max(...group.map(Math.abs));
          // Division may be off by a few ulps on a GPU.
          expect(scales[4 * g + r]).toBeCloseTo(largest / 127, 8);
          group.forEach((v, i) => {
            const c = g * groupSize + i;
            const q = bytes[(c >> 2) * 16 + 4 * r + (c & 3)]!;
            expect(Math.abs(q * scales[4 * g + r]! - v)).toBeLessThan(0.5001 * (largest / 127) + 1e-9);
          });
        }
      freeWeights(engine.memory, w);
    }
  });

  test("int4 has a half-precision scale per row and group, and no seven scales do better", async () => {
    const cols = 100;
    const values = noise(4 * cols, 4);
    values.fill(0, 0, 32);
    // Far from its neighbours, and small: what a scale must not be spoilt by, or lost in.
    values[cols] = 9;
    values.subarray(2 * cols, 3 * cols).forEach((v, i, row) => (row[i] = v * 1e-3));
    for (const groupSize of [32, 64] as const) {
      const w = await weightsOf(engine, values, cols, "int4", groupSize);
      const words = new Uint32Array(await download(engine, w.data.buffer));
      const scales = new Uint16Array(await download(engine, w.scales!.buffer));
      for (let r = 0; r < 4; r++)
        for (let first = 0, g = 0; first < cols; first += groupSize, g++) {
          const group = values.subarray(r * cols + first, r * cols + Math.min(cols, first + groupSize));
          const scale = floatsFromF16(scales.subarray(4 * g + r, 4 * g + r + 1))[0]!;
          let error = 0;
          group.forEach((v, i) => {
            const c = first + i;
            const word = words[(c >> 2) * 2 + ((c >> 1) & 1)]!;
            const q = (word << (28 - 16 * (c & 1) - 4 * r)) >> 28;
            error += (q * scale - v) ** 2;
          });
          // Ties fall either way in f32.
          expect(error).toBeLessThanOrEqual(leastInt4Error(group) * 1.001 + 1e-12);
        }
      freeWeights(engine.memory, w);
    }
  });

  test("int4 keeps what it can keep exactly", async () => {
    const [rows, cols] = [7, 96];
    const exact = exactInInt4(noise(rows * cols, 8), cols, 32);
    const w = await weightsOf(engine, exact, cols, "int4");
    const words = new Uint32Array(await download(engine, w.data.buffer));
    const scales = floatsFromF16(new Uint16Array(await download(engine, w.scales!.buffer)));
    for (let r = 0; r < 8; r++)
      for (let c = 0; c < cols; c++) {
        const word = words[(r >> 2) * (cols / 2) + (c >> 1)]!;
        const q = (word << (28 - 16 * (c & 1) - 4 * (r & 3))) >> 28;
        const scale = scales[(r >> 2) * 4 * (cols / 32) + 4 * Math.floor(c / 32) + (r & 3)]!;
        expect(q * scale + 0).toBe((r < rows ? exact[r * cols + c]! : 0) + 0);
      }
    freeWeights(engine.memory, w);
  });

  test("a matrix can be filled in pieces of rows", async () => {
    const [rows, cols] = [10, 8];
    const values = noise(rows * cols, 5);
    const whole = await weightsOf(engine, values, cols, "f32");
    const into = createWeights(engine.memory, { label: "test.pieces", rows, cols, storage: "f32" });
    const scratch = engine.memory.create({ label: "test.scratch", bytes: 16, use: "scratch" });
    for (const [from, count] of [
      [0, 4],
      [4, 6],
    ] as const) {
      const source = upload(engine, "test.piece", values.subarray(from * cols, (from + count) * cols));
      await run(engine, {}, (rec) =>
        packWeights(rec, { source, rows: count, into, firstRow: from, scratch }),
      );
      engine.memory.free(source);
    }
    expect(await downloadF32(engine, into.data.buffer)).toEqual(await downloadF32(engine, whole.data.buffer));
    expect(() =>
      packWeights(
        { list: null as never, tuning: null as never },
        {
          source: into.data,
          rows: 4,
          into,
          firstRow: 2,
          scratch,
        },
      ),
    ).toThrow(/multiple of four/);
    [whole, into].forEach((w) => freeWeights(engine.memory, w));
    engine.memory.free(scratch);
  });

  test("sizes and refusals", () => {
    expect(weightBytes(6, 8, "f32")).toEqual({ data: 256, scales: 0 });
    expect(weightBytes(6, 96, "int8", 64)).toEqual({ data: 768, scales: 64 });
    expect(weightBytes(6, 100, "int4", 32)).toEqual({ data: 400, scales: 64 });
    expect(() => createWeights(engine.memory, { label: "w", rows: 4, cols: 6, storage: "f32" })).toThrow(
      /multiple of four columns/,
    );
  });
});
