/** public/start.js: what it says when the page's script does not come, or comes and fails. */
import { readFileSync } from "node:fs";
import { compileFunction } from "node:vm";
import { afterEach, expect, it, vi } from "vitest";
import { ROOT } from "../../helpers/repository";

const source = readFileSync(`${ROOT}/public/start.js`, "utf8");
afterEach(() => vi.unstubAllGlobals());

/** Runs it on a page with these scripts, and gives the line it puts above the page; null if it puts none. */
async function lineWith(scripts: readonly string[]): Promise<string | null> {
  const lines: { textContent: string }[] = [];
  let begin = (): Promise<void> => Promise.resolve();
  vi.stubGlobal("location", new URL("http://localhost/"));
  vi.stubGlobal("window", { top: null });
  vi.stubGlobal("localStorage", { getItem: () => null });
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw));
  vi.stubGlobal("document", {
    documentElement: { dataset: {} },
    createElement: () => ({ textContent: "", setAttribute: () => undefined }),
    querySelectorAll: () => scripts.map((href) => ({ href })),
    body: { prepend: (line: { textContent: string }) => lines.push(line) },
    addEventListener: (_: string, start: () => Promise<void>) => (begin = start),
  });
  // Node's own import reads data: addresses.
  const run = compileFunction(source.replace("import(href)", "load(href)"), ["load"]) as (
    load: (href: string) => Promise<unknown>,
  ) => void;
  run((href) => import(/* @vite-ignore */ href));
  await begin().catch(() => undefined);
  return lines[0]?.textContent ?? null;
}

it("is silent when the scripts run", async () => {
  expect(await lineWith(["data:text/javascript,1"])).toBeNull();
});
it.each([
  ["does not come", "data:text/plain,nothing"],
  ["fails", "data:text/javascript,throw new Error('no such thing')"],
])("says that either may be why, where the script %s", async (_, script) => {
  expect(await lineWith([script])).toMatch(/could not be fetched, or does not run here\..*reload/);
});
