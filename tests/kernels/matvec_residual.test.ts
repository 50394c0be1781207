import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { matvecResidual } from "../../src/kernels/matvec_residual";
import type { Tuning } from "../../src/kernels/tuning";
import type { WeightStorage } from "../../src/kernels/weights";
import { freeWeights } from "../../src/kernels/weights";
import { downloadF32, makeEngine, noise, run, upload, weightsOf, TEXELS } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { addProduct, storedAs } from "../reference/dense";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

interface Case {
  readonly rows: number;
  readonly cols: number;
  readonly T: number;
  readonly storage?: WeightStorage;
  readonly groupSize?: 32 | 64;
  readonly tuning?: Partial<Tuning>;
  readonly hasBias?: boolean;
  readonly replaces?: boolean;
}

async function product(
  c: Case,
): Promise<{ found: Float32Array; expected: Float64Array[]; labels: string[] }> {
  const storage = c.storage ?? "f32";
  const values = noise(c.rows * c.cols, 1);
  const a = noise(16 * 40 * c.cols, 2).subarray(0, c.T * c.cols);
  const x = noise(16 * 40 * c.rows, 3).subarray(0, c.T * c.rows);
  const { given: kept, kept: stored } = storedAs(storage, values, c.cols, c.groupSize);
  const weight = await weightsOf(engine, kept, c.cols, storage, c.groupSize, c.tuning);
  const [aBuffer, xBuffer] = [upload(engine, "test.a", a), upload(engine, "test.x", x)];
  const bias = noise(c.rows, 4).map((v) => (c.hasBias ? v : 0));
  const biasBuffer = upload(engine, "test.bias", bias);
  const { replaces = false } = c;
  const given = { a: aBuffer, weight, x: xBuffer, T: c.T, replaces };
  const labels = await run(engine, c.tuning ?? {}, (rec) =>
    matvecResidual(rec, { ...given, ...(c.hasBias ? { bias: biasBuffer } : {}) }),
  );
  engine.memory.free(biasBuffer);
  const found = (await downloadF32(engine, xBuffer)).slice(0, c.T * c.rows);
  const expected = Array.from({ length: c.T }, (_, t) =>
    addProduct(
      Float64Array.from(x.subarray(t * c.rows, (t + 1) * c.rows), (v, i) => (replaces ? 0 : v) + bias[i]!),
      stored,
      Float64Array.from(a.subarray(t * c.cols, (t + 1) * c.cols)),
    ),
  );
  freeWeights(engine.memory, weight);
  engine.memory.free(aBuffer);
  engine.memory.free(xBuffer);
  return { found, expected, labels };
}

/** Sums of n products of numbers below 1 in f32: each of n additions errs by at most half an ulp of a sum below sqrt(n). */
const tolerance = (cols: number): number => 2 ** -24 * cols * Math.sqrt(cols);
/** An int8 value that sits on a tie may round either way in f32 and f64: one step (1/127) of few weights. */
const INT8_TIES = 0.02;

function worst(found: Float32Array, expected: readonly Float64Array[]): number {
  const flat = expected.flatMap((row) => [...row]);
  return flat.reduce((m, v, i) => Math.max(m, Math.abs(v - found[i]!)), 0);
}

describe("matvec_residual", () => {
  // One lane's worth of columns, one more or less, a prime number of quads, the models' own. Tiles are built for T of 1, 2,
  // 4, 8 and 16, which the second list covers; building one takes a while on a software adapter.
  const shapes = [
    [4, 4],
    [8, 28],
    [12, 32],
    [44, 36],
    [96, 96],
    [128, 352],
  ] as const;
  for (const [rows, cols] of shapes)
    test(`${rows} x ${cols}`, async () => {
      for (const T of [1, 3]) {
        const { found, expected } = await product({ rows, cols, T });
        expect(worst(found, expected)).toBeLessThan(tolerance(cols));
      }
    });

  test("a bias, and a result that replaces", async () => {
    for (const [hasBias, replaces] of [
      [true, false],
      [true, true],
      [false, true],
    ] as const) {
      const { found, expected } = await product({ rows: 12, cols: 32, T: 3, hasBias, replaces });
      expect(worst(found, expected)).toBeLessThan(tolerance(32));
    }
  });

  test("many rows, few and more than a tile holds", async () => {
    for (const T of [2, 8, 13, 16, 17, 37]) {
      const { found, expected } = await product({ rows: 128, cols: 128, T });
      expect(worst(found, expected)).toBeLessThan(tolerance(128));
    }
  });

  test("sums through workgroup memory", async () => {
    for (const [rows, cols, T] of [
      [44, 36, 1],
      [8, 28, 2],
      [128, 352, 1],
    ] as const) {
      const { found, expected, labels } = await product({ rows, cols, T, tuning: { reduce: "workgroup" } });
      expect(labels[0]).toContain("lanes.workgroup");
      expect(worst(found, expected)).toBeLessThan(tolerance(cols));
    }
  });

  for (const [quads, lanes, chunk] of [
    [1, 8, 1],
    [2, 16, 2],
    [4, 64, 4],
    [1, 64, 1],
  ] as const)
    test(`tile of ${quads} quads, ${lanes} lanes, chunk ${chunk}`, async () => {
      const choices = {
        "matvec.quads": quads,
        "matvec1.quads": quads,
        "matvec.lanes": lanes,
        "matvec.chunk": chunk,
        "matvec1.chunk": chunk,
      };
      for (const T of [1, 2]) {
        const { found, expected, labels } = await product({ rows: 80, cols: 352, T, tuning: { choices } });
        // Larger T may keep fewer quads: registers are bounded.
        expect(labels[0]).toContain(T === 1 ? `t1r${quads}c${chunk}_plain` : `c${chunk}_plain`);
        expect(worst(found, expected)).toBeLessThan(tolerance(352));
      }
    });

  test("four columns at a time", async () => {
    const tuning = { choices: { "matvec.block": 1 } };
    const alone = await product({ rows: 44, cols: 352, T: 1, tuning });
    expect(alone.labels[0]).toContain("weights.f32_block");
    for (const T of [1, 2, 20]) {
      const { found, expected } = await product({ rows: 44, cols: 352, T, tuning });
      expect(worst(found, expected)).toBeLessThan(tolerance(352));
      if (T === 2) expect(found.subarray(0, 44)).toEqual(alone.found);
    }
  });

  for (const [storage, block, lanes] of [
    ["f32", 1, 4],
    ["f32", 0, 16],
    ["f16", 0, 4],
    ["int8", 0, 16],
    ["int4", 0, 16],
  ] as const)
    test(`lanes that read for one another, ${storage}, block ${block}, ${lanes} lanes, two workgroups`, async () => {
      const choices = {
        "matvec.shared": 1,
        "matvec.block": block,
        "matvec.lanes": lanes,
        "matmul.lanes": lanes,
        "matvec.groups": 2,
      };
      const alone = await product({ rows: 92, cols: 352, T: 1, storage, tuning: { choices } });
      expect(alone.labels[0]).toContain("lanes.shared");
      for (const T of storage === "f32" ? [2, 7, 20] : [7]) {
        const { found, expected } = await product({ rows: 92, cols: 352, T, storage, tuning: { choices } });
        expect(worst(found, expected)).toBeLessThan(storage === "int8" ? INT8_TIES : tolerance(352));
        expect(found.subarray(0, 92)).toEqual(alone.found);
      }
    });

  test("weights from a texture: bits as from a buffer, for every number of rows", async () => {
    for (const [rows, cols] of [
      [4, 16],
      [92, 352],
      [128, 128],
    ] as const) {
      const buffer = { choices: { ...TEXELS, "matvec.texels": 0, "matvec.block": 1 } };
      const plain = await product({ rows, cols, T: 1, tuning: buffer });
      for (const [T, quads] of [
        [1, 1],
        [1, 2],
        [1, 4],
        [7, 1],
        [20, 1],
      ] as const) {
        const choices = { ...TEXELS, "matvec.groups": 2, "matvec.shared_quads": quads };
        const { found, expected, labels } = await product({ rows, cols, T, tuning: { choices } });
        expect(labels[0]).toContain("weights.f32_texels");
        expect(worst(found, expected)).toBeLessThan(tolerance(cols));
        expect(found.subarray(0, rows)).toEqual(plain.found);
      }
    }
  });

  test("no texture for what has no room in one, or is not in f32", async () => {
    const tuning = { choices: TEXELS };
    for (const c of [
      { rows: 8, cols: 28, T: 1, tuning },
      { rows: 8, cols: 32, T: 1, storage: "f16", tuning },
    ] as const) {
      const { labels } = await product(c);
      expect(labels[0]).not.toContain("texels");
    }
  });

  test("few workgroups share many tiles", async () => {
    for (const [reduce, T] of [
      ["subgroup", 1],
      ["workgroup", 1],
      ["subgroup", 20],
    ] as const) {
      const tuning = { reduce, choices: { "matvec.groups": 3, "matmul.lanes": 4 } };
      const { found, expected } = await product({ rows: 128, cols: 96, T, tuning });
      expect(worst(found, expected)).toBeLessThan(tolerance(96));
    }
  });

  for (const f16 of [true, false])
    test(`f16 storage, ${f16 ? "native" : "unpacked"}`, async () => {
      for (const T of [1, 2, 20]) {
        const { found, expected, labels } = await product({
          rows: 128,
          cols: 352,
          T,
          storage: "f16",
          tuning: { f16 },
        });
        expect(labels[0]).toContain(f16 ? "weights.f16" : "weights.f16_packed");
        expect(worst(found, expected)).toBeLessThan(tolerance(352));
      }
    });

  for (const groupSize of [32, 64] as const)
    test(`int8 storage, groups of ${groupSize}`, async () => {
      for (const T of [1, 2, 20]) {
        const { found, expected } = await product({ rows: 128, cols: 352, T, storage: "int8", groupSize });
        expect(worst(found, expected)).toBeLessThan(INT8_TIES);
      }
    });

  for (const groupSize of [32, 64] as const)
    test(`int4 storage, groups of ${groupSize}`, async () => {
      // Few rows and many; a row of less than a group, of no whole number of groups, and of more than the lanes take at once.
      for (const [rows, cols, T] of [
        [8, 28, 1],
        [44, 100, 2],
        [128, 352, 1],
        [128, 352, 13],
        [128, 352, 20],
      ] as const) {
        const { found, expected } = await product({ rows, cols, T, storage: "int4", groupSize });
        expect(worst(found, expected)).toBeLessThan(tolerance(cols));
      }
    });

  for (const [quads, lanes, chunk] of [
    [1, 8, 1],
    [4, 16, 4],
  ] as const)
    test(`int4 storage, tile of ${quads} quads, ${lanes} lanes, chunk ${chunk}`, async () => {
      const choices = {
        "matvec.quads": quads,
        "matvec1.quads": quads,
        "matmul.quads": quads,
        "matvec.lanes": lanes,
        "matvec.scaled_chunk": chunk,
      };
      for (const [T, reduce] of [
        [1, "subgroup"],
        [2, "subgroup"],
        [1, "workgroup"],
      ] as const) {
        const tuning = { reduce, choices };
        const c = { rows: 80, cols: 352, T, storage: "int4", tuning } as const;
        const { found, expected, labels } = await product(c);
        expect(labels[0]).toContain("weights.int4");
        expect(worst(found, expected)).toBeLessThan(tolerance(352));
      }
    });

  test("int8 storage by masks: bits as by shifts", async () => {
    for (const [T, shared] of [
      [1, 0],
      [1, 1],
      [7, 1],
    ] as const) {
      const byWay = async (masks: number) => {
        const choices = { "matvec.int8_masks": masks, "matvec.shared": shared, "matvec.lanes": 16 };
        return product({ rows: 92, cols: 352, T, storage: "int8", tuning: { choices } });
      };
      const [shifts, masks] = [await byWay(0), await byWay(1)];
      expect(masks.labels[0]).toContain("weights.int8_masks");
      expect(shifts.labels[0]).not.toContain("weights.int8_masks");
      expect(worst(masks.found, masks.expected)).toBeLessThan(INT8_TIES);
      expect(masks.found).toEqual(shifts.found);
    }
  });

  test("int8 storage, integer dot products", async () => {
    const { found, expected, labels } = await product({
      rows: 128,
      cols: 352,
      T: 3,
      storage: "int8",
      tuning: { choices: { "matvec.packed_dot": 1 } },
    });
    expect(labels[0]).toContain("weights.int8_dot");
    // Activations are rounded by up to 1/254 of the largest of four: errors of both signs over 352 products.
    expect(worst(found, expected)).toBeLessThan((6 * Math.sqrt(352)) / 254 / 3);
  });

  for (const storage of ["f32", "f16", "int8", "int4"] as const)
    test(`a row's bits do not depend on the number of rows, ${storage}`, async () => {
      const rows = 128;
      const alone = await product({ rows, cols: 352, T: 1, storage });
      for (let T = 2; T <= 16; T += storage === "f32" ? 1 : 7) {
        const { found } = await product({ rows, cols: 352, T, storage });
        expect(found.subarray(0, rows)).toEqual(alone.found);
      }
    });

  test("shapes that do not fit are refused", async () => {
    await expect(product({ rows: 10, cols: 8, T: 1 })).rejects.toThrow(/matvec_residual: weight has 10 rows/);
    await expect(product({ rows: 8, cols: 8, T: 513 })).rejects.toThrow(/1 to 512 rows/);
  });
});
