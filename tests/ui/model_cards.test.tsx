/** Model cards become elements, never HTML. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { bodyOf, CardText } from "../../src/ui/about_models/card_text";
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

  it("the head for the hub is left out", () => {
    expect(bodyOf("---\nlanguage: en\n---\n\n# name\n\ntext\n")).toBe("\ntext\n");
  });
});
