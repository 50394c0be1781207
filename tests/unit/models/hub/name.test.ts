/** Names of models on the hub: every way to write one, and what is none. */
import { describe, expect, it } from "vitest";
import { hubId, isHubId, parseHubName } from "../../../../src/models/hub/name";
import { vocabularyId } from "../../../../src/models/hub/vocabulary";

describe("names", () => {
  it.each([
    ["HuggingFaceTB/SmolLM2-135M", "HuggingFaceTB/SmolLM2-135M"],
    [" Qwen/Qwen3-0.6B ", "Qwen/Qwen3-0.6B"],
    ["org/name@main", "org/name"],
    ["org/name@refs/pr/3", "org/name@refs/pr/3"],
    ["https://huggingface.co/org/name", "org/name"],
    ["https://huggingface.co/org/name/tree/v1.0", "org/name@v1.0"],
    ["https://hf.co/org/name/blob/main/config.json", "org/name"],
    ["https://huggingface.co/org/name/discussions/4?x=1#y", "org/name"],
  ])("%s is %s", (text, id) => {
    expect(hubId(parseHubName(text))).toBe(id);
    expect(isHubId(id)).toBe(true);
  });

  it.each([
    ["", /found nothing/],
    ["name", /Expected the name/],
    ["a/b/c", /Expected the name/],
    ["../x", /Expected the name/],
    ["org/..", /Expected the name/],
    ["org/name@../x", /Expected the name/],
    ["org/name@a@b", /Expected the name/],
    ["https://huggingface.co/datasets/org/name", /one of its datasets/],
    ["https://example.com/org/name", /drop it on this page/],
    ["https://", /Expected the name/],
  ])("%s is none", (text, message) => {
    expect(() => parseHubName(text)).toThrow(message);
    expect(isHubId(text)).toBe(false);
  });

  it.each(["story-target", "./folder"])("%s of this page is none", (id) => expect(isHubId(id)).toBe(false));
});

describe("vocabularies", () => {
  const bpe = { model: { vocab: { a: 0, b: 1 } }, added_tokens: [{ id: 2, content: "<s>" }] };
  it("are the same however they are written", () => {
    const other = { model: { vocab: { b: 1, a: 0, "<s>": 2 }, merges: [] } };
    const unigram = {
      model: {
        vocab: [
          ["a", -1],
          ["b", -2],
          ["<s>", 0],
        ],
      },
    };
    expect(vocabularyId(other)).toBe(vocabularyId(bpe));
    expect(vocabularyId(unigram)).toBe(vocabularyId(bpe));
  });
  it("differ by one id", () =>
    expect(vocabularyId({ model: { vocab: { a: 1, b: 0 } }, added_tokens: [] })).not.toBe(vocabularyId(bpe)));
  it("of what is none are none", () => expect(vocabularyId({ model: {} })).toBeNull());
});
