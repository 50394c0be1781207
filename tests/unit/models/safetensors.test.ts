import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredDtype } from "../../../src/models/model";
import { parseSafetensors } from "../../../src/models/safetensors";
import { bfloatBits, halfBits, rawSafetensors, writeSafetensors } from "../../helpers/safetensors";

const data = (bytes: number): Uint8Array => new Uint8Array(bytes);
const f32 = (shape: unknown, begin: unknown, end: unknown) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

describe("parseSafetensors", () => {
  it("returns what was written, in the order of the bytes", () => {
    const dtypes = fc.constantFrom<StoredDtype>("f32", "f16", "bf16");
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(dtypes, shapes), { maxLength: 6 }), (specs) => {
        const written = specs.map(([dtype, shape], i) => {
          const count = shape.reduce((a, b) => a * b, 1);
          return { name: `t${i}`, dtype, shape, values: Array.from({ length: count }, (_, j) => i + j / 4) };
        });
        const read = parseSafetensors(writeSafetensors(written), "file");
        expect([...read.keys()].sort()).toEqual(written.map(({ name }) => name).sort());
        for (const { name, dtype, shape, values } of written) {
          const tensor = read.get(name);
          expect(tensor).toMatchObject({ name, file: "file", dtype, shape });
          const bits = dtype === "f16" ? values.map(halfBits) : values.map(bfloatBits);
          const expected = dtype === "f32" ? Float32Array.from(values) : Uint16Array.from(bits);
          expect(tensor?.bytes).toEqual(new Uint8Array(expected.buffer));
        }
      }),
    );
  });

  const good = { a: f32([2], 0, 8), b: f32([1], 8, 12) };
  it("accepts the file that the damaged ones are made from", () => {
    expect(parseSafetensors(rawSafetensors(good, data(12)), "m").size).toBe(2);
  });

  const cases: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
    ["an empty file", new Uint8Array(0), /m: expected at least 8 bytes, found 0/],
    ["a cut-off length", new Uint8Array(7), /at least 8 bytes, found 7/],
    ["an endless header", new Uint8Array(16).fill(255), /expected a header of 2 to 100000000 bytes/],
    [
      "a cut-off header",
      rawSafetensors(good, data(0)).slice(0, 40),
      /expected a header of \d+ bytes, found only 32/,
    ],
    ["a header that is no JSON", rawSafetensors("{'a'", data(0)), /expected a JSON header/],
    ["a header that is a list", rawSafetensors([1], data(0)), /expected the header to be a JSON object/],
    ["an entry that is no object", rawSafetensors({ a: 1 }, data(0)), /tensor "a": expected an object/],
    [
      "an unknown dtype",
      rawSafetensors({ a: { ...good.a, dtype: "G7" } }, data(8)),
      /"a": expected dtype .* "G7"/,
    ],
    ["dtype toString", rawSafetensors({ a: { ...good.a, dtype: "toString" } }, data(8)), /expected dtype/],
    [
      "a negative size",
      rawSafetensors({ a: f32([-2], 0, 8) }, data(8)),
      /expected a shape of whole numbers, found \[-2\]/,
    ],
    ["a fractional size", rawSafetensors({ a: f32([0.5], 0, 2) }, data(2)), /expected a shape/],
    ["a shape that is no list", rawSafetensors({ a: f32(2, 0, 8) }, data(8)), /expected a shape/],
    [
      "three offsets",
      rawSafetensors({ a: { ...good.a, data_offsets: [0, 4, 8] } }, data(8)),
      /expected data_offsets/,
    ],
    ["offsets that are texts", rawSafetensors({ a: f32([2], "0", "8") }, data(8)), /expected data_offsets/],
    [
      "offsets the wrong way round",
      rawSafetensors({ a: f32([2], 8, 0) }, data(8)),
      /offsets within .* found 8 to 0/,
    ],
    [
      "data cut off",
      rawSafetensors(good, data(11)),
      /"b": expected offsets within the 11 bytes of data, found 8 to 12/,
    ],
    [
      "a shape that needs more",
      rawSafetensors({ a: f32([3], 0, 8) }, data(8)),
      /expected 12 bytes for F32 \[3\], found 8/,
    ],
    [
      "a product beyond all numbers",
      rawSafetensors({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, data(8)),
      /found 8/,
    ],
    [
      "an overlap",
      rawSafetensors({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, data(8)),
      /"b": expected .* byte 8, .* found 4/,
    ],
    [
      "a hole",
      rawSafetensors({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, data(12)),
      /"b": expected .* byte 4, .* found 8/,
    ],
    ["a hole at the front", rawSafetensors({ a: f32([1], 4, 8) }, data(8)), /begin at byte 0, .* found 4/],
    [
      "bytes after the last tensor",
      rawSafetensors(good, data(13)),
      /expected 12 bytes of tensor data, found 13; 1 belong/,
    ],
    [
      "a name given twice",
      rawSafetensors(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        data(8),
      ),
      /begin at byte 0, .* found 4/,
    ],
  ];
  it.each(cases)("rejects %s", (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, "m")).toThrow(
      expect.objectContaining({ code: "load", message: expect.stringMatching(message) as string }),
    );
  });

  it("calls known types that it cannot run unsupported", () => {
    const file = rawSafetensors({ "w.qweight": { dtype: "I32", shape: [2], data_offsets: [0, 8] } }, data(8));
    expect(() => parseSafetensors(file, "m.safetensors")).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringMatching(
          /m\.safetensors: tensor "w\.qweight" is stored as I32; expected F32, F16/,
        ) as string,
      }),
    );
  });

  it("throws nothing but typed errors on random damage", () => {
    const file = rawSafetensors(good, data(12));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), (at, byte, length) => {
        const damaged = file.slice(0, length);
        if (at < length) damaged[at] = byte;
        try {
          parseSafetensors(damaged, "m");
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: "DecoscopeError" });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
