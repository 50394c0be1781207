import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as latents from "../../../src/kernels/latents";
import * as layouts from "../../../src/kernels/layouts";
import * as recurAdmit from "../../../src/kernels/recur_admit";

/** Name of a constant of an include and its value; MASKED is a float. */
const wgsl = (include: string): Map<string, number> =>
  new Map(
    [
      ...readFileSync(new URL(`../../../shaders/include/${include}.wgsl`, import.meta.url), "utf8").matchAll(
        /^const (\w+) = ([-\w.+]+?)[uf]?;/gm,
      ),
    ].map(([, name, value]) => [name!, Number(value)]),
  );

/** Words of a row as constants of an include: their number, and the place of each. */
const wordsOf = (prefix: string, count: number, places: Readonly<Record<string, number>>) =>
  new Map([
    [`${prefix}_WORDS`, count],
    ...Object.entries(places).map(([k, v]): [string, number] => [`${prefix}_${k}`, v]),
  ]);

const expected = new Map<string, number>([
  ["NONE", layouts.NONE],
  ["MASKED", layouts.MASKED],
  ["ROW_WORDS", layouts.ROW_WORDS],
  ["ROW_BIT_WORDS", layouts.ROW_BIT_WORDS],
  ["OUT_HEAD", layouts.OUTCOME_HEAD],
  ...Object.entries(layouts.Ctl).map(([k, v]): [string, number] => [`CTL_${k}`, v]),
  ...Object.entries(layouts.Row)
    .filter(([k]) => k !== "UNUSED")
    .map(([k, v]): [string, number] => [`ROW_${k}`, v]),
  ...Object.entries(layouts.Node).map(([k, v]): [string, number] => [`NODE_${k}`, v]),
  ...Object.entries(layouts.Outcome).map(([k, v]): [string, number] => [`OUT_${k}`, v]),
  ...Object.entries(layouts.OutcomeArray).map(([k, v]): [string, number] => [`OUT_ARRAY_${k}`, v]),
]);

describe("layouts", () => {
  test("WGSL and TypeScript have the same names with the same numbers", () => {
    expect([...wgsl("layouts")].sort()).toEqual([...expected].sort());
  });

  test.each([
    ["signals", wordsOf("SIGNAL", latents.SIGNAL_WORDS, latents.Signal)],
    ["latent", wordsOf("START", latents.START_WORDS, latents.Start)],
    ["depth_memory", wordsOf("MEMORY", recurAdmit.MEMORY_WORDS, recurAdmit.Memory)],
  ])("the same for words of rows of recurrent models: %s", (include, expected) => {
    expect([...wgsl(include)].sort()).toEqual([...expected].sort());
  });

  test("arrays end where the buffers end", () => {
    expect(layouts.treeWords(5)).toBe((Math.max(...Object.values(layouts.Node)) + 1) * 5);
    expect(layouts.outcomeWords(5)).toBe(
      layouts.outcomeArray(Math.max(...Object.values(layouts.OutcomeArray)) + 1, 5),
    );
  });
});
