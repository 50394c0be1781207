/**
 * The part of the build that draws the page's beginning into its document, so that there is something to read before the script
 * has come. Its style stands in the document for the same reason: nothing else is waited for.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport, type Plugin, type Rollup } from "vite";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const FIRST_RUN = "recordings/first-run.jsonl";
const SHEET = /<link rel="stylesheet"[^>]* href="\.\/([^"]+\.css)">/;
const SCRIPT = /<script type="module"[^>]* src="([^"]+)"><\/script>\s*/;
const EMPTY = '<div id="root"></div>';

interface Modules {
  readonly firstPaint: (recording: Uint8Array) => string;
}

/** Markup of the beginning: the page's own components, run without a browser. */
async function markup(): Promise<string> {
  const recording = await readFile(join(ROOT, "public", FIRST_RUN));
  const { module } = await runnerImport<Modules>(join(ROOT, "src/ui/first_paint/markup.tsx"), {
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    resolve: { alias: [{ find: /^zustand$/, replacement: join(ROOT, "src/ui/first_paint/store.ts") }] },
  });
  return module.firstPaint(recording);
}

/** The page's style sheet as an element of the document. Addresses in it are relative to the sheet, in the document to the page. */
function styleElement(bundle: Rollup.OutputBundle, file: string): string {
  const sheet = bundle[file];
  if (sheet?.type !== "asset") throw new Error(`The build has no ${file} to put into index.html.`);
  Reflect.deleteProperty(bundle, file);
  const text = typeof sheet.source === "string" ? sheet.source : new TextDecoder().decode(sheet.source);
  return `<style>${text.replaceAll("url(./", `url(./${dirname(file)}/`)}</style>`;
}

export const firstPaint = (): Plugin => ({
  name: "first-paint",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    async handler(html, { bundle }) {
      if (!html.includes(EMPTY))
        throw new Error(`index.html: expected ${EMPTY} to draw the page's beginning in.`);
      if (!bundle) throw new Error("The page's beginning is drawn by a build.");
      const [element, script] = SCRIPT.exec(html) ?? [];
      if (element === undefined || script === undefined)
        throw new Error("index.html: expected the page's script, for start.js to fetch.");
      const [sheet, sheetFile] = SHEET.exec(html) ?? [];
      if (sheet === undefined || sheetFile === undefined)
        throw new Error("index.html: expected the page's style sheet, to put into it.");
      const drawn = await markup();
      return {
        html: html
          .replace(element, "")
          // Not for the browser to fetch: start.js does, once the beginning is painted.
          .replaceAll('<link rel="modulepreload"', '<link rel="piece"')
          .replace(sheet, () => styleElement(bundle, sheetFile))
          .replace(EMPTY, () => `<div id="root">${drawn}</div>`),
        tags: [
          // The last of all files that start.js runs: it needs the others.
          {
            tag: "link",
            attrs: { rel: "piece", crossorigin: "", href: script },
            injectTo: "head" as const,
          },
        ],
      };
    },
  },
});
