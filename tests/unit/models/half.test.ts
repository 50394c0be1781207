import { describe, expect, it } from "vitest";
import { floatsFromBf16, floatsFromF16 } from "../../../src/models/half";
import { bfloatBits, halfBits } from "../../helpers/safetensors";

const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

describe("floatsFromF16", () => {
  it("knows the landmarks of the format (IEEE 754-2019, binary16)", () => {
    const bits = [0x0000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x03ff, 0x0001, 0x3555, 0x7c00, 0xfc00];
    const values = [
      0,
      1,
      -2,
      65504,
      2 ** -14,
      2 ** -14 - 2 ** -24,
      2 ** -24,
      0.333251953125,
      Infinity,
      -Infinity,
    ];
    expect([...floatsFromF16(Uint16Array.from(bits))]).toEqual(values);
    expect(Object.is(floatsFromF16(Uint16Array.of(0x8000))[0], -0)).toBe(true);
    expect(floatsFromF16(Uint16Array.of(0x7e00))[0]).toBeNaN();
  });

  it("is undone by rounding to f16, for every number", () => {
    const floats = floatsFromF16(all);
    const isWrong = (bits: number) =>
      !Number.isNaN(floats[bits]) && halfBits(floats[bits] as number) !== bits;
    expect([...all].filter(isWrong)).toEqual([]);
  });
});

describe("floatsFromBf16", () => {
  it("knows the landmarks of the format", () => {
    expect([...floatsFromBf16(Uint16Array.of(0x3f80, 0xc049, 0x0080, 0x7f80))]).toEqual([
      1,
      -3.140625,
      2 ** -126,
      Infinity,
    ]);
  });

  it("is undone by rounding to bf16, for every number", () => {
    const floats = floatsFromBf16(all);
    const isWrong = (bits: number) =>
      !Number.isNaN(floats[bits]) && bfloatBits(floats[bits] as number) !== bits;
    expect([...all].filter(isWrong)).toEqual([]);
  });
});

describe("rounding in test files", () => {
  it("goes to the nearest, ties to even", () => {
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -26].map(halfBits)).toEqual([
      0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 1,
    ]);
    expect([1 + 2 ** -8, 1 + 3 * 2 ** -8].map(bfloatBits)).toEqual([0x3f80, 0x3f82]);
  });
});
