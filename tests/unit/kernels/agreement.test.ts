/** Every kernel's definition agrees with its WGSL, for every choice of what it uses; naga reads what it can. */
import { parseWgsl, validate } from "naga-wasm";
import { describe, expect, test } from "vitest";
import type { WgslReflect as Reflect } from "wgsl_reflect";
// The package's entry for Node does not load; its module file does.
// @ts-expect-error it has no types of its own
import { WgslReflect } from "../../../node_modules/wgsl_reflect/wgsl_reflect.module.js";
import type { Kernel, Variant } from "../../../src/engine/kernel";
import { linkShader } from "../../../src/engine/link";
import { kernels } from "../../../src/kernels";
import { headName } from "../../../src/kernels/head";
import { includes } from "../../../src/kernels/includes";
import { tileName } from "../../../src/kernels/tile";

const TILE = { rows: 2, quads: 1, chunk: 1, input: "norm", isScaled: false } as const;

/** One of the many texts that are made on demand stands for all: they differ in lengths only. */
const MADE: Readonly<Record<string, readonly string[]>> = {
  head: [
    ...(["real", "int8"] as const).flatMap((cache) => [
      headName({ queries: 1, vecs: 2, form: "plain", cache }),
      headName({ queries: 2, vecs: 2, form: "written", cache }),
    ]),
  ],
  tile: [
    ...(["together", "alone", "shared"] as const).map((lanes) => tileName({ ...TILE, lanes, columns: 1 })),
    tileName({ ...TILE, lanes: "shared", columns: "texels" }),
    ...(["together", "alone", "shared"] as const).map((lanes) =>
      tileName({ ...TILE, input: "gain_gathered", lanes, columns: 1 }),
    ),
  ],
};
/** The include `lanes` that a tile is written for. */
const LANES = { together: ["subgroup", "workgroup"], alone: ["single"], shared: ["shared"] } as const;
const isFor = (tile: string, lanes: string): boolean => {
  const [, end = "together"] = /_(alone|shared)(?:\d|texels)?$/.exec(tile) ?? [];
  return (LANES[end as keyof typeof LANES] as readonly string[]).includes(lanes);
};

/** Names used by a text and what it uses in turn that have several files, with those files. */
function choicesOf(
  text: string,
  found: Record<string, readonly string[]> = {},
): Record<string, readonly string[]> {
  for (const [, names] of text.matchAll(/^\/\/ @use\s+(.+)$/gm)) {
    for (const name of names!.trim().split(/[\s,]+/)) {
      if (name in includes) choicesOf(includes[name]!, found);
      else {
        const prefix = `${name}.`;
        found[name] =
          MADE[name] ??
          Object.keys(includes).flatMap((k) => (k.startsWith(prefix) ? [k.slice(prefix.length)] : []));
      }
    }
  }
  return found;
}
function variantsOf(kernel: Kernel): Variant[] {
  let all: Record<string, string>[] = [{}];
  for (const [name, files] of Object.entries(choicesOf(kernel.source))) {
    expect(files.length, `${kernel.name} uses ${name}`).toBeGreaterThan(0);
    all = all.flatMap((uses) => files.map((file) => ({ ...uses, [name]: file })));
  }
  // Kernels without an epsilon have tiles that do not normalise their input.
  if (!("eps" in kernel.params))
    all = all.map((u) => (u.tile ? { ...u, tile: u.tile.replace("_norm", "_plain") } : u));
  all = all.filter(({ lanes, tile }) => !tile || isFor(tile, lanes!));
  if (!kernel.reads.includes("gain")) all = all.filter(({ tile }) => !tile?.includes("_gain"));
  // A tile that samples finds what to sample in one include only.
  all = all.filter(({ weights, tile }) => !tile?.endsWith("texels") || weights === "f32_texels");
  // Constants that come with a variant, where the kernel does not get them from an include.
  const consts = {
    TOP: 4,
    ...(kernel.name === "attention_merge" ? { HEAD_VECS: 2 } : { CACHE_LENGTH: 8 }),
    ...(kernel.name.startsWith("matvec_")
      ? { TURNS: 2, TEAMS: 1, UNITS: 4, QUADS: 2, SCALES: 2, ROW_LENGTH: 4, X_LENGTH: 8 }
      : {}),
  };
  return all.flatMap((uses) => (["f32", "f16"] as const).map((real) => ({ real, uses, consts })));
}

const HEAD = [/^\/\/ (\w+): /, /^\/\/ shapes: /, /^\/\/ grid: /, /^\/\/ numerics: /, /^\/\/ source: /];
let validated = 0;
let skipped = 0;

describe.each(kernels.map((k) => [k.name, k] as const))("%s", (name, kernel) => {
  test("begins with the five fixed lines", () => {
    const lines = kernel.source.split("\n");
    HEAD.forEach((pattern, i) => expect(lines[i]).toMatch(pattern));
    expect(HEAD[0]!.exec(lines[0]!)![1]).toBe(name);
  });

  test("has the bindings, params and overrides of its definition", () => {
    for (const variant of variantsOf(kernel)) {
      const { code } = linkShader(kernel, variant, includes);
      const reflected = new (WgslReflect as typeof Reflect)(code);
      const tensors = reflected.storage.filter((s) => s.group === 0).sort((a, b) => a.binding - b.binding);
      expect(tensors.map((s) => [s.name, s.access])).toEqual([
        ...kernel.reads.map((n) => [n, "read"]),
        ...kernel.writes.map((n) => [n, "read_write"]),
      ]);
      expect(tensors.map((s) => s.binding)).toEqual(tensors.map((_, i) => i));
      const params = reflected.uniforms[0]?.members ?? [];
      expect(params.map((m) => [m.name, m.type.name, m.offset])).toEqual(
        Object.entries(kernel.params).map(([n, type], i) => [n, type, 4 * i]),
      );
      expect(reflected.overrides.map((o) => o.name).sort()).toEqual(Object.keys(kernel.overrides).sort());
      expect(reflected.entry.compute.map((e) => e.name)).toEqual(["main"]);
    }
  });

  test("is valid for naga", () => {
    for (const variant of variantsOf(kernel)) {
      const { code } = linkShader(kernel, variant, includes);
      // naga knows neither subgroups behind `enable` nor the analysis that `diagnostic` lines speak to.
      if (/^enable subgroups|^diagnostic|dot4I8Packed/m.test(code)) {
        skipped++;
        continue;
      }
      const module = parseWgsl(code);
      validate(module).free();
      module.free();
      validated++;
    }
  });
});

test("naga read more kernels than it was spared", () => {
  console.log(`naga: ${validated} variants valid, ${skipped} skipped (subgroups, packed dot products)`);
  expect(validated).toBeGreaterThan(skipped);
});
