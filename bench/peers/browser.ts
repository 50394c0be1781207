/** A headless Chromium with the benchmark's page in it, on its software adapter unless the real one is asked for. */
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "@playwright/test";
import { build, preview } from "vite";
import { ensureBrowser } from "../../scripts/setup";

const configFile = fileURLToPath(new URL("./vite.config.ts", import.meta.url));

async function servePage(): Promise<{ url: string; close: () => Promise<void> }> {
  await build({ configFile, logLevel: "warn" });
  const server = await preview({ configFile });
  const ort = fileURLToPath(new URL("../../node_modules/onnxruntime-web/dist", import.meta.url));
  const folder = join(server.config.build.outDir, "ort");
  for (const file of readdirSync(ort).filter((name) => /^ort[.-].*\.(mjs|wasm)$/.test(name))) {
    cpSync(join(ort, file), join(folder, file));
  }
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error("The benchmark's page could not be served.");
  return { url, close: () => server.close() };
}

/** What {@link openBrowser} opened. */
export interface Bench {
  readonly browser: Browser;
  /** A new page with `window.bench`; errors of the page are told under `name`. */
  page(name: string): Promise<Page>;
  close(): Promise<void>;
}

export async function openBrowser(isRealGpu: boolean): Promise<Bench> {
  const server = await servePage();
  const adapter = isRealGpu ? [] : ["--use-webgpu-adapter=swiftshader"];
  const browser = await chromium.launch({
    executablePath: ensureBrowser().path,
    args: [
      "--headless=new",
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--enable-features=Vulkan",
      ...adapter,
    ],
  });
  return {
    browser,
    async page(name) {
      const page = await browser.newPage();
      page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
      await page.goto(server.url);
      await page.waitForFunction(() => window.bench !== undefined);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
