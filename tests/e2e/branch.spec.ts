/** Branches: a token that was not taken is forced, stands in the text, and comes back from a link. */
import { Decoscope, expect, test } from "./decoscope";

test("a rejected token can be forced, undone, and shared", async ({ app, page, browser }) => {
  await app.open();
  await page.locator('.tree-mark[data-state="rejected"]').first().click();
  await page.getByTestId("force-token").click();
  await app.ended();
  const forced = page.locator('[data-testid="token"][data-origin="forced"]');
  await expect(forced).toHaveCount(1);
  const text = (await forced.textContent()) ?? "";
  expect(text.length).toBeGreaterThan(0);
  const first = await app.result();

  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("radio", { name: "The settings of this run" }).click();
  const link = await page.getByTestId("share-link").inputValue();
  await page.getByRole("button", { name: "Close", exact: true }).click();

  // Back to the run it left, whose text has no forced token; and to the branch again.
  await page.getByTestId("undo-branch").click();
  await expect(forced).toHaveCount(0);
  await page.getByTestId("branches").locator(".track").last().click();
  await expect(forced).toHaveText(text);

  const context = await browser.newContext();
  const other = new Decoscope(await context.newPage());
  await other.page.goto(link);
  await expect(other.page.getByTestId("beginning")).toContainText("1 of them forced");
  await other.run();
  await other.ended();
  expect(await other.result()).toEqual(first);
  await expect(other.page.locator('[data-testid="token"][data-origin="forced"]')).toHaveText(text);
  await context.close();
});

test("the run before stays on the stage until there is something to see of the branch", async ({
  app,
  page,
}) => {
  await app.open("#playground/rsd-s");
  await expect(page.getByTestId("opened")).toHaveText("opened at step 3, which keeps and rejects drafts");
  await page.locator('.tree-mark[data-state="rejected"]').first().click();
  const empty = page.evaluate(
    () =>
      new Promise<number>((done) => {
        let least = Infinity;
        const look = () => {
          least = Math.min(least, document.querySelectorAll(".tree-mark").length);
          if (document.querySelector(".caption")?.textContent.startsWith("Live run")) done(least);
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
  await page.getByTestId("force-token").click();
  await expect(page.getByTestId("loading")).toContainText(
    "Until its first step, the stage shows the run before.",
  );
  expect(await empty, "marks of the tree, at the worst moment").toBeGreaterThan(1);
  await app.ended();
  await expect(page.getByTestId("opened")).toHaveCount(0);
});

test("a run that is cancelled before its first step leaves the stage as it was", async ({ app, page }) => {
  await app.open("#playground/rsd-s");
  await app.run();
  await page.getByRole("button", { name: "Cancel this run" }).click();
  await expect(page.getByTestId("loading")).toHaveCount(0);
  await expect(app.status).toHaveAttribute("data-phase", "idle");
  await expect(page.locator(".caption")).toContainText("Recorded run");
  await expect(page.locator(".tree-mark").first()).toBeVisible();
});
