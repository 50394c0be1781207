/**
 * Every method that fills a canvas runs, steps and is cancelled, all on one page, whose kernels are then built once; and two
 * of them race on one canvas.
 */
import { canvasMethods } from "../../src/decoding/index";
import { expect, test } from "./decoscope";

const POSITIONS = 8;
const OPEN = '[data-testid="cell"][data-state="masked"], [data-testid="cell"][data-state="candidate"]';

test("methods that fill a canvas do so to the last position, go step by step, and are cancelled", async ({
  app,
  page,
}) => {
  test.setTimeout(600_000);
  await app.open();
  // Settings of one's own are kept: without them a method would bring its example.
  await app.set({ prompt: "Once upon a time" });
  for (const { label } of canvasMethods) {
    await test.step(`${label} to the end`, async () => {
      await app.set({ method: label, newTokens: POSITIONS, temperature: 0, seed: 3 });
      await app.run();
      await app.ended();
      await app.toEnd();
      await expect(page.getByTestId("token-hash")).toHaveText(/^[0-9a-f]{8}$/);
      await expect(page.getByTestId("metric-tokens")).toHaveText(String(POSITIONS));
      await expect(page.locator(OPEN)).toHaveCount(0);
    });
    await test.step(`${label}: one step, another, and no further`, async () => {
      await app.set({ newTokens: 40, temperature: 0.8 });
      await app.stepTwiceAndCancel();
    });
    await expect(app.error).toHaveCount(0);
  }
});

test("two policies race on one canvas", async ({ app, page }) => {
  await app.open();
  await app.set({ prompt: "Once upon a time" });
  await app.set({ method: "Fast-dLLM", newTokens: POSITIONS, temperature: 0 });
  await page.getByRole("link", { name: "Race\u2026" }).click();
  const methods = ["fast-dllm", "low-confidence"];
  for (const [i, method] of methods.entries())
    await page.getByLabel(`Method of run ${i + 1}`).selectOption(method);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("button", { name: "Run again" })).toBeVisible({ timeout: 120_000 });
  await page.getByRole("button", { name: "Pause the race" }).click();
  await page.getByRole("slider", { name: "Spent by every run" }).press("End");
  const passes = page.getByRole("row", { name: /^target passes/ }).getByRole("cell");
  const [sure, plain] = (await passes.allTextContents()).map(Number);
  expect(plain, "one position a pass").toBe(POSITIONS);
  expect(sure, "what is sure shares a pass").toBeLessThanOrEqual(POSITIONS);
  // The same canvas in both lanes, and nothing of it is left open.
  const lanes = page.getByTestId("lane");
  await expect(lanes).toHaveCount(methods.length);
  for (const lane of await lanes.all()) {
    await expect(lane.locator(".cell")).toHaveCount(POSITIONS);
    await expect(lane.locator('.cell:is([data-state="masked"], [data-state="candidate"])')).toHaveCount(0);
  }
});
