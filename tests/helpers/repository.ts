/** The repository's own files, for tests that check the repository itself. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** Made or installed, never written by hand; the directories of .gitignore and git's own. */
const NOT_OURS = new Set([
  ".git",
  "node_modules",
  "dist",
  "build",
  "coverage",
  "test-results",
  "playwright-report",
  ".cache",
  "__pycache__",
  "train-work",
  "results",
]);

/** Paths relative to the root, with forward slashes, of files under `folder` whose name fits. */
export function filesUnder(folder: string, name = /./): string[] {
  const walk = (path: string): string[] =>
    readdirSync(path)
      .filter((entry) => !NOT_OURS.has(entry))
      .flatMap((entry) => {
        const full = join(path, entry);
        return statSync(full).isDirectory() ? walk(full) : [full];
      });
  return walk(resolve(ROOT, folder))
    .map((path) => relative(ROOT, path).split(sep).join("/"))
    .filter((path) => name.test(path))
    .sort();
}

export const readText = (path: string): string => readFileSync(resolve(ROOT, path), "utf8");
