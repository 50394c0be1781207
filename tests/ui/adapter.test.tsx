/** Names of adapters in the page's words, of every string in the files that come with it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { AdapterName, adapterName } from "../../src/ui/adapter";
import { readText, ROOT } from "../helpers/repository";

/** Every `adapter` in files of a folder under public/. */
const adaptersIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, "public", folder))
    .filter((name) => /\.jsonl?$/.test(name))
    .flatMap((name) => [...readText(`public/${folder}/${name}`).matchAll(/"adapter": ?("(?:[^"\\]|\\.)*")/g)])
    .map(([, text]) => JSON.parse(text!) as string);

describe("of recordings and results", () => {
  it.each(["recordings", "benchmarks"])("%s: words and numbers only, and nothing twice", (folder) => {
    const found = adaptersIn(folder);
    expect(found).not.toEqual([]);
    for (const adapter of new Set(found)) {
      const name = adapterName(adapter);
      expect(name).not.toMatch(/-|\bbits\b|[:~]|0\.0\.1/);
      const words = name.toLowerCase().match(/[a-z]+/g) ?? [];
      expect(new Set(words).size, name).toBe(words.length);
      expect(renderToStaticMarkup(<AdapterName of={adapter} />)).toContain(`title="${adapter}"`);
    }
  });
});

it.each([
  [
    "mesa software llvmpipe-llvm-15-0-6-256-bits- llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1",
    false,
    "Mesa llvmpipe (LLVM 15.0.6), software",
  ],
  ["google swiftshader", true, "SwiftShader, software"],
  ["google swiftshader 0xc0de SwiftShader Device (LLVM 10.0.0)", true, "SwiftShader (LLVM 10.0.0), software"],
  ["nvidia ampere", false, "NVIDIA ampere"],
  ["nvidia ampere NVIDIA GeForce RTX 3080", false, "NVIDIA ampere GeForce RTX 3080"],
  ["apple metal-3", false, "Apple metal-3"],
  ["unnamed adapter", true, "unnamed adapter, software"],
])("%s", (adapter, isSoftware, name) => {
  expect(adapterName(adapter, isSoftware)).toBe(name);
});
