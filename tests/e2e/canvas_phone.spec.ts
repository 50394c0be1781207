/** A canvas on a phone: the recorded run of a card is stepped, a position is tapped, the map is read; no engine needed. */
import { expect, test } from "./decoscope";

test("a card's canvas is stepped and a position looked at", async ({ app, page }) => {
  await app.open("#playground/prophet");
  const cells = page.getByTestId("cell");
  await expect(cells.first()).toBeVisible();
  await app.toEnd();
  await expect(page.locator('[data-testid="cell"][data-state="candidate"]')).toHaveCount(0);
  await app.timeline.press("Home");
  await app.timeline.press("ArrowRight");
  await expect(page.locator('[data-testid="cell"][data-state="candidate"]').first()).toBeVisible();
  await cells.nth(2).click();
  await expect(page.getByTestId("inspected").first()).toContainText("position");
  await page.getByRole("tab", { name: "Map" }).click();
  await expect(page.getByTestId("view-denoised").locator("svg")).toBeVisible();
  await page.getByRole("tab", { name: "Curves" }).click();
  await expect(page.getByTestId("view-scores")).toContainText("gap");
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  ).toBeLessThanOrEqual(0);
});
