/** How the page is built and served. Tests have their own file, vitest.config.ts. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

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
 * Shaders without their comments, which are almost half of them, in the built page. Lines stay where they are, so that a
 * compiler's message names the right one; `// @use` lines are read when shaders are linked.
 */
const shadersWithoutComments = (): Plugin => ({
  name: "shaders-without-comments",
  enforce: "pre",
  apply: "build",
  async load(id) {
    const [file, query] = id.split("?");
    if (query !== "raw" || !file?.endsWith(".wgsl")) return null;
    const text = await readFile(file, "utf8");
    return `export default ${JSON.stringify(text.replace(/[ \t]*\/\/(?! @use ).*$/gm, ""))}`;
  },
});

export default defineConfig({
  // Relative addresses, so that the built folder works under any path of any static host.
  base: "./",
  // So that the page does not ask for a file that is not there.
  define: { "import.meta.env.HAS_EVALUATION": existsSync("public/models/eval.json") },
  plugins: [react(), ownD3ForCharts],
  build: {
    target: "es2023",
    chunkSizeWarningLimit: 1500,
    // How long plugins took says nothing to somebody who wants to see the page.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  worker: { format: "es", plugins: () => [shadersWithoutComments()] },
  server: { port: 5173 },
  preview: { port: 4173 },
});
