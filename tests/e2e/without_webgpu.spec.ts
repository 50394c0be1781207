/** A browser without WebGPU: recorded runs play, and pressing Run explains. */
import { expect, test } from "./decoscope";

test("the recorded run plays", async ({ app, page }) => {
  await app.open();
  expect(await page.evaluate(() => "gpu" in navigator)).toBe(false);
  await expect(page.locator(".caption")).toContainText("Recorded run");
  await expect(app.status).toContainText("recorded runs only");
  await app.toEnd();
  const all = await app.tokens.count();
  expect(all).toBeGreaterThan(10);
  await app.timeline.press("Home");
  await expect(app.tokens).toHaveCount(0);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect.poll(() => app.tokens.count()).toBeGreaterThan(0);
});

test("pressing Run says what is missing and offers the recorded run", async ({ app, page }) => {
  await app.open();
  await app.run();
  await expect(app.error).toHaveAttribute("data-code", "unsupported");
  await expect(app.error).toContainText("no WebGPU");
  await expect(app.error).toContainText("Chrome");
  await page.getByRole("button", { name: "Dismiss", exact: true }).click();
  await expect(app.error).toHaveCount(0);
});
