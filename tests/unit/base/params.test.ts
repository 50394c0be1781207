import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changeParam, choice, integer, integers, number, readParams, toggle } from "../../../src/base/params";

const words = { label: "", help: "" };
const schema = {
  count: integer({ ...words, default: 4, min: 1, max: 8 }),
  heat: number({ ...words, default: 0.5, min: 0, max: 2, step: 0.1 }),
  isOn: toggle({ ...words, default: true }),
  mode: choice({
    ...words,
    default: "a",
    choices: [
      { value: "a", label: "A" },
      { value: "b", label: "B" },
    ],
  }),
  list: integers({ ...words, default: [2, 2], min: 1, max: 4, maxLength: 3 }),
};
const defaults = { count: 4, heat: 0.5, isOn: true, mode: "a", list: [2, 2] };

describe("readParams", () => {
  test("fills in defaults without complaint", () => {
    expect(readParams(schema, {})).toEqual({ values: defaults, issues: [] });
  });

  test("keeps legal values", () => {
    const legal = { count: 1, heat: 2, isOn: false, mode: "b", list: [4] };
    expect(readParams(schema, legal)).toEqual({ values: legal, issues: [] });
  });

  test("reads what links hold: text", () => {
    const { values, issues } = readParams(schema, { count: "3", heat: "1.5", isOn: "false", list: "3, 1x2" });
    expect(values).toEqual({ ...defaults, count: 3, heat: 1.5, isOn: false, list: [3, 1, 2] });
    expect(issues).toEqual([]);
  });

  test.each([
    ["count", 99, 8],
    ["count", 2.6, 3],
    ["count", Number.NaN, 4],
    ["count", "", 4],
    ["heat", -1, 0],
    ["heat", Infinity, 0.5],
    ["isOn", 1, true],
    ["mode", "c", "a"],
    ["list", [], [2, 2]],
    ["list", [1, 5], [2, 2]],
    ["list", [1, 1, 1, 1], [2, 2]],
    ["list", "1,zwei", [2, 2]],
  ] as const)("corrects %s = %j and says so", (key, raw, value) => {
    const { values, issues } = readParams(schema, { [key]: raw });
    expect(values[key]).toEqual(value);
    expect(issues).toHaveLength(1);
    expect(issues[0]!.key).toBe(key);
    expect(issues[0]!.message).toMatch(/expected .* found /);
  });

  test("reports unknown keys and names of Object.prototype alike", () => {
    const { values, issues } = readParams(
      schema,
      JSON.parse('{"depth": 3, "__proto__": 1}') as Record<string, unknown>,
    );
    expect(values).toEqual(defaults);
    expect(issues.map((issue) => issue.key)).toEqual(["depth", "__proto__"]);
  });

  test("always returns legal values, which read back unchanged", () => {
    const anything = fc.record({
      count: fc.anything(),
      heat: fc.anything(),
      isOn: fc.anything(),
      mode: fc.anything(),
      list: fc.anything(),
    });
    fc.assert(
      fc.property(anything, (raw) => {
        const { values } = readParams(schema, raw);
        expect(readParams(schema, values)).toEqual({ values, issues: [] });
      }),
    );
  });
});

describe("changeParam", () => {
  const factor = number({
    ...words,
    default: 0.1,
    min: 0,
    max: 1,
    step: 0.1,
    follows: { key: "mode", values: { a: 0.1, b: 0.4 } },
  });
  const following = { mode: schema.mode, factor };
  test("takes along what follows, there and back", () => {
    const there = changeParam(following, { mode: "a", factor: 0.1 }, "mode", "b");
    expect(there).toEqual({ mode: "b", factor: 0.4 });
    expect(changeParam(following, there, "mode", "a")).toEqual({ mode: "a", factor: 0.1 });
  });
  test("leaves alone what was set otherwise", () => {
    const own = changeParam(following, { mode: "a", factor: 0.1 }, "factor", 0.7);
    expect(changeParam(following, own, "mode", "b")).toEqual({ mode: "b", factor: 0.7 });
  });
  test("the default stays where it was, so that links mean what they meant", () => {
    expect(readParams(following, { mode: "b" }).values).toEqual({ mode: "b", factor: 0.1 });
  });
});
