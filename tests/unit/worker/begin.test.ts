/** What a run may begin with. */
import { describe, expect, it } from "vitest";
import { findMethod } from "../../../src/decoding/index";
import { canvasBeginning, givenTokens } from "../../../src/worker/begin";

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

describe("the beginning of a canvas", () => {
  const letters = {
    encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
    encodePrompt: (text: string) => [0, ...Array.from(text, (c) => c.charCodeAt(0))],
  };
  const masked = { id: "ascii", vocabSize: 128, maskToken: 1 };
  const settings = { model: "story-diffusion", prompt: "a __b", begin: null, maxNewTokens: 9 };

  it("ends the prompt before its first gap", () => {
    expect(canvasBeginning(settings, letters, masked)).toEqual({
      promptTokens: [0, 97],
      begin: { step: 0, tokens: [null, null, 98], forced: [] },
      maxNewTokens: 9,
    });
  });
  it("has room for what is given", () => {
    expect(canvasBeginning({ ...settings, maxNewTokens: 1 }, letters, masked).maxNewTokens).toBe(3);
  });
  it("is the prompt alone without gaps, and for models that write underscores themselves", () => {
    expect(canvasBeginning({ ...settings, prompt: "ab" }, letters, masked).begin).toBeNull();
    const task = { ...settings, model: "task-diffusion", prompt: "a__" };
    expect(canvasBeginning(task, letters, masked)).toMatchObject({
      promptTokens: [0, 97, 95, 95],
      begin: null,
    });
  });
  it("takes over what a branch brings along", () => {
    const branch = { step: 4, tokens: [98, null], forced: [0] };
    expect(canvasBeginning({ ...settings, begin: branch }, letters, masked).begin).toBe(branch);
  });
  it("refuses tokens the model does not have, and its mask", () => {
    const given = (token: number) => ({ ...settings, begin: { step: 1, tokens: [token], forced: [] } });
    expect(() => canvasBeginning(given(128), letters, masked)).toThrow(/not in the vocabulary of ascii/);
    expect(() => canvasBeginning(given(1), letters, masked)).toThrow(/is the mask of ascii/);
  });
});
