import fc from "fast-check";
import { expect, it } from "vitest";
import { hashTokens } from "../../../src/trace/hash";

it("is FNV-1a over four bytes a token, least significant first", () => {
  expect(hashTokens([])).toBe("811c9dc5");
  // Published value of FNV-1a for the four bytes of "test".
  expect(hashTokens([0x74736574])).toBe("afd071e5");
  expect(hashTokens([0x6f6f6663])).not.toBe(hashTokens([0x63666f6f]));
});

it("has eight digits, and another for another text", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 20)), fc.nat(2 ** 20), (tokens, more) => {
      expect(hashTokens(tokens)).toMatch(/^[0-9a-f]{8}$/);
      expect(hashTokens([...tokens, more])).not.toBe(hashTokens(tokens));
    }),
  );
});
