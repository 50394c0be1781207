/** Forms made from schemas: a control with a name and help for every option of every method. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { choice, integers, readParams, toggle } from "../../src/base/params";
import { methods, runSchema, samplerSchema } from "../../src/ui/definitions";
import { ParamsForm } from "../../src/ui/form/ParamsForm";

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
