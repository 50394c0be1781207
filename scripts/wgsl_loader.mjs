/**
 * Lets Node import shaders as text (`import text from "./x.wgsl?raw"`), as Vite does for the page and the tests.
 * Used as `node --import tsx --import ./scripts/wgsl_loader.mjs`; Node loads this file a second time, in its
 * loader thread, for the two hooks.
 */
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

const isRawText = (name) => name.endsWith(".wgsl?raw");

if (isMainThread) register(import.meta.url);

export function resolve(specifier, context, next) {
  if (!isRawText(specifier)) return next(specifier, context);
  return { url: new URL(specifier, context.parentURL).href, format: "module", shortCircuit: true };
}

export async function load(url, context, next) {
  if (!isRawText(url)) return next(url, context);
  const text = await readFile(new URL(url), "utf8");
  return { format: "module", source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
}
