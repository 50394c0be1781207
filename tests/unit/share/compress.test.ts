import fc from "fast-check";
import { gzipSync } from "fflate";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DecoscopeError } from "../../../src/base/errors";
import { gunzipBounded, packText, unpackText } from "../../../src/share/compress";

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DecoscopeError);
    return (thrown as DecoscopeError).code;
  }
  return "none";
};

describe("packText", () => {
  it("comes back from letters, digits, - and _ alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000, size: "max" }), (bytes) => {
        const text = packText(bytes);
        expect(text).toMatch(/^[\w-]+$/);
        expect(Buffer.compare(unpackText(text, bytes.length), bytes)).toBe(0);
        if (bytes.length > 0) expect(codeOf(() => unpackText(text, bytes.length - 1))).toBe("limit");
      }),
      { numRuns: 25 },
    );
  });

  it("refuses what it did not write", () => {
    const text = packText(new Uint8Array(3000).map((_, i) => i * i));
    expect(codeOf(() => unpackText(`${text}!`, 1e6))).toBe("load");
    expect(codeOf(() => unpackText(text.slice(0, text.length / 2), 1e6))).toBe("load");
    expect(codeOf(() => unpackText("", 1e6))).toBe("load");
  });

  it("stops a bomb early, whatever its size", () => {
    const bomb = deflateRawSync(Buffer.alloc(2 ** 26)).toString("base64url");
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(() => unpackText(bomb, 2 ** 20))).toBe("limit");
    // A limit's worth, one feed of the decompressor and its buffers; the whole would be 64 MiB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 25);
  });
});

describe("gunzipBounded", () => {
  it("reads gzip files up to a bound", () => {
    const bytes = new TextEncoder().encode("trace ".repeat(9000));
    expect(gunzipBounded(gzipSync(bytes), bytes.length)).toEqual(bytes);
    expect(codeOf(() => gunzipBounded(gzipSync(bytes), bytes.length - 1))).toBe("limit");
    const file = gzipSync(bytes);
    for (let n = 0; n < file.length; n++)
      expect(codeOf(() => gunzipBounded(file.subarray(0, n), 1e6))).toBe("load");
    expect(codeOf(() => gunzipBounded(bytes, 1e6))).toBe("load");
  });
});
