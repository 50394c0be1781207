/** Texts that come in parts: thinking sections, and strings that end an answer. However they are cut, the whole is the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { opensThinking, SectionSplitter, splitSections } from "../../../src/chat/sections";
import { StopFinder } from "../../../src/chat/stops";

/** The pieces of `text` between the cuts. */
const cutAt = (text: string, cuts: readonly number[]): string[] => {
  const at = [0, ...[...cuts].map((c) => c % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, i) => text.slice(at[i], end));
};
const words = fc.array(
  fc.constantFrom("<think>", "</think>", "<thi", "</th", "nk>", "a", " ", "\n", "<", "STOP", "ST"),
  { maxLength: 12 },
);
const cuts = fc.array(fc.nat(200), { maxLength: 12 });

describe("thinking sections", () => {
  it("are what stands between the tags at the beginning", () => {
    expect(splitSections("<think>\nwell\n</think>\n\nYes.")).toEqual({ thinking: "well\n", answer: "Yes." });
    expect(splitSections("\n <think>x</think>y")).toEqual({ thinking: "x", answer: "y" });
    expect(splitSections("<think></think>\n\nYes")).toEqual({ thinking: "", answer: "Yes" });
    expect(splitSections("plain <think>x</think>")).toEqual({
      thinking: "",
      answer: "plain <think>x</think>",
    });
    expect(splitSections("  as it is\n")).toEqual({ thinking: "", answer: "  as it is\n" });
    expect(splitSections("<think>never closed")).toEqual({ thinking: "never closed", answer: "" });
    expect(splitSections("x</think>y", true)).toEqual({ thinking: "x", answer: "y" });
    expect(splitSections("<thin")).toEqual({ thinking: "", answer: "<thin" });
  });

  it("come out alike however the text is cut", () => {
    fc.assert(
      fc.property(words, cuts, fc.boolean(), (parts, at, isOpen) => {
        const text = parts.join("");
        const splitter = new SectionSplitter(isOpen);
        const out = [...cutAt(text, at).map((part) => splitter.push(part)), splitter.flush()];
        const joined = {
          thinking: out.map((o) => o.thinking).join(""),
          answer: out.map((o) => o.answer).join(""),
        };
        expect(joined).toEqual(splitSections(text, isOpen));
      }),
    );
  });

  it("give out text at once where it cannot become a tag", () => {
    const splitter = new SectionSplitter();
    expect(splitter.push("He")).toEqual({ thinking: "", answer: "He" });
    expect(splitter.push("llo <")).toEqual({ thinking: "", answer: "llo <" });
    const thinker = new SectionSplitter();
    expect(thinker.push("<think>so </thi")).toEqual({ thinking: "so ", answer: "" });
    expect(thinker.isThinking).toBe(true);
    expect(thinker.push("s")).toEqual({ thinking: "</this", answer: "" });
  });

  it("are opened by a prompt that ends with the tag", () => {
    expect(opensThinking("<|assistant|><think>\n")).toBe(true);
    expect(opensThinking("<|assistant|><think>\n\n</think>\n\n")).toBe(false);
  });
});

describe("stop strings", () => {
  const run = (stops: readonly string[], parts: readonly string[]): [string, string | null] => {
    const finder = new StopFinder(stops);
    const text = parts.map((part) => finder.push(part)).join("");
    return [text + finder.flush(), finder.found];
  };

  it("end the text before the first of them, the longest of those that begin there", () => {
    expect(run(["STOP", "ST"], ["a STOP b"])).toEqual(["a ", "STOP"]);
    expect(run(["\n\n"], ["one\n", "two\n", "\nthree"])).toEqual(["one\ntwo", "\n\n"]);
    expect(run(["xyz"], ["ab x", "y"])).toEqual(["ab xy", null]);
    expect(run([], ["a", "b"])).toEqual(["ab", null]);
  });

  it("are found however the text is cut", () => {
    fc.assert(
      fc.property(words, cuts, (parts, at) => {
        const text = parts.join("");
        const stop = "STOP";
        const end = text.indexOf(stop);
        const expected = end < 0 ? [text, null] : [text.slice(0, end), stop];
        expect(run([stop], cutAt(text, at))).toEqual(expected);
      }),
    );
  });
});
