import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { matvecHead } from "../../src/kernels/matvec_head";
import type { Tuning } from "../../src/kernels/tuning";
import { freeWeights, type WeightMatrix, type WeightStorage } from "../../src/kernels/weights";
import { downloadF32, makeEngine, noise, run, upload, weightsOf, TEXELS } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { head, storedAs } from "../reference/dense";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

const UNTOUCHED = 9;

interface Case {
  readonly vocabSize: number;
  readonly dim: number;
  readonly T: number;
  readonly firstRow?: number;
  readonly outRow?: number;
  readonly storage?: WeightStorage;
  /** Rows of all parts but the last. */
  readonly split?: number;
  readonly tuning?: Partial<Tuning>;
}

async function error(c: Case): Promise<number> {
  const { vocabSize, dim, T, firstRow = 0, outRow = 0, storage = "f32" } = c;
  const plain = noise(vocabSize * dim, 9).map((w) => w / Math.sqrt(dim));
  const { given, kept: values } = storedAs(storage, plain, dim);
  const gain = noise(dim, 10).map((v) => v + 2);
  const x = noise((firstRow + T) * dim, 11);
  const cut = c.split ?? vocabSize;
  const part = (from: number, to?: number): Promise<WeightMatrix> =>
    weightsOf(engine, given.slice(from * dim, to), dim, storage, 32, c.tuning);
  const weight = [await part(0, cut * dim)];
  if (cut < vocabSize) weight.push(await part(cut));
  const buffers = {
    x: upload(engine, "test.x", x),
    gain: upload(engine, "test.gain", gain),
    logits: upload(engine, "test.logits", new Float32Array((outRow + T + 1) * vocabSize).fill(UNTOUCHED)),
  };
  await run(engine, c.tuning ?? {}, (rec) =>
    matvecHead(rec, { ...buffers, weight, T, firstRow, outRow, dim, vocabSize, eps: 1e-5 }),
  );
  const found = await downloadF32(engine, buffers.logits);
  weight.forEach((w) => freeWeights(engine.memory, w));
  Object.values(buffers).forEach((b) => engine.memory.free(b));
  let worst = 0;
  for (let t = 0; t < T; t++) {
    const at = firstRow + t;
    head(Float64Array.from(x.subarray(at * dim, (at + 1) * dim)), gain, values, 1e-5).forEach((v, i) => {
      worst = Math.max(worst, Math.abs(v - found[(outRow + t) * vocabSize + i]!));
    });
  }
  // Rows before and after are left alone.
  for (let i = 0; i < outRow * vocabSize; i++) expect(found[i]).toBe(UNTOUCHED);
  for (let i = 0; i < vocabSize; i++) expect(found[(outRow + T) * vocabSize + i]).toBe(UNTOUCHED);
  return worst;
}

/** Sums of dim products with a result of about 3. */
const tolerance = (dim: number): number => 2 ** -22 * Math.sqrt(dim) * 8;

describe("matvec_head", () => {
  test("the model's own vocabulary", async () => {
    for (const T of [1, 2, 20])
      expect(await error({ vocabSize: 2048, dim: 128, T })).toBeLessThan(tolerance(128));
  });
  test("vocabularies that are no multiple of four", async () => {
    for (const vocabSize of [1, 2, 31, 257])
      expect(await error({ vocabSize, dim: 96, T: 2 })).toBeLessThan(tolerance(96));
  });
  test("weights from a texture, whole and in parts", async () => {
    const tuning = { choices: TEXELS };
    for (const T of [1, 3])
      expect(await error({ vocabSize: 2048, dim: 128, T, tuning })).toBeLessThan(tolerance(128));
    expect(await error({ vocabSize: 67, dim: 96, T: 1, split: 44, tuning })).toBeLessThan(tolerance(96));
  });
  test("from some row to some row", async () => {
    expect(await error({ vocabSize: 67, dim: 96, T: 2, firstRow: 3, outRow: 2 })).toBeLessThan(tolerance(96));
  });
  test("a vocabulary in parts", async () => {
    expect(await error({ vocabSize: 67, dim: 96, T: 2, split: 44, outRow: 1 })).toBeLessThan(tolerance(96));
  });
  test("four columns at a time", async () => {
    const tuning = { choices: { "matvec.block": 1 } };
    expect(await error({ vocabSize: 67, dim: 128, T: 2, tuning })).toBeLessThan(tolerance(128));
  });
  test("lanes that read for one another", async () => {
    const tuning = { choices: { "matvec.shared": 1, "matvec.block": 1, "matvec.groups": 3 } };
    for (const T of [1, 3])
      expect(await error({ vocabSize: 67, dim: 128, T, tuning })).toBeLessThan(tolerance(128));
  });
  test("f16 and int8 storage", async () => {
    expect(await error({ vocabSize: 67, dim: 128, T: 1, storage: "f16" })).toBeLessThan(tolerance(128));
    // One step of rounding, of a weight on a tie.
    expect(await error({ vocabSize: 67, dim: 128, T: 1, storage: "int8" })).toBeLessThan(0.02);
  });
  test("int4 storage, whole and in parts", async () => {
    for (const T of [1, 2, 20])
      expect(await error({ vocabSize: 67, dim: 96, T, storage: "int4" })).toBeLessThan(tolerance(96));
    const cut = { vocabSize: 67, dim: 96, T: 2, split: 44, storage: "int4" } as const;
    expect(await error(cut)).toBeLessThan(tolerance(96));
  });
  test("sums through workgroup memory", async () => {
    const tuning = { reduce: "workgroup" } as const;
    expect(await error({ vocabSize: 257, dim: 128, T: 1, tuning })).toBeLessThan(tolerance(128));
  });
  test("a part is missing", async () => {
    const weight = await weightsOf(engine, noise(8 * 8, 1), 8, "f32");
    const b = engine.memory.create({ label: "test.b", bytes: 4096, use: "scratch" });
    await expect(
      run(engine, {}, (rec) =>
        matvecHead(rec, { x: b, gain: b, logits: b, weight, T: 1, dim: 8, vocabSize: 9, eps: 1 }),
      ),
    ).rejects.toThrow(/matvec_head: weight has 8 rows .* expected 9 x 8/);
    freeWeights(engine.memory, weight);
    engine.memory.free(b);
  });
});
