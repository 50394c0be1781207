/** Numbers and pieces as the page writes them. */
import { describe, expect, it } from "vitest";
import {
  bytes,
  duration,
  probability,
  quoted,
  shortProbability,
  truncate,
  visiblePiece,
} from "../../src/ui/format";
import { isBlank } from "../../src/ui/views/token_label";
import { textWidth } from "../../src/ui/views/text_width";

describe("probabilities", () => {
  it("never show something as nothing or as certain too early", () => {
    expect([0, 0.0001, 0.0456, 0.5, 1].map(probability)).toEqual([
      "0.000",
      "<0.001",
      "0.046",
      "0.50",
      "1.00",
    ]);
    expect([0.0001, 0.31, 0.994, 0.996].map(shortProbability)).toEqual(["<.01", ".31", ".99", "1"]);
  });
});

it("durations and sizes carry a unit", () => {
  expect([0.004, 1.23, 45.6, 1234, 65_432].map(duration)).toEqual([
    "4 \u00b5s",
    "1.2 ms",
    "46 ms",
    "1.23 s",
    "65.4 s",
  ]);
  expect([12, 2048, 2_425_073, 839_318].map(bytes)).toEqual(["12 B", "2.0 kB", "2.4 MB", "839 kB"]);
});

describe("pieces", () => {
  it("are always visible", () => {
    expect([" the", "", "\n", "\t", "\u0007"].map(visiblePiece)).toEqual([
      "\u00b7the",
      "\u2205",
      "\u21b5",
      "\u21e5",
      "\u25af",
    ]);
  });
  it("are cut between characters", () => {
    expect(truncate("\u{1f600}\u{1f600}\u{1f600}", 2)).toBe("\u{1f600}\u2026");
    expect(truncate("short", 5)).toBe("short");
  });
  it("get wider with every character", () => {
    expect(textWidth("ill", 10)).toBeLessThan(textWidth("mmm", 10));
    expect(textWidth("abc", 20)).toBeCloseTo(2 * textWidth("abc", 10));
  });
});

describe("whitespace", () => {
  it("is made visible where nothing else can be seen, and stays a dot beside letters", () => {
    expect([" ", "  ", "\n", "\t", " \n"].map(visiblePiece)).toEqual([
      "\u2423",
      "\u2423\u2423",
      "\u21b5",
      "\u21e5",
      "\u2423\u21b5",
    ]);
    expect(visiblePiece(" girl")).toBe("\u00b7girl");
    expect(quoted(" ")).toBe("\u201c\u2423\u201d");
    expect([" ", "\n", " a", ""].map((piece) => isBlank(visiblePiece(piece)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
