/** The generator's own encoding against the tokenizer that the models' tokenizer.json describes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../../src/models/tokenizer/tokenizer";
import { drawProblem, tasks } from "../../../src/tasks";
import { BOS, decode, encode, tokenizerJson, VOCABULARY } from "../../../src/tasks/vocabulary";

const tokenizer = new Tokenizer({
  tokenizer: tokenizerJson(),
  config: undefined,
  chatTemplate: null,
  bosToken: BOS,
  label: "tasks",
});

describe("task tokenizer", () => {
  it("gives the ids that problems are trained with, one BOS first", () => {
    const number = fc.nat(1e6);
    fc.assert(
      fc.property(fc.constantFrom(...tasks), number, (task, number) => {
        const { prompt, answer } = drawProblem(task, { seed: 4, number, split: "test" });
        expect(tokenizer.encodePrompt(prompt)).toEqual([BOS, ...encode(prompt)]);
        expect(tokenizer.encode(answer)).toEqual(encode(answer));
        expect(tokenizer.decode(encode(answer))).toBe(answer);
      }),
      { numRuns: 300 },
    );
  });

  it("agrees on any text made of its tokens, also where the text can be read in several ways", () => {
    const token = fc.integer({ min: 4, max: VOCABULARY.length - 1 });
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 20 }), (ids) => {
        const text = ids.map((id) => VOCABULARY[id]).join("");
        expect(tokenizer.encode(text)).toEqual(encode(text));
        expect(decode(encode(text))).toBe(text);
      }),
    );
  });

  it("knows every token", () => {
    expect(tokenizer.size).toBe(VOCABULARY.length);
    for (const [id, text] of VOCABULARY.entries()) {
      expect(tokenizer.piece(id)).toBe(text);
      expect(tokenizer.isSpecial(id)).toBe(id < 4);
    }
  });
});
