/**
 * The page that replays one recording, as one file: script, style and faces in it, and a place for a recording. It is built apart
 * from the page (src/ui/replay), which fetches it when somebody saves a run as a file and only puts the recording in
 * (src/share/replay_file.ts).
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { build, type Plugin } from "vite";
import { addPackages, noticesOf, type Packages } from "./licences.ts";
import { REPLAY_MARK } from "../src/share/replay_mark.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
export const REPLAY_FILE = "replay.html";

const ENGINE = join(ROOT, "src/ui/engine.ts");
const NO_ENGINE = join(ROOT, "src/ui/replay/no_engine.ts");
const NOTHING = "\0nothing";

/** What only parts of the page fetch that such a file does not have: races, saved pictures, menus, measurements of this device. */
const LEFT_OUT = new Set(["../compare/actions", "../export", "./OpenMenu", "./TreePays"]);

/** Without an engine nothing decodes: what starts it is replaced, and what methods fetch with their first run is left out. */
const withoutEngine: Plugin = {
  name: "without-engine",
  enforce: "pre",
  async resolveId(source, importer, { kind }) {
    if (source === NOTHING) return NOTHING;
    const isOfDecoding = importer?.startsWith(join(ROOT, "src/decoding/")) ?? false;
    if (kind === "dynamic-import" && (isOfDecoding || LEFT_OUT.has(source))) return NOTHING;
    if (!source.endsWith("/engine")) return null;
    const found = await this.resolve(source, importer, { skipSelf: true });
    return found?.id === ENGINE ? NO_ENGINE : found;
  },
  load: (id) => (id === NOTHING ? "export default null;" : null),
};

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

interface Built {
  readonly script: string;
  readonly style: string;
  /** What the script is made of that is not of this project. */
  readonly packages: Packages;
}

/** Unpacks the script and lets it run. It runs as an element of the page, so that its own hash has to be in the policy. */
const START = `(async () => {
const packed = Uint8Array.from(atob(document.getElementById("packed").textContent), (c) => c.charCodeAt(0));
const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
const script = document.createElement("script");
script.textContent = await new Response(unpacked).text();
document.body.append(script);
})();`;

/** The whole file, without a recording. Only this very script and this very style may run in it, and nothing is fetched. */
export function replayPage({ script, style, packages }: Built): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(START)} ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "font-src data:",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const packed = gzipSync(script, { level: 9 })
    .toString("base64")
    .replace(/.{120}/g, "$&\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>A recorded run · Decoscope</title>
<style>${style}</style>
</head>
<body>
<div id="root">
<p>This file replays a recorded run of Decoscope. If you still read this, its script did not run: JavaScript is switched off, the browser is older than 2023, or a part of the file is missing.</p>
</div>
${REPLAY_MARK}
<script type="application/gzip" id="packed">
${packed}
</script>
<script>${START}</script>
<script type="text/plain">
Decoscope is under the Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0). Its faces, Inter and Source Serif 4, are under
the SIL Open Font License 1.1 (https://openfontlicense.org). In this file there is also code of the following packages.

${noticesOf(packages).replace(/<(?=[!/])/g, "< ")}
</script>
</body>
</html>
`;
}

async function bundle(): Promise<Built> {
  const results = await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    mode: "production",
    publicDir: false,
    plugins: [withoutEngine, react()],
    build: {
      target: "es2023",
      write: false,
      modulePreload: false,
      cssCodeSplit: false,
      // Faces and pictures stand in the style.
      assetsInlineLimit: Number.MAX_SAFE_INTEGER,
      chunkSizeWarningLimit: 1500,
      rolldownOptions: {
        input: join(ROOT, "src/ui/replay/main.tsx"),
        output: { format: "iife", codeSplitting: false },
        // What loads chunks asks where they are; here there is only one.
        checks: { bundlerTimings: false, emptyImportMeta: false },
      },
    },
  });
  const outputs = [results].flat().flatMap((result) => ("output" in result ? result.output : []));
  const scripts = outputs.filter((file) => file.type === "chunk");
  const styles = outputs
    .filter((file) => file.type === "asset")
    .filter((file) => file.fileName.endsWith(".css"));
  if (scripts.length !== 1 || styles.length !== 1 || outputs.length !== 2)
    throw new Error(
      `expected one script and one style for ${REPLAY_FILE}, found ${outputs.map((f) => f.fileName).join(", ")}`,
    );
  const packages: Packages = new Set();
  addPackages(scripts, packages);
  return { script: scripts[0]!.code, style: String(styles[0]!.source), packages };
}

/** Puts the file beside the page, and notes what it is made of; the development server makes it when it is asked for. */
export const replay = (packages: Packages): Plugin => ({
  name: "replay",
  configureServer(server) {
    server.middlewares.use(`/${REPLAY_FILE}`, (_request, response, next) => {
      bundle().then((built) => {
        response.setHeader("content-type", "text/html; charset=utf-8");
        response.end(replayPage(built));
      }, next);
    });
  },
  async generateBundle() {
    const built = await bundle();
    for (const folder of built.packages) packages.add(folder);
    this.emitFile({ type: "asset", fileName: REPLAY_FILE, source: replayPage(built) });
  },
});
