/** Moving through a run: pause and resume a live one, scrub back and forth through a finished one. */
import { expect, test } from "./decoscope";

test("a live run pauses, resumes and ends", async ({ app, page }) => {
  await app.open();
  await app.set({ newTokens: 120 });
  await page.getByRole("button", { name: "One step", exact: true }).click();
  await expect(app.status).toHaveAttribute("data-phase", "paused", { timeout: 60_000 });
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect(app.status).toHaveAttribute("data-phase", "running");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(app.status).toHaveAttribute("data-phase", "paused");
  const before = await app.timeline.getAttribute("max");
  // A paused engine works on nothing: no further round arrives.
  await page.waitForTimeout(1500);
  expect(await app.timeline.getAttribute("max")).toBe(before);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await app.ended();
  await expect(app.error).toHaveCount(0);
});

test("scrubbing back shows the run as it was", async ({ app, page }) => {
  await app.open();
  await app.set({ newTokens: 32, seed: 3 });
  await app.run();
  await app.ended();
  const whole = await app.result();
  await app.timeline.focus();
  await app.timeline.press("Home");
  await expect(app.tokens).toHaveCount(0);
  await page.getByRole("button", { name: "Step forward", exact: true }).click();
  const steps = Number(await app.timeline.getAttribute("max"));
  expect(steps).toBeGreaterThan(1);
  await app.timeline.press("Home");
  await app.timeline.press("ArrowRight");
  const early = (await app.tokens.allTextContents()).join("");
  expect(early.length).toBeGreaterThan(0);
  expect(whole.text.startsWith(early)).toBe(true);
  expect(early.length).toBeLessThan(whole.text.length);
  expect((await app.result()).text).toBe(whole.text);
});

test("the keyboard alone runs and steps", async ({ app, page }) => {
  await app.open();
  await app.set({ newTokens: 16 });
  await page.locator("body").click({ position: { x: 4, y: 4 } });
  await page.keyboard.press("r");
  await app.ended();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByText(/Numbers up to step/)).toBeVisible();
});
