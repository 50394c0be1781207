/** What a run may begin with. */
import { expect, it } from "vitest";
import { findMethod } from "../../../src/decoding/index";
import { givenTokens } from "../../../src/worker/begin";

const model = { id: "four-letters", vocabSize: 4, endTokens: [3] };
const plain = findMethod("autoregressive")!;
const begin = (tokens: readonly (number | null)[]) => ({ step: 1, tokens, forced: [] });

it("gives the tokens, or none", () => {
  expect(givenTokens(null, plain, model, 8)).toEqual([]);
  expect(givenTokens(begin([2, 0, 1]), plain, model, 3)).toEqual([2, 0, 1]);
  // A text may end with what is given.
  expect(givenTokens(begin([2, 3]), plain, model, 8)).toEqual([2, 3]);
});

it.each([
  [[1, null], 8, "given position 2, found one left open: Autoregressive appends to a text"],
  [[1, 4], 8, "Given token 4 is not in the vocabulary of four-letters, whose ids go from 0 to 3"],
  [[1, 2, 0], 2, "3 tokens are given and the run may have 2 new ones"],
  [[3, 1], 8, "Given token 1 ends the text, and 1 more are given after it"],
])("%j of at most %i: %s", (tokens, most, message) => {
  expect(() => givenTokens(begin(tokens), plain, model, most)).toThrow(message);
});
