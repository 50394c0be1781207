import { describe, expect, test } from "vitest";
import { gumbelAt, pcg4d, Purpose, randomU32, toGumbel, toUniform, uniformAt } from "../../../src/base/rng";

const MAX = 0xffffffff;

describe("pcg4d", () => {
  test.each([
    [[0, 0, 0, 0], 0x0f02f829],
    [[1, 2, 3, 4], 0x3622cd16],
    [[42, 7, 0, 65535], 0x68ed64fc],
    [[MAX, MAX, MAX, MAX], 0x974ed892],
  ] as const)("of %j has the golden first lane", ([x, y, z, w], lane) => {
    expect(pcg4d(x, y, z, w)[0]).toBe(lane);
  });

  test("returns unsigned lanes", () => {
    for (const lane of pcg4d(MAX, 0, 1, 2)) expect(lane).toBe(lane >>> 0);
  });
});

describe("addresses", () => {
  const base = { seed: 5, step: 9, purpose: Purpose.DRAFT, node: 3, sibling: 1, index: 17 };

  test("pack purpose, node and sibling into the third lane", () => {
    expect(randomU32(base)).toBe(pcg4d(5, 9, (2 << 24) | (3 << 8) | 1, 17)[0]);
  });

  test("differ in every field", () => {
    const changed = [
      { ...base, seed: 6 },
      { ...base, step: 10 },
      { ...base, purpose: Purpose.FINAL },
      { ...base, node: 4 },
      { ...base, sibling: 2 },
      { ...base, index: 18 },
    ];
    expect(new Set([base, ...changed].map(randomU32)).size).toBe(7);
  });
});

describe("conversions", () => {
  test("uniforms stay inside (0, 1) in f32", () => {
    for (const h of [0, 1, 511, 512, MAX - 512, MAX]) {
      const u = Math.fround(toUniform(h));
      expect(u).toBeGreaterThan(0);
      expect(u).toBeLessThan(1);
    }
  });

  test("Gumbel noise is finite and decreases from about 22", () => {
    expect(toGumbel(0)).toBeCloseTo(32 * Math.LN2 + Math.LN2, 6);
    const values = [0, 1, 2 ** 21, 2 ** 22, 2 ** 22 + 1, 2 ** 31, MAX].map(toGumbel);
    for (const [i, g] of values.entries()) {
      expect(Number.isFinite(g)).toBe(true);
      if (i > 0) expect(g).toBeLessThan(values[i - 1]!);
    }
  });

  test("uniforms and Gumbel noise have their means and variances", () => {
    const n = 100_000;
    const moments = (draw: (index: number) => number): [mean: number, variance: number] => {
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const v = draw(i);
        sum += v;
        squares += v * v;
      }
      return [sum / n, squares / n - (sum / n) ** 2];
    };
    const at = (index: number) => ({ seed: 1, step: 2, purpose: Purpose.SAMPLE, node: 0, sibling: 0, index });
    const [uMean, uVariance] = moments((i) => uniformAt(at(i)));
    expect(Math.abs(uMean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(uVariance - 1 / 12)).toBeLessThan(0.001);
    const [gMean, gVariance] = moments((i) => gumbelAt(at(i)));
    expect(Math.abs(gMean - 0.5772)).toBeLessThan(5 * Math.sqrt(1.645 / n));
    expect(Math.abs(gVariance - Math.PI ** 2 / 6)).toBeLessThan(0.05);
  });
});
