/** Every package of which something is in the built page stands on its page of licences, by the page's own source maps. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { build } from "vite";
import { filesUnder, readText, ROOT } from "../../helpers/repository";

const out = mkdtempSync(join(tmpdir(), "licences-"));
beforeAll(async () => {
  vi.stubEnv("NODE_ENV", "production");
  await build({
    root: ROOT,
    logLevel: "silent",
    build: { outDir: out, emptyOutDir: true, sourcemap: true, minify: false },
  });
}, 300_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(out, { recursive: true });
});
const read = (name: string): string => readFileSync(join(out, name), "utf8");

/** Packages named by the source maps of the page, its workers and its service worker. */
function packagesOfMaps(): readonly string[] {
  const maps = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".map"),
  );
  const sources = maps.flatMap((name) => (JSON.parse(read(name)) as { sources: string[] }).sources);
  const named = sources.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(named)].sort();
}

describe("the page of licences", () => {
  it("has every package that the source maps name", () => {
    const packages = packagesOfMaps();
    // A page without these would be another page.
    for (const known of ["react-dom", "comlink", "@huggingface/tokenizers", "workbox-precaching"])
      expect(packages).toContain(known);
    const page = read("licences.html");
    expect(packages.filter((name) => !page.includes(`>${name} `))).toEqual([]);
  });

  it("has the texts of the licences of faces", () => {
    const page = read("licences.html");
    expect(page).toContain("SIL OPEN FONT LICENSE");
    const faces = filesUnder("src/ui/fonts", /\.woff2$/);
    expect(faces).toHaveLength(2);
    for (const text of filesUnder("src/ui/fonts", /LICENSE\.txt$/).map(readText))
      expect(page).toContain(text.slice(-400).trim().replaceAll('"', "&#34;"));
  });

  it("is reached from the page, and the file that replays a run carries its own notices", () => {
    expect(readText("src/ui/places/PlaceView.tsx")).toContain("LICENCES");
    const replay = read("replay.html");
    const notices = replay.slice(replay.indexOf('<script type="text/plain">'));
    expect(notices).toMatch(/^react-dom [\d.]+/m);
    expect(notices).toContain("Permission is hereby granted");
  });
});
