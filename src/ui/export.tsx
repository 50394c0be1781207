/** Pictures as files: the drawing of the shown moment as a still, with its colours and faces written out. */
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { download } from "./download";
import { report } from "./engine";
import { footerOf } from "./export_footer";
import type { Moment } from "./moment";
import { makeLink } from "./share_link";
import { facesIn, inlineVariables, ruleWithBytes, withRules, type Face } from "./svg_file";
import type { Size, ViewDefinition } from "./views/view";

/** Pixels of a PNG for each px of the drawing. */
const PNG_SCALE = 2;

/** A drawing, and what of it is shown where it offers a choice. */
export interface Picture {
  readonly definition: ViewDefinition;
  readonly choice: string | undefined;
}

/** The drawing as an svg file of its own. */
function toSvg(
  { definition, choice }: Picture,
  moment: Moment,
  size: Size,
  link: string,
): { svg: string; size: Size } {
  const holder = document.createElement("div");
  const root = createRoot(holder);
  const footer = footerOf(definition, moment, size.width, link);
  const whole = { width: size.width, height: size.height + footer.height };
  flushSync(() =>
    root.render(
      <svg
        xmlns="http://www.w3.org/2000/svg"
        width={whole.width}
        height={whole.height}
        viewBox={`0 0 ${whole.width} ${whole.height}`}
      >
        <definition.Drawing view={moment.view} step={moment.step} size={size} choice={choice} />
        <g transform={`translate(0,${size.height})`}>{footer.content}</g>
      </svg>,
    ),
  );
  const svg = holder.querySelector("svg");
  if (!svg) throw new Error("internal error: a view drew no svg");
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", "var(--sheet)");
  svg.prepend(paper);
  const text = new XMLSerializer().serializeToString(svg);
  root.unmount();
  return { svg: withStyles(text), size: whole };
}

/** Faces that the page's style sheets bring. */
const facesOfPage = (): Face[] =>
  [...document.styleSheets].flatMap((sheet) =>
    [...sheet.cssRules].flatMap((rule) => {
      if (!(rule instanceof CSSFontFaceRule)) return [];
      const address = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
      if (address === undefined) return [];
      const family = rule.style.getPropertyValue("font-family").replace(/["']/g, "");
      return [{ rule: rule.cssText, family, url: new URL(address, sheet.href ?? document.baseURI).href }];
    }),
  );

/** The drawing with the bytes of its faces: an image that is drawn onto a canvas loads no files. */
async function withFaces(svg: string): Promise<string> {
  const rules = facesIn(svg, facesOfPage()).map(async (face) => {
    const response = await fetch(face.url);
    // Without its file a face is replaced by the system's, as on the page.
    return response.ok ? ruleWithBytes(face, new Uint8Array(await response.arrayBuffer())) : "";
  });
  return withRules(svg, (await Promise.all(rules)).join(""));
}

async function toPng(svg: string, size: Size): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([await withFaces(svg)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = size.width * PNG_SCALE;
    canvas.height = size.height * PNG_SCALE;
    const context = canvas.getContext("2d");
    context?.scale(PNG_SCALE, PNG_SCALE);
    context?.drawImage(image, 0, 0, size.width, size.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob(
        (blob) =>
          blob ? resolve(blob) : reject(new Error("The browser could not make a PNG of this size.")),
        "image/png",
      ),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Saves an svg file's text under a name, as it is or as pixels. Trouble is reported on the page. */
export async function savePicture(
  svg: string,
  size: Size,
  name: string,
  format: "svg" | "png",
): Promise<void> {
  try {
    const blob = format === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await toPng(svg, size);
    download(`${name}.${format}`, blob);
  } catch (thrown) {
    report(thrown);
  }
}

/** Writes out the page's colours and faces in the text of an svg. */
export function withStyles(svg: string): string {
  const styles = getComputedStyle(document.documentElement);
  return inlineVariables(svg, (name) => styles.getPropertyValue(name));
}

/** Saves the drawing of a moment. */
export async function exportPicture(
  picture: Picture,
  moment: Moment,
  size: Size,
  format: "svg" | "png",
): Promise<void> {
  const { svg, size: whole } = toSvg(picture, moment, size, makeLink("settings"));
  await savePicture(svg, whole, `decoscope-${picture.definition.id}-step-${moment.step + 1}`, format);
}
