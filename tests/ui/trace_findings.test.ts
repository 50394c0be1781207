import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DecoscopeError } from "../../src/base/errors";
import { readTrace } from "../../src/ui/trace_file";

const FIXTURES = new URL("../fixtures/traces/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, FIXTURES), "utf8");
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function errorOf(bytes: Uint8Array): DecoscopeError {
  try {
    readTrace(bytes);
  } catch (thrown) {
    if (thrown instanceof DecoscopeError) return thrown;
    throw thrown;
  }
  throw new Error("expected an error, found a recording that could be read");
}

describe("what a visitor is told of a recording that cannot be read", () => {
  const plain = read("plain.jsonl");
  it.each([
    ["hello", /found other text, which begins with \u201chello\u201d\. Choose a file/],
    ["", /found an empty file/],
    [" \n\n", /found an empty file/],
    ['{"name":"package","version":1}', /found other text, which begins with/],
    [plain.slice(0, 60), /breaks off in its first line/],
    [plain.replace('"version":1', '"version":9'), /version 1, found one of version 9.*Reload the page/],
    ["\u0000\u0001binary", /bytes that are no text/],
  ])("%j", (text, says) => {
    const { message } = errorOf(bytesOf(text));
    expect(message).toMatch(/^Expected a recording made by Decoscope/);
    expect(message).toMatch(says);
  });

  it("of damage anywhere: which line, and in the detail what is wrong with it", () => {
    const messages = JSON.parse(read("broken/messages.json")) as Record<string, string>;
    const damaged = readdirSync(new URL("broken/", FIXTURES)).filter(
      (name) => name.endsWith(".jsonl") && !/no_start|newer_version/.test(name),
    );
    expect(damaged.length).toBeGreaterThan(30);
    for (const name of damaged) {
      const { message, detail } = errorOf(gzipSync(read(`broken/${name}`)));
      const [, line] = /^line (\d+)/.exec(messages[name.replace(".jsonl", "")] ?? "") ?? [];
      expect(message, name).toContain(`damaged: line ${line} does not fit`);
      // Words of the format are for those who write it.
      expect(message, name).not.toMatch(/verdict|anchor|acceptProb|logq|undefined|event \d/);
      expect(detail, name).toContain(messages[name.replace(".jsonl", "")]);
    }
  });

  it("of a compressed file that lost its end", () => {
    const { message } = errorOf(gzipSync(plain).subarray(0, 200));
    expect(message).toContain("found a part of one");
  });
});
