/** A matrix in parts gives the bits that it gives whole: in every storage type, for one, few and many rows, in one dispatch a part. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { matvecGated } from "../../src/kernels/matvec_gated";
import { matvecNorm } from "../../src/kernels/matvec_norm";
import { matvecResidual } from "../../src/kernels/matvec_residual";
import type { Recording } from "../../src/kernels/tuning";
import {
  freeWeights,
  WEIGHT_STORAGES,
  type WeightMatrix,
  type WeightParts,
  type WeightStorage,
} from "../../src/kernels/weights";
import { downloadF32, makeEngine, noise, run, upload, weightsOf } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

/** The last part is shorter, and no multiple of the tiles. */
const ROWS = 44;
const COLS = 40;
const CUTS = [0, 16, 32, ROWS];

interface Buffers {
  readonly x: GPUBuffer;
  readonly bias: GPUBuffer;
  readonly y: GPUBuffer;
}
type Product = (rec: Recording, weight: WeightParts, T: number, b: Buffers) => void;

const PRODUCTS: Readonly<Record<string, Product>> = {
  matvec_residual: (rec, weight, T, { x, bias, y }) => matvecResidual(rec, { a: x, weight, bias, x: y, T }),
  matvec_norm: (rec, weight, T, { x, bias, y }) =>
    matvecNorm(rec, { x, weight, bias, y, adds: true, T, eps: 1e-5 }),
  matvec_gated: (rec, weight, T, { x, bias, y }) =>
    matvecGated(rec, { x, weight, bias, hidden: y, T, dim: COLS, hiddenDim: ROWS / 2, eps: 1e-5 }),
};

/** What a product writes with the matrix whole and in parts, and the dispatches that it takes. */
async function both(product: Product, T: number, storage: WeightStorage) {
  const values = noise(ROWS * COLS, 1);
  const found = [];
  for (const cuts of [[0, ROWS], CUTS]) {
    const parts: WeightMatrix[] = [];
    for (let i = 1; i < cuts.length; i++)
      parts.push(await weightsOf(engine, values.slice(cuts[i - 1]! * COLS, cuts[i]! * COLS), COLS, storage));
    const buffers = {
      x: upload(engine, "test.x", noise(T * COLS, 2)),
      bias: upload(engine, "test.bias", noise(ROWS, 3)),
      y: upload(engine, "test.y", noise(T * ROWS, 4)),
    };
    const labels = await run(engine, {}, (rec) => product(rec, parts, T, buffers));
    found.push({ numbers: await downloadF32(engine, buffers.y), dispatches: labels.length });
    parts.forEach((part) => freeWeights(engine.memory, part));
    Object.values(buffers).forEach((b) => engine.memory.free(b));
  }
  const [whole, parts] = found;
  return { whole: whole!, parts: parts! };
}

describe.each(Object.entries(PRODUCTS))("%s in parts", (name, product) => {
  const storages = name === "matvec_residual" ? WEIGHT_STORAGES : (["f32"] as const);
  it.each(storages.flatMap((s) => [1, 6, 20].map((T) => [s, T] as const)))(
    "%s, %i rows",
    async (storage, T) => {
      const { whole, parts } = await both(product, T, storage);
      expect(parts.numbers).toEqual(whole.numbers);
      // It did something, everywhere.
      const before = noise(T * ROWS, 4);
      const written = name === "matvec_gated" ? (T * ROWS) / 2 : T * ROWS;
      expect(parts.numbers.slice(0, written).some((v, i) => v === before[i])).toBe(false);
      expect([whole.dispatches, parts.dispatches]).toEqual([1, CUTS.length - 1]);
    },
  );
});

it("names what does not fit together", async () => {
  const part = (rows: number, cols: number) => weightsOf(engine, noise(rows * cols, 1), cols, "f32");
  const [six, four, wide] = [await part(6, 8), await part(4, 8), await part(4, 12)];
  const [x, y] = [1, 2].map((seed) => upload(engine, "test.y", noise(64, seed))) as [GPUBuffer, GPUBuffer];
  const product = (weight: WeightParts) =>
    run(engine, {}, (rec) => matvecNorm(rec, { x, weight, y, T: 1, eps: 0 }));
  await expect(product([six, four])).rejects.toThrow(/part begins at row 6, expected a multiple of four/);
  await expect(product([four, wide])).rejects.toThrow(/8 rows in parts of 8, 12 columns, expected 8 x 8/);
  [six, four, wide].forEach((w) => freeWeights(engine.memory, w));
  [x, y].forEach((b) => engine.memory.free(b));
});
