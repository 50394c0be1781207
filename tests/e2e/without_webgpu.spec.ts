/** Browsers without WebGPU, and with WebGPU but no adapter: recorded runs play, and pressing Run explains. */
import type { Page } from "@playwright/test";
import { expect, test } from "./decoscope";

/** As in a browser that never heard of WebGPU; no switch of Chromium takes the name away. */
const removeWebGpu = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, "gpu");
  });

test("the recorded run plays", async ({ app, page }) => {
  await removeWebGpu(page);
  await app.open();
  expect(await page.evaluate(() => "gpu" in navigator)).toBe(false);
  await expect(page.locator(".caption")).toContainText("Recorded run");
  await expect(app.status).toContainText("recorded runs only");
  await expect(page.getByTestId("no-webgpu"), "before anything is pressed").toContainText("no WebGPU");
  await app.toEnd();
  const all = await app.tokens.count();
  expect(all).toBeGreaterThan(10);
  await app.timeline.press("Home");
  await expect(app.tokens).toHaveCount(0);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect.poll(() => app.tokens.count()).toBeGreaterThan(0);
});

test("pressing Run says what is missing and offers the recorded run", async ({ app, page }) => {
  await removeWebGpu(page);
  await app.open();
  await app.run();
  await expect(app.error).toHaveAttribute("data-code", "unsupported");
  await expect(app.error).toContainText("no WebGPU");
  await expect(app.error).toContainText("Chrome");
  await page.getByRole("button", { name: "Dismiss", exact: true }).click();
  await expect(app.error).toHaveCount(0);
});

test("WebGPU without an adapter says where to look", async ({ app, page, allowed }) => {
  // Chromium's own words for the same thing.
  allowed.push(/WebGPU adapter|gpuweb|vkCreateInstance/i);
  await app.open();
  expect(await page.evaluate(() => "gpu" in navigator)).toBe(true);
  await app.run();
  await expect(app.error).toHaveAttribute("data-code", "unsupported");
  await expect(app.error).toContainText("no adapter");
  await expect(page.locator(".caption")).toContainText("Recorded run");
});
