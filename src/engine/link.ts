/**
 * Joins a shader with what it uses. Order of the result: `enable` lines, constants, prelude, shader, includes; WGSL lets
 * declarations stand in any order, so includes may come last. Lines are mapped back to files for compiler messages.
 */
import type { Kernel, Variant } from "./kernel";

/** Texts that `// @use` lines can name, by file name without `.wgsl`: "rng", "reduce.subgroup", "prelude.f16". */
export type Includes = Readonly<Record<string, string>>;

export interface LinkedShader {
  readonly code: string;
  /** For each line of `code` (0-based): the file and 1-based line it came from. */
  readonly origin: readonly { readonly file: string; readonly line: number }[];
}

const USE = /^\/\/ @use\s+(.+)$/;
const ENABLE = /^\s*((enable|requires)\s+[\w, ]+|diagnostic\(.*\))\s*;/;

/** @throws Error if a named include does not exist: a mistake in the project, not in input. */
export function linkShader(kernel: Kernel, variant: Variant, includes: Includes): LinkedShader {
  const enables = new Set<string>();
  const lines: string[] = [];
  const origin: { file: string; line: number }[] = [];
  const done = new Set<string>();

  const append = (file: string, text: string): void => {
    const used: string[] = [];
    text.split("\n").forEach((line, i) => {
      const use = USE.exec(line);
      if (use) used.push(...use[1]!.trim().split(/[\s,]+/));
      if (ENABLE.test(line)) enables.add(line.trim());
      else {
        lines.push(line);
        origin.push({ file, line: i + 1 });
      }
    });
    for (const name of used) {
      const choice = variant.uses?.[name];
      const key = choice === undefined ? name : `${name}.${choice}`;
      if (done.has(key)) continue;
      done.add(key);
      const body = includes[key];
      if (body === undefined) throw new Error(`kernel ${kernel.name}: nothing to use under the name ${key}`);
      append(`include/${key}.wgsl`, body);
    }
  };

  const real = variant.real ?? "f32";
  const prelude = includes[`prelude.${real}`];
  if (prelude === undefined) throw new Error(`prelude.${real} is not among the includes`);
  for (const [name, value] of Object.entries(variant.consts ?? {})) {
    lines.push(`const ${name} = ${Number.isInteger(value) ? `${value}u` : value};`);
    origin.push({ file: "constants", line: 1 });
  }
  append(`prelude.${real}.wgsl`, prelude);
  append(`${kernel.name}.wgsl`, kernel.source);
  const head = [...enables];
  return {
    code: [...head, ...lines].join("\n"),
    origin: [...head.map((_, i) => ({ file: "enable", line: i + 1 })), ...origin],
  };
}
