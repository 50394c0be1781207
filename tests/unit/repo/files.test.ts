/** Rules about the files themselves: heads, lengths, links, and nothing of the machine they were written on. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { RINGS } from "../../../vitest.config";
import { filesUnder, readText } from "../../helpers/repository";

const TEXT =
  /\.(ts|tsx|js|mjs|json|md|wgsl|css|html|py|yml|yaml|sh)$|(^|\/)(run|LICENSE|\.[a-z]+(rc|ignore))$/;
const CODE = /\.(ts|tsx|js|mjs)$/;
const LONGEST = 400;

describe("shaders", () => {
  const shaders = filesUnder("shaders", /\.wgsl$/);
  const kernels = shaders.filter((path) => !/\/include\/|\/prelude\./.test(path));

  it("there are some", () => expect(kernels.length).toBeGreaterThan(0));

  it.each(kernels)("%s opens with its name and formula, shapes, grid, numerics and source", (path) => {
    const name = path.replace(/^.*\//, "").replace(/\.wgsl$/, "");
    const head = headOf(readText(path));
    expect(head[0], "first line: // name: formula").toMatch(new RegExp(`^// ${name}: \\S`));
    const fields = head.slice(1).flatMap((line) => /^\/\/ ([a-z]+): +\S/.exec(line)?.[1] ?? []);
    expect(fields).toEqual(["shapes", "grid", "numerics", "source"]);
  });

  it.each(shaders.filter((path) => !kernels.includes(path)))("%s opens with what it is for", (path) => {
    expect(readText(path)).toMatch(/^((enable|requires) [^;]+;\n)*\/\/ \S.{15}/);
  });
});

/** Comment lines at the top of a shader. */
function headOf(text: string): string[] {
  const lines = text.split("\n");
  return lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("//")),
  );
}

describe("source files", () => {
  it("each says at its top what it is for", () => {
    const bare = filesUnder("src", CODE).filter(
      (path) => !/^(\/\*\*|\/\/) ?\S|^\/\*\*\n \* \S/.test(readText(path)),
    );
    expect(bare).toEqual([]);
  });

  it(`none is longer than ${String(LONGEST)} lines`, () => {
    const long = [...filesUnder("src", CODE), ...filesUnder("shaders")].filter(
      (path) => readText(path).split("\n").length > LONGEST + 1,
    );
    expect(long).toEqual([]);
  });

  it("buffers and textures are made where account is kept of them", () => {
    const makers = filesUnder("src", CODE).filter((path) =>
      /\.create(Buffer|Texture)\(/.test(readText(path)),
    );
    // The second asks memory.createTexture.
    expect(makers).toEqual(["src/engine/memory.ts", "src/kernels/texels.ts"]);
    expect(readText("src/kernels/texels.ts")).not.toMatch(/device\s*\.create(Buffer|Texture)/);
  });

  // Silenced types and lint need no test here: lint forbids "any" and @ts- comments and ignores inline switches.
  it("nothing is left open", () => {
    const pattern = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`);
    const ours = ["src", "tests", "scripts", "bench"].flatMap((folder) => filesUnder(folder, CODE));
    expect([...ours, ...filesUnder("shaders")].filter((path) => pattern.test(readText(path)))).toEqual([]);
  });
});

describe("tests", () => {
  it("none lies where nothing runs it", () => {
    const ran = new RegExp(`^tests/(${RINGS.join("|")})/.*\\.test\\.tsx?$|^tests/e2e/.*\\.spec\\.ts$`);
    const stray = filesUnder("tests", /\.(test|spec)\.tsx?$/).filter((path) => !ran.test(path));
    expect(stray).toEqual([]);
  });

  it("none is skipped, alone or only planned", () => {
    const pattern = new RegExp(
      `\\b(it|test|describe)(\\.each)?\\.(${["skip", "only", "todo", "fixme"].join("|")})\\b`,
    );
    const found = filesUnder("tests", CODE).filter((path) => pattern.test(readText(path)));
    expect(found).toEqual([]);
  });
});

describe("everything", () => {
  it("nothing names a path of the machine it was written on", () => {
    const folders = ["work", "root", "farm"].map((name) => `(?<![\\w.}])/${name}/`);
    const pattern = new RegExp(folders.join("|"));
    const found = filesUnder(".", TEXT).filter((path) => pattern.test(readText(path)));
    expect(found).toEqual([]);
  });

  it("package-lock.json names no registry but npm's", () => {
    const hosts = new Set(
      [...readText("package-lock.json").matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map((m) => m[1]),
    );
    expect([...hosts].filter((host) => host !== "registry.npmjs.org")).toEqual([]);
  });

  it("links in documents lead to files that are there", () => {
    const broken = filesUnder(".", /\.md$/).flatMap((path) =>
      [...readText(path).matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)]
        .map((match) => match[1] ?? "")
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
