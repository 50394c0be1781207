/** How much the built page asks of a visitor before the first run: script, style, worker, faces and the recorded run. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, it, vi } from "vitest";
import { build } from "vite";
import { ROOT } from "../../helpers/repository";

/** Bytes after gzip. */
const LIMIT = 400_000;
const out = mkdtempSync(join(tmpdir(), "weight-"));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(out, { recursive: true });
});

it(`the page's start weighs at most ${LIMIT / 1000} kB`, async () => {
  // Vitest's own value would bring the development build of React.
  vi.stubEnv("NODE_ENV", "production");
  await build({ root: ROOT, logLevel: "silent", build: { outDir: out, emptyOutDir: true } });
  const page = readFileSync(join(out, "index.html"), "utf8");
  // What the page itself names; code of other places, dialogs and menus is fetched when somebody asks for it.
  const named = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]!);
  const inAssets = (pattern: RegExp): string[] =>
    readdirSync(join(out, "assets"))
      .filter((name) => pattern.test(name))
      .map((name) => `assets/${name}`);
  const files = [
    ...new Set([...named, ...inAssets(/^(worker|client)-.*\.js$|\.woff2$/)]),
    "index.html",
    "start.js",
    "recordings/first-run.jsonl",
  ];
  // The page's style stands in its document.
  expect(page).toMatch(/<style>.+<\/style>/s);
  for (const part of [/index-.*\.js$/, /worker-.*\.js$/, /client-.*\.js$/, /\.woff2$/])
    expect(
      files.filter((file) => part.test(file)),
      String(part),
    ).not.toEqual([]);
  const weights = files.map((file) => {
    const bytes = readFileSync(join(out, file));
    // Faces are compressed already.
    return [file, file.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length] as const;
  });
  const total = weights.reduce((sum, [, n]) => sum + n, 0);
  expect(total, weights.map(([file, n]) => `${file}: ${n}`).join("\n")).toBeLessThan(LIMIT);
});
