import { expect, test } from "vitest";
import { readoutSignals as expected } from "../../src/decoding/depth/policy";
import { NONE } from "../../src/kernels/layouts";
import { Signal, SIGNAL_WORDS } from "../../src/kernels/latents";
import { readoutSignals } from "../../src/kernels/readout_signals";
import { normals, REDUCTIONS, useBench } from "./harness";

const bench = useBench();
const T = 3;

test.each(REDUCTIONS)("as in float64, by %s", async (_, tuning) => {
  for (const V of [5, 67]) {
    const next = normals(V);
    const draw = (): Float32Array => Float32Array.from({ length: T * V }, () => 2 * next());
    const [first, second] = [draw(), draw()];
    const active = bench().buffer(Uint32Array.of(2, 0, NONE));
    const before = bench().buffer(draw());
    const row = (m: Float32Array, i: number): Float32Array => m.subarray(i * V, (i + 1) * V);
    for (const [logits, earlier] of [
      [first, null],
      [second, first],
    ] as const) {
      const signals = bench().empty(SIGNAL_WORDS * T);
      const fed = bench().buffer(logits);
      const hasBefore = earlier !== null;
      await bench().run((rec) => {
        readoutSignals(rec, { active, logits: fed, before, hasBefore, T, vocabSize: V, signals });
      }, tuning);
      const [floats, words] = [await bench().f32(signals), await bench().u32(signals)];
      [2, 0].forEach((r, i) => {
        const want = expected(earlier && row(earlier, i), row(logits, i));
        const at = SIGNAL_WORDS * r;
        // Sums of up to 67 terms below 1 in f32.
        expect(floats[at + Signal.KL]).toBeCloseTo(want.kl!, 4);
        expect(floats[at + Signal.MIN_P_KL]).toBeCloseTo(want.minPKl!, 4);
        expect(floats[at + Signal.ENTROPY]).toBeCloseTo(want.entropy!, 4);
        expect(words[at + Signal.ARGMAX]).toBe(want.argmax);
      });
      expect(row(await bench().f32(before), 2)).toEqual(row(logits, 0));
      expect(words[SIGNAL_WORDS + Signal.ARGMAX]).toBe(0);
    }
  }
});
