/** Prompts with gaps: what underscores become. */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { blanksOf, encodeBlanks, promptParts, withBlanks } from "../../../src/decoding/canvas/blanks";

const bytes = (text: string): number[] => Array.from(text, (c) => c.codePointAt(0)!);
const BOS = 0;
const encode = (prompt: string) => encodeBlanks(prompt, (text) => [BOS, ...bytes(text)], bytes);

describe("a prompt with gaps", () => {
  it("has one position for each underscore, in the place of the space before it", () => {
    expect(promptParts("Once ____ a time")).toEqual([
      { kind: "text", text: "Once" },
      { kind: "blank", masks: 4 },
      { kind: "text", text: " a time" },
    ]);
    expect(blanksOf("_ and __, not ___")).toEqual([1, 2, 3]);
  });

  it("has an underscore where one is escaped", () => {
    expect(promptParts("a\\_b")).toEqual([{ kind: "text", text: "a_b" }]);
    expect(promptParts("a \\__")).toEqual([
      { kind: "text", text: "a _" },
      { kind: "blank", masks: 1 },
    ]);
  });

  it("may begin and end with one", () => {
    expect(encode("__ cat _")).toEqual({
      promptTokens: [BOS],
      rest: [null, null, ...bytes(" cat"), null],
    });
  });

  it("is an ordinary prompt without any", () => {
    expect(encode("Once upon")).toEqual({ promptTokens: [BOS, ...bytes("Once upon")], rest: [] });
    expect(encode("")).toEqual({ promptTokens: [BOS], rest: [] });
  });

  it("loses nothing of a text without underscores and backslashes", () => {
    const plain = fc.string().filter((s) => !/[_\\]/.test(s));
    fc.assert(
      fc.property(
        plain,
        (text) =>
          promptParts(text)
            .map((p) => p.kind === "text" && p.text)
            .join("") === text,
      ),
    );
  });

  it("can be given other lengths, again and again", () => {
    const texts = fc
      .array(fc.constantFrom("a", " ", "_", "\\_", "b"), { maxLength: 20 })
      .map((l) => l.join(""));
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 9 }), (prompt, n) => {
        const changed = withBlanks(prompt, n);
        expect(blanksOf(changed)).toEqual(blanksOf(prompt).map(() => n));
        expect(withBlanks(changed, n)).toBe(changed);
      }),
    );
  });
});
