import { describe, expect, it } from "vitest";
import { defineKernel, variantLabel } from "../../../src/engine/kernel";
import { linkShader } from "../../../src/engine/link";

const includes = {
  "prelude.f32": "alias real = f32;",
  "prelude.f16": "enable f16;\nalias real = f16;",
  "reduce.subgroup": "enable subgroups;\nfn reduce() {}",
  "reduce.workgroup": "// @use barrier\nfn reduce() {}",
  barrier: "fn barrier() {}",
};
const kernel = defineKernel({
  name: "toy",
  source: "// toy\n// @use reduce\nfn main() { reduce(); }",
  reads: ["x"],
  writes: ["y"],
});

describe("linkShader", () => {
  it("puts enables first, constants before the prelude, and includes after the shader", () => {
    const { code } = linkShader(
      kernel,
      { real: "f16", uses: { reduce: "subgroup" }, consts: { TILE: 4 } },
      includes,
    );
    const at = (s: string): number => code.indexOf(s);
    expect(at("enable f16;")).toBeLessThan(at("const TILE = 4u;"));
    expect(at("enable subgroups;")).toBeLessThan(at("const TILE = 4u;"));
    expect(at("const TILE = 4u;")).toBeLessThan(at("alias real"));
    expect(at("fn main")).toBeLessThan(at("fn reduce"));
    expect(code.match(/enable/g)).toHaveLength(2);
  });

  it("follows what includes use, once", () => {
    const twice = { ...kernel, source: `${kernel.source}\n// @use barrier` };
    const { code } = linkShader(twice, { uses: { reduce: "workgroup" } }, includes);
    expect(code.match(/fn barrier/g)).toHaveLength(1);
  });

  it("maps every line to its file", () => {
    const { code, origin } = linkShader(kernel, { real: "f16", uses: { reduce: "subgroup" } }, includes);
    const lines = code.split("\n");
    expect(origin).toHaveLength(lines.length);
    expect(origin[lines.indexOf("fn main() { reduce(); }")]).toEqual({ file: "toy.wgsl", line: 3 });
    expect(origin[lines.indexOf("fn reduce() {}")]).toEqual({
      file: "include/reduce.subgroup.wgsl",
      line: 2,
    });
  });

  it("names the kernel and the missing include", () => {
    expect(() => linkShader(kernel, { uses: { reduce: "magic" } }, includes)).toThrow(/toy.*reduce\.magic/);
  });
});

describe("defineKernel", () => {
  it("rejects more bindings than the default limit and repeated names", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    expect(() => defineKernel({ name: "k", source: "", reads: names, writes: [] })).toThrow(/9 bindings/);
    expect(() => defineKernel({ name: "k", source: "", reads: ["a"], writes: ["a"] })).toThrow(/twice/);
  });

  it("labels a variant by everything that changes its code", () => {
    expect(variantLabel(kernel, {})).toBe("toy");
    expect(variantLabel(kernel, { real: "f16", uses: { reduce: "subgroup" }, consts: { TILE: 4 } })).toBe(
      "toy/f16+reduce.subgroup+TILE=4",
    );
  });
});
