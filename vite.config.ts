/** How the page is built and served. Tests have their own file, vitest.config.ts. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { hubProxy } from "./scripts/local_hub.ts";
import { licences, notePackages, type Packages } from "./scripts/licences.ts";
import { replay } from "./scripts/replay_page.ts";
import { firstPaint } from "./scripts/first_paint.ts";
import { site } from "./scripts/site.ts";

/**
 * Gives the charts their own copy of d3. A module that two chunks share goes into the earlier one with all that either uses,
 * and so the page's start would carry what only charts need.
 */
const ownD3ForCharts: Plugin = {
  name: "own-d3-for-charts",
  enforce: "pre",
  apply: "build",
  async resolveId(source, importer) {
    const isForCharts = /\/@observablehq\/plot\/|\/src\/ui\/benchmarks\/|\?charts$/.test(importer ?? "");
    if (!isForCharts || !/^(d3(-[\w-]+)?|internmap)$/.test(source)) return null;
    const found = await this.resolve(source, importer, { skipSelf: true });
    return found && { ...found, id: `${found.id}?charts` };
  },
};

/**
 * Shaders without their comments, which are almost half of them, and without indentation in the built page. Lines stay where
 * they are, so that a compiler's message names the right one; `// @use` lines are read when shaders are linked.
 */
const bareShaders = (): Plugin => ({
  name: "bare-shaders",
  enforce: "pre",
  apply: "build",
  async load(id) {
    const [file, query] = id.split("?");
    if (query !== "raw" || !file?.endsWith(".wgsl")) return null;
    const text = await readFile(file, "utf8");
    const bare = text
      .replace(/[ \t]*\/\/(?! @use ).*$|^[ \t]+/gm, "")
      // Between names, numbers and brackets only, so that no two signs become another one.
      .replace(/(?<=[\w)\]]) ([-+*/%|]?=|[-+*/%|]|[=!<>]=|&&|\|\||<<|>>|->) (?=[\w(])/g, "$1")
      .replace(/(?<=[\w)\],])([,:;]) (?=[\w(])/g, "$1")
      .replace(/\) \{$/gm, "){")
      // WGSL's own short names.
      .replace(/\b(vec[234]|mat[234]x[234])<([fiu])32>/g, "$1$2");
    return `export default ${JSON.stringify(bare)}`;
  },
});

/**
 * Everything that comes with the page is stored on the first visit, models and recordings too, and works without a network from then
 * on. A newer version waits until the visitor asks for it (ui/updates.ts): no run is ever cut short by one.
 */
const offline = VitePWA({
  registerType: "prompt",
  injectRegister: false,
  manifest: false,
  workbox: {
    globPatterns: ["**/*.{html,js,css,woff2,svg,png,webmanifest,json,jsonl,safetensors,md}"],
    globIgnores: ["404.html", "preview.png"],
    maximumFileSizeToCacheInBytes: 40_000_000,
    cleanupOutdatedCaches: true,
  },
});

/** What the page is made of that is not of this project; filled by the build of each of its parts. */
const packages: Packages = new Set();

export default defineConfig({
  // Relative addresses, so that the built folder works under any path of any static host.
  base: "./",
  // So that the page does not ask for a file that is not there.
  define: { "import.meta.env.HAS_EVALUATION": existsSync("public/models/eval.json") },
  plugins: [
    react(),
    ownD3ForCharts,
    firstPaint(),
    site(),
    notePackages(packages),
    replay(packages),
    licences(packages),
    offline,
  ],
  build: {
    target: "es2023",
    chunkSizeWarningLimit: 1500,
    // How long plugins took says nothing to somebody who wants to see the page.
    rolldownOptions: {
      checks: { bundlerTimings: false },
      // Beside the page, the engine for other pages, at an address that does not change (docs/api.md).
      input: { index: "index.html", decoscope: "src/worker/decoscope.ts" },
      preserveEntrySignatures: "exports-only",
      output: {
        entryFileNames: ({ name }) => (name === "decoscope" ? "decoscope.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  worker: { format: "es", plugins: () => [bareShaders(), notePackages(packages)] },
  server: { port: 5173, proxy: hubProxy() },
  preview: { port: 4173, proxy: hubProxy() },
});
