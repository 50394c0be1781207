import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/dispatch_list";
import { embed } from "../../src/kernels/embed";
import { NONE, Row, ROW_WORDS } from "../../src/kernels/layouts";
import { freeWeights, type WeightStorage } from "../../src/kernels/weights";
import { downloadF32, makeEngine, noise, run, upload, weightsOf } from "../helpers/dense";
import { useGpu } from "../helpers/gpu";
import { storedAs } from "../reference/dense";

const gpu = useGpu();
let engine: Engine;
beforeAll(() => {
  engine = makeEngine(gpu());
});

const V = 67;
const TOKENS = [0, 5, 66, NONE, 43, 44, 67];

async function check(dim: number, storage: WeightStorage, tolerance: number, f16 = true): Promise<void> {
  const plain = noise(V * dim, 12);
  const { given, kept: values } = storedAs(storage, plain, dim);
  const rows = new Uint32Array(TOKENS.length * ROW_WORDS);
  TOKENS.forEach((token, t) => (rows[t * ROW_WORDS + Row.TOKEN] = token));
  for (const cut of [V, 44]) {
    const table = [await weightsOf(engine, given.slice(0, cut * dim), dim, storage)];
    if (cut < V) table.push(await weightsOf(engine, given.slice(cut * dim), dim, storage));
    const buffers = {
      rows: upload(engine, "test.rows", rows),
      x: upload(engine, "test.x", noise(TOKENS.length * dim, 13)),
    };
    await run(engine, f16 ? {} : { f16 }, (rec) =>
      embed(rec, { ...buffers, table, T: TOKENS.length, dim, vocabSize: V, scale: 3 }),
    );
    const x = await downloadF32(engine, buffers.x);
    TOKENS.forEach((token, t) => {
      for (let d = 0; d < dim; d++) {
        const expected = token < V ? 3 * values[token * dim + d]! : 0;
        expect(Math.abs(x[t * dim + d]! - expected)).toBeLessThanOrEqual(tolerance);
      }
    });
    table.forEach((w) => freeWeights(engine.memory, w));
    Object.values(buffers).forEach((b) => engine.memory.free(b));
  }
}

describe("embed", () => {
  // A copy and one multiplication: the last bit at most.
  test("f32", async () => {
    for (const dim of [4, 96, 128]) await check(dim, "f32", 3 * 2 ** -24);
  });
  test("f16, native and unpacked", async () => {
    await check(128, "f16", 3 * 2 ** -24);
    await check(128, "f16", 3 * 2 ** -24, false);
  });
  test("int8", async () => {
    // A value on a tie may round either way: one step of 1 / 127, times the scale.
    await check(96, "int8", 3 / 127);
  });
  test("int4", async () => {
    for (const dim of [4, 96, 128]) await check(dim, "int4", 3 * 2 ** -24);
  });
});
