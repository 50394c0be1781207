import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { matvecGated } from "../../src/kernels/matvec_gated";
import type { Tuning } from "../../src/kernels/tuning";
import { freeWeights, gatedRowOrder, type WeightStorage } from "../../src/kernels/weights";
import { downloadF32, makeEngine, noise, reorder, run, upload, weightsOf, TEXELS } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { gated, storedAs } from "../reference/dense";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

const EPS = 1e-5;

async function error(
  dim: number,
  hiddenDim: number,
  T: number,
  options: {
    storage?: WeightStorage;
    tuning?: Partial<Tuning>;
    activation?: "silu" | "gelu";
    size?: number;
    hasBias?: boolean;
  } = {},
): Promise<number> {
  const { storage = "f32", tuning = {}, activation = "silu", size = 1, hasBias = false } = options;
  // Weights of about 1 / sqrt(dim), as trained ones are, keep gates where the activation bends.
  const plain = noise(2 * hiddenDim * dim, 4).map((w) => w / Math.sqrt(dim));
  const { given, kept: values } = storedAs(storage, plain, dim);
  const x = noise(T * dim, 5).map((v) => v * size);
  const weight = await weightsOf(
    engine,
    reorder(given, dim, gatedRowOrder(hiddenDim)),
    dim,
    storage,
    32,
    tuning,
  );
  const xBuffer = upload(engine, "test.x", x);
  const bias = noise(2 * hiddenDim, 6);
  const biasBuffer = upload(engine, "test.bias", reorder(bias, 1, gatedRowOrder(hiddenDim)));
  const biased = hasBias ? { bias: biasBuffer } : {};
  const hidden = engine.memory.create({ label: "test.hidden", bytes: 4 * T * hiddenDim, use: "scratch" });
  await run(engine, tuning, (rec) =>
    matvecGated(rec, { x: xBuffer, weight, ...biased, hidden, T, dim, hiddenDim, eps: EPS, activation }),
  );
  const found = await downloadF32(engine, hidden);
  freeWeights(engine.memory, weight);
  engine.memory.free(xBuffer);
  engine.memory.free(hidden);
  engine.memory.free(biasBuffer);
  let worst = 0;
  for (let t = 0; t < T; t++) {
    const row = gated(
      Float64Array.from(x.subarray(t * dim, (t + 1) * dim)),
      values,
      EPS,
      activation,
      hasBias ? bias : null,
    );
    row.forEach((v, j) => {
      worst = Math.max(worst, Math.abs(v - found[t * hiddenDim + j]!));
    });
  }
  return worst;
}

/** Gates and ups are sums of dim products with a result of about 1; their product doubles the relative error. */
const tolerance = (dim: number): number => 2 ** -22 * Math.sqrt(dim) * 4;

describe("matvec_gated", () => {
  for (const [dim, hiddenDim] of [
    [4, 2],
    [36, 14],
    [96, 256],
    [128, 352],
  ] as const)
    test(`${dim} to ${hiddenDim}`, async () => {
      for (const T of [1, 2]) expect(await error(dim, hiddenDim, T)).toBeLessThan(tolerance(dim));
    });

  test("trees and prompts", async () => {
    for (const T of [6, 20]) expect(await error(128, 352, T)).toBeLessThan(tolerance(128));
  });

  test("sums through workgroup memory", async () => {
    expect(await error(128, 352, 1, { tuning: { reduce: "workgroup" } })).toBeLessThan(tolerance(128));
  });

  test("weights from a texture", async () => {
    for (const T of [1, 3])
      expect(await error(128, 352, T, { tuning: { choices: TEXELS } })).toBeLessThan(tolerance(128));
  });

  test("four columns at a time", async () => {
    const tuning = { choices: { "matvec.block": 1 } };
    expect(await error(128, 352, 2, { tuning })).toBeLessThan(tolerance(128));
  });

  test("lanes that read for one another", async () => {
    const tuning = { choices: { "matvec.shared": 1, "matvec.block": 1, "matvec.groups": 3 } };
    for (const T of [1, 5, 20]) expect(await error(128, 352, T, { tuning })).toBeLessThan(tolerance(128));
  });

  test("f16 and int4 storage", async () => {
    expect(await error(128, 352, 2, { storage: "f16" })).toBeLessThan(tolerance(128));
    expect(await error(128, 352, 2, { storage: "f16", tuning: { f16: false } })).toBeLessThan(tolerance(128));
    for (const T of [1, 2, 20])
      expect(await error(96, 64, T, { storage: "int4" })).toBeLessThan(tolerance(96));
  });

  test("int8 storage", async () => {
    // A value on a tie may round either way: one step, max |w| / 127 / sqrt(dim), times an input of about 1.
    expect(await error(128, 352, 2, { storage: "int8" })).toBeLessThan(0.01);
  });

  test("biases on both products", async () => {
    expect(await error(36, 14, 2, { hasBias: true })).toBeLessThan(tolerance(36));
  });

  test("GELU", async () => {
    expect(await error(96, 64, 1, { activation: "gelu" })).toBeLessThan(tolerance(96));
  });

  test("an input of zeros, and a large one, stay finite", async () => {
    expect(await error(128, 352, 1, { size: 0 })).toBe(0);
    expect(await error(128, 352, 1, { size: 1e6 })).toBeLessThan(tolerance(128));
  });
});
