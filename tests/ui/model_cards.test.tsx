/** Model cards become elements, never HTML. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { bodyOf, CardText } from "../../src/ui/about_models/card_text";
import {
  cachesOf,
  depthChartsOf,
  readEvaluation,
  storagesOf,
  tableOf,
} from "../../src/ui/about_models/evaluation";
import { models } from "../../src/ui/definitions";
import { readText } from "../helpers/repository";

describe("cards", () => {
  it.each(models.map((m) => m.card))("%s is read whole", (path) => {
    const card = readText(`public/${path}`);
    const html = renderToStaticMarkup(<CardText card={card} />);
    expect(html).toContain("<table");
    // Every heading but the title, and every word of the last paragraph.
    for (const [, heading] of card.matchAll(/^## (.*)$/gm)) expect(html).toContain(heading);
    expect(html).not.toContain("pipeline_tag");
    expect(html).not.toMatch(/\*\*|^#|\| \|/m);
  });

  it("HTML and strange links in a card stay text", () => {
    const html = renderToStaticMarkup(
      <CardText card={"<img src=x onerror=alert(1)>\n\n[go](javascript:alert(1)) and `<b>`"} />,
    );
    expect(html).not.toMatch(/<img|<b>|href/);
    expect(html).toContain("&lt;img");
  });

  it("comments for tools are left out", () => {
    expect(renderToStaticMarkup(<CardText card={"<!-- measured by npm run eval -->\n\ntext\n"} />)).toBe(
      '<div class="card-text"><p>text</p></div>',
    );
  });

  it("the head for the hub is left out", () => {
    expect(bodyOf("---\nlanguage: en\n---\n\n# name\n\ntext\n")).toBe("\ntext\n");
  });
});

describe("the evaluation", () => {
  const figure = { id: "a", label: "sums solved", value: 0.625, unit: "share", count: 40, of: "problems" };
  const measured = {
    weightsSha256: "",
    command: "npm run eval --",
    date: "2026-01-31",
    storage: "f32",
    adapter: "x",
  };
  it("becomes rows with units", () => {
    const evaluation = readEvaluation({ models: { "story-target": { ...measured, figures: [figure] } } });
    expect(tableOf(evaluation).rows).toEqual([
      { model: "story-target", figure: "sums solved", value: "63\u202f%", over: "40 problems" },
    ]);
  });
  it("draws figures by recurrences as lines and leaves them out of the rows", () => {
    const at = (label: string, recurrences: number, value: number, unit = "share") => ({
      ...figure,
      unit,
      value,
      curve: { label, recurrences },
    });
    const figures = [
      figure,
      at("sort", 1, 0.5),
      at("sort", 2, 1),
      at("copy", 1, 0.25),
      at("loss", 1, 0.8, "bits/byte"),
    ];
    const evaluation = readEvaluation({ models: { "task-loop": { ...measured, figures } } });
    expect(tableOf(evaluation).rows).toHaveLength(1);
    const [shares, loss, ...more] = depthChartsOf(evaluation).map(({ chart }) => chart);
    expect(more).toEqual([]);
    expect(shares?.series).toEqual([
      {
        label: "sort",
        points: [
          { x: 1, y: 50 },
          { x: 2, y: 100 },
        ],
      },
      { label: "copy", points: [{ x: 1, y: 25 }] },
    ]);
    expect(loss?.series).toEqual([{ label: "loss", points: [{ x: 1, y: 0.8 }] }]);
    expect(loss?.y.unit).toBe("bits per byte");
  });
  it("says what storage types cost, where that was measured", () => {
    expect(storagesOf(readEvaluation({ models: {} }))).toBeNull();
    const row = { storage: "int4", weightBytes: 5e6, bitsPerByte: 0.75, perplexity: 8, greedyAgreement: 0.9 };
    const measuredToo = { "story-target": { ...measured, count: 9, of: "tokens", rows: [row] } };
    expect(storagesOf(readEvaluation({ models: {}, storages: measuredToo }))?.rows).toEqual([
      {
        model: "story-target",
        storage: "int4",
        bytes: expect.stringMatching(/^5.*MB$/) as string,
        bits: "0.750",
        perplexity: "8.000",
        greedy: "90\u202f%",
      },
    ]);
  });
  it("says what storage types of keys and values cost, where that was measured", () => {
    expect(cachesOf(readEvaluation({ models: {} }))).toBeNull();
    const row = { storage: "int8", tokenBytes: 800, bitsPerByte: 0.75, perplexity: 8, greedyAgreement: 0.9 };
    const measuredToo = { "story-target": { ...measured, count: 9, of: "tokens", rows: [row] } };
    expect(cachesOf(readEvaluation({ models: {}, caches: measuredToo }))?.rows[0]).toMatchObject({
      storage: "int8",
      bytes: expect.stringMatching(/^800/) as string,
      greedy: "90\u202f%",
    });
  });
  it("that does not fit says where", () => {
    const wrong = { models: { a: { ...measured, figures: [{ ...figure, unit: "points" }] } } };
    expect(() => readEvaluation(wrong)).toThrow(/models\.a\.figures\.0\.unit.*npm run eval/);
  });
});
