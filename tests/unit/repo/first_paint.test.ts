/** The build draws the page's beginning into its document; what it does not find there is an error, not a page without it. */
import { expect, it } from "vitest";
import { firstPaint } from "../../../scripts/first_paint";

const SCRIPT = '<script type="module" crossorigin src="./assets/index.js"></script>';
const SHEET = '<link rel="stylesheet" crossorigin href="./assets/index.css">';
const ROOT = '<div id="root"></div>';

type Handler = (html: string, context: { readonly bundle: object }) => Promise<unknown>;
const handle = (html: string): Promise<unknown> => {
  const { transformIndexHtml } = firstPaint();
  if (typeof transformIndexHtml !== "object" || !("handler" in transformIndexHtml))
    throw new Error("expected a handler of index.html");
  const bundle = { "assets/index.css": { type: "asset", source: "" } };
  return (transformIndexHtml.handler as unknown as Handler)(html, { bundle });
};

it.each([
  ["a place for it", SCRIPT + SHEET, '<div id="root">'],
  ["the script", SHEET + ROOT, "script"],
  ["the style sheet", SCRIPT + ROOT, "style sheet"],
])("a document without %s is refused", async (_, html, words) => {
  await expect(handle(html)).rejects.toThrow(words);
});
