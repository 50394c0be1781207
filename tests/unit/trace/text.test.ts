import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendPiece, decodeBytes, NO_BYTES, type Piece } from "../../../src/trace/text";

const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];
const isWhole = (s: string): boolean => !/\p{Surrogate}/u.test(s);
const wholeText = fc.string({ unit: "binary" }).filter(isWhole);

/** Cuts of a list into consecutive parts, empty ones left out. */
function cut<T>(list: readonly T[], at: readonly number[]): T[][] {
  const edges = [0, ...at.map((x) => x % (list.length + 1)).sort((a, b) => a - b), list.length];
  return edges
    .slice(1)
    .map((end, i) => list.slice(edges[i], end))
    .filter((part) => part.length > 0);
}

/** Runs pieces through and ends as a run ends. */
function join(pieces: readonly Piece[]): { texts: string[]; whole: string } {
  let pending: readonly number[] = NO_BYTES;
  const texts = pieces.map((piece) => {
    const next = appendPiece(pending, piece);
    pending = next.pending;
    expect(pending.length).toBeLessThanOrEqual(3);
    return next.text;
  });
  return { texts, whole: texts.join("") + decodeBytes(pending) };
}

describe("appendPiece", () => {
  it("puts text together again wherever its bytes were cut", () => {
    fc.assert(
      fc.property(wholeText, fc.array(fc.nat(), { maxLength: 20 }), (text, at) => {
        const { texts, whole } = join(cut(bytesOf(text), at).map((bytes) => ({ text: "\ufffd", bytes })));
        expect(whole).toBe(text);
        for (const t of texts) expect(isWhole(t)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("says of any bytes what a decoder says of them at once", () => {
    const lead = fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4, 0xf5, 0xff);
    const bytes = fc.array(fc.oneof(lead, fc.nat(255)), { maxLength: 24 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 12 }), (all, at) => {
        expect(join(cut(all, at).map((part) => ({ text: "\ufffd", bytes: part }))).whole).toBe(
          decodeBytes(all),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the character to the token that completes it", () => {
    const [a, b, c, d] = bytesOf("\u{1f422}");
    const pieces = [a, b, c, d].map((byte) => ({ text: "\ufffd", bytes: [byte!] }));
    expect(join(pieces).texts).toEqual(["", "", "", "\u{1f422}"]);
  });

  it("gives up on a character when whole text follows, and keeps a byte order mark", () => {
    const half = { text: "\ufffd", bytes: [0xe2, 0x82] };
    expect(join([half, { text: "x", bytes: null }]).texts).toEqual(["", "\ufffdx"]);
    expect(join([half]).whole).toBe("\ufffd");
    expect(
      join([
        { text: "\ufffd", bytes: [0xef] },
        { text: "\ufffd", bytes: [0xbb, 0xbf] },
      ]).whole,
    ).toBe("\ufeff");
  });

  it("waits only for bytes that can still become a character", () => {
    const after = (...bytes: number[]) => appendPiece(NO_BYTES, { text: "\ufffd", bytes });
    expect(after(0xe2, 0x82)).toEqual({ text: "", pending: [0xe2, 0x82] });
    expect(after(0x41, 0xf0, 0x9f, 0x90)).toEqual({ text: "A", pending: [0xf0, 0x9f, 0x90] });
    // Overlong, a surrogate, beyond U+10FFFF, a byte that starts nothing.
    for (const bytes of [[0xe0, 0x80], [0xed, 0xa0], [0xf4, 0x90], [0xc0], [0xf5]])
      expect(after(...bytes)).toEqual({ text: decodeBytes(bytes), pending: [] });
  });

  it("leaves whole pieces alone", () => {
    expect(appendPiece(NO_BYTES, { text: " d\u00e9j\u00e0", bytes: null })).toEqual({
      text: " d\u00e9j\u00e0",
      pending: [],
    });
  });
});
