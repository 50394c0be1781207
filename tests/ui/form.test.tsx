/** Forms made from schemas: a control with a name and help for every option of every method. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { choice, integers, readParams, toggle } from "../../src/base/params";
import { methods, runSchema, samplerSchema } from "../../src/ui/definitions";
import { ParamsForm } from "../../src/ui/form/ParamsForm";
import { sliderOf } from "../../src/ui/form/scale";

const schemas = [
  ...methods.map((m) => [m.id, m.params] as const),
  ["sampler", samplerSchema] as const,
  ["run", runSchema] as const,
  [
    "every kind",
    {
      on: toggle({ default: true, label: "On", help: "Whether it is on." }),
      law: choice({ default: "a", choices: [{ value: "a", label: "A" }], label: "Law", help: "Which law." }),
      widths: integers({
        default: [2, 1],
        min: 1,
        max: 4,
        maxLength: 3,
        label: "Widths",
        help: "One a level.",
      }),
    },
  ] as const,
];

describe.each(schemas)("the form of %s", (_, schema) => {
  const html = renderToStaticMarkup(
    <ParamsForm schema={schema} values={readParams(schema, {}).values} onChange={() => undefined} />,
  );
  const text = html.replace(/&#x27;/g, "'").replace(/&amp;/g, "&");
  it("has a labelled control with its help for every option", () => {
    for (const option of Object.values(schema)) {
      expect(text).toContain(`>${option.label}</label>`);
      expect(text).toContain(option.help);
    }
    expect(html.match(/class="field"/g) ?? []).toHaveLength(Object.keys(schema).length);
  });
  it("ties every label and help to a control", () => {
    for (const [, id] of html.matchAll(/for="([^"]+)"/g)) expect(html).toContain(`id="${id ?? ""}"`);
    for (const [, id] of html.matchAll(/aria-describedby="([^"]+)"/g))
      expect(html).toContain(`id="${id ?? ""}"`);
  });
});

describe("sliders", () => {
  const uneven = methods.flatMap((m) =>
    Object.entries(m.params).flatMap(([key, option]) =>
      option.kind === "number" && option.scale ? [[`${m.id} ${key}`, option] as const] : [],
    ),
  );
  it("are uneven where the useful values lie close together", () => {
    expect(uneven.map(([name]) => name)).toEqual(
      expect.arrayContaining(["mor threshold", "recurrent threshold", "depth-wavefront exitThreshold"]),
    );
  });

  it.each(uneven)(
    "of %s go through its range, end to end, and every place stays where it is",
    (_, option) => {
      const { min, max, step, placeOf, valueAt } = sliderOf(option);
      const values: number[] = [];
      for (let place = min; place <= max; place += step) {
        const value = valueAt(place);
        expect(placeOf(value)).toBe(place);
        expect(readParams({ value: option }, { value }).issues).toEqual([]);
        values.push(value);
      }
      expect(values.every((v, i) => i === 0 || v > values[i - 1]!)).toBe(true);
      expect([values[0], values.at(-1)]).toEqual([option.min, option.max]);
      expect(values).toContain(option.scale!.least);
    },
  );

  it("of log-odds have one half in the middle, and as much room for near 1 as for near 0", () => {
    const { placeOf, valueAt } = sliderOf(new Map(uneven).get("mor threshold")!);
    expect(placeOf(0.5)).toBe(50);
    expect([placeOf(0.01) - 1, placeOf(0.99)]).toEqual([99 - placeOf(0.99), 100 - placeOf(0.01)]);
    expect(valueAt(99)).toBe(0.9999);
  });

  it("leave typed values as they are", () => {
    const option = new Map(uneven).get("recurrent threshold")!;
    const html = renderToStaticMarkup(
      <ParamsForm schema={{ option }} values={{ option: 0.0317 }} onChange={() => undefined} />,
    );
    expect(html).toContain('aria-valuetext="0.0317"');
    expect(html).toContain('value="0.0317"');
  });
});
