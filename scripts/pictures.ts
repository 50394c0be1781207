/**
 * `npm run pictures`: icons and the preview picture of links, drawn in a browser from the favicon and the built page.
 * Needs `npm run build` before it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { chromium, type Page } from "@playwright/test";
import { preview } from "vite";
import { ensureBrowser } from "./setup";

const browser = await chromium.launch({ executablePath: ensureBrowser().path, args: ["--no-sandbox"] });
const server = await preview({ preview: { port: 0 } });
const address = server.resolvedUrls?.local[0];
if (address === undefined) throw new Error("expected a local address of the built page, found none");

async function draw(
  name: string,
  width: number,
  height: number,
  fill: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  await fill(page);
  writeFileSync(`public/${name}`, await page.screenshot({ type: "png" }));
  await page.close();
  console.log(`public/${name}`);
}

const mark = readFileSync("public/favicon.svg", "utf8");
/** `share` of the width is the mark; platforms cut maskable icons to shapes of their own. */
const icon = (size: number, share: number) => (page: Page) =>
  page.setContent(
    `<style>body{margin:0;background:#faf8f3;display:grid;place-items:center;height:${size}px}svg{width:${share * size}px}</style>${mark}`,
  );
await draw("icon-192.png", 192, 192, icon(192, 0.8));
await draw("icon-512.png", 512, 512, icon(512, 0.8));
await draw("icon-maskable-512.png", 512, 512, icon(512, 0.58));
await draw("preview.png", 1200, 630, async (page) => {
  await page.addInitScript(() =>
    localStorage.setItem("decoscope.layout", JSON.stringify({ state: { hasSeenTour: true }, version: 0 })),
  );
  await page.goto(address);
  await page.locator(".view-frame svg").first().waitFor();
  await page.waitForTimeout(500);
});
await browser.close();
await server.close();
