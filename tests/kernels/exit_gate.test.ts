/** The exit gate of looped models beside plain float64. */
import { afterAll, expect, test } from "vitest";
import { exitGate } from "../../src/kernels/exit_gate";
import { Signal, SIGNAL_WORDS } from "../../src/kernels/latents";
import { NONE, Row, ROW_WORDS } from "../../src/kernels/layouts";
import { rmsNorm } from "../reference/llama";
import { normals, REDUCTIONS, useBench } from "./harness";

const bench = useBench();
afterAll(() => bench().free());
const [T, D] = [5, 52];
/** Row 3 is idle; rows 4 and 1 run, in places 0 and 1. */
const LIST = [4, 1, NONE, NONE, NONE];

test.each(REDUCTIONS)("gives each row that ran its probability, %s", async (_, tuning) => {
  const draw = normals(3);
  const random = (count: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: count }, draw);
  const [x, theta, gain] = [random(T * D), random(D), random(D)];
  const rows = new Uint32Array(ROW_WORDS * T);
  for (let t = 0; t < T; t++) rows[t * ROW_WORDS + Row.SLOT] = t === 3 ? NONE : t;
  const expected = (place: number): number => {
    const row = rmsNorm(Float64Array.from(x.subarray(place * D, (place + 1) * D)), gain, 1e-3);
    const logit = row.reduce((sum, v, d) => sum + v * theta[d]!, 0.25);
    return 1 / (1 + Math.exp(-logit));
  };
  for (const list of [null, LIST]) {
    const signals = bench().buffer(new Float32Array(SIGNAL_WORDS * T).fill(7));
    const active = list && bench().buffer(Uint32Array.from(list));
    const folded = theta.map((v, d) => v * gain[d]!);
    await bench().run((rec) => {
      exitGate(rec, {
        ...{ rows: bench().buffer(rows), active, x: bench().buffer(x), theta: bench().buffer(folded) },
        ...{ bias: 0.25, signals, T, dim: D, eps: 1e-3 },
      });
    }, tuning);
    const found = await bench().f32(signals);
    for (let t = 0; t < T; t++) {
      const place = list ? list.indexOf(t) : t;
      const value = found[t * SIGNAL_WORDS + Signal.GATE]!;
      if (place < 0 || t === 3) expect(value).toBe(7);
      // Sums of 52 products in f32.
      else expect(Math.abs(value - expected(place))).toBeLessThan(1e-5);
    }
  }
});
