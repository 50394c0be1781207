import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as layouts from "../../../src/kernels/layouts";

/** Name of a constant in WGSL and its value; MASKED is a float. */
const wgsl = new Map(
  [
    ...readFileSync(new URL("../../../shaders/include/layouts.wgsl", import.meta.url), "utf8").matchAll(
      /^const (\w+) = ([-\w.+]+?)[uf]?;/gm,
    ),
  ].map(([, name, value]) => [name!, Number(value)]),
);

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
    expect([...wgsl].sort()).toEqual([...expected].sort());
  });

  test("arrays end where the buffers end", () => {
    expect(layouts.treeWords(5)).toBe((Math.max(...Object.values(layouts.Node)) + 1) * 5);
    expect(layouts.outcomeWords(5)).toBe(
      layouts.outcomeArray(Math.max(...Object.values(layouts.OutcomeArray)) + 1, 5),
    );
  });
});
