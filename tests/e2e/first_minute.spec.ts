/** The first visit: the recorded run plays by itself with three sentences; whoever asked for little motion gets the sentences. */
import { expect, test } from "./decoscope";

test("the recorded run plays by itself once, and its captions follow", async ({ app, page }) => {
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await app.open();
  const tour = page.getByTestId("tour");
  await expect(tour.getByRole("listitem")).toHaveCount(3);
  const current = tour.locator("[aria-current]");
  await expect(current).toContainText("drafts a tree");
  await expect(current).toContainText("reads the whole tree");
  await expect(current).toContainText("joins the text");
  expect(await app.tokens.count()).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.reload();
  await expect(page.locator(".caption")).toContainText("Recorded run");
  await expect(tour, "not for the second visit").toHaveCount(0);
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
});

test("with reduced motion nothing moves, and the sentences can be called back", async ({ app, page }) => {
  await app.open();
  const tour = page.getByTestId("tour");
  await expect(tour.locator("[aria-current]")).toContainText("joins the text");
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Close the explanation" }).click();
  await expect(tour).toHaveCount(0);
  await page.getByRole("button", { name: "What am I looking at?" }).click();
  await expect(tour).toBeVisible();
  await page.goto("/#playground/prophet");
  await expect(tour).toContainText("row of masks");
});
