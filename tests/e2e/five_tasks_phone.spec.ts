/**
 * What a newcomer comes for, done without reading anything first: by visible words and roles alone, on a desk and on a phone. Each
 * takes less than a minute with all loading, and is given two, since other tests share the processors.
 */
import type { Page } from "@playwright/test";
import { expect, test } from "./decoscope";

test.describe.configure({ timeout: 120_000 });

const place = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Places" }).getByRole("link", { name, exact: true });

test("see why a draft was rejected", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: /, rejected,/ }).click();
  const why = page.getByRole("region", { name: "Acceptance test" }).filter({ visible: true });
  await expect(
    why.getByText(/^Rejected: the draft gave it 0\.\d+, the target only 0\.\d+\./),
  ).toBeInViewport();
});

test("find Prophet by its paper and watch it stop early", async ({ page }) => {
  await page.goto("/");
  await place(page, "Gallery").click();
  await page.getByRole("searchbox", { name: "Search" }).fill("know the answer before decoding");
  await expect(page.getByText("1 method", { exact: true })).toBeVisible();
  await expect(page.getByRole("img", { name: /canvas after step/ })).toBeVisible();
  await page.getByRole("link", { name: "Open Prophet" }).click();
  const stopped = page.getByText(/^Stopped early, in step \d+ of \d+ planned/);
  const first = page.getByRole("slider", { name: "Timeline" });
  await first.press("Home");
  await expect(stopped).toBeHidden();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect(stopped).toBeInViewport();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Gallery", exact: true })).toBeVisible();
  await page.goBack();
  await expect(page.getByText("Recorded run", { exact: true }), "the stage is as it was left").toBeVisible();
  await expect(stopped).toBeVisible();
});

test("race RSD against plain decoding, and send the link to a phone without WebGPU", async ({
  page,
  browser,
}) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Race", exact: true }).click();
  await expect(page.getByRole("group", { name: "Race of RSD-S, Autoregressive" })).toBeVisible();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const race = page.getByRole("slider", { name: "Spent by every run" });
  await expect(page.getByRole("button", { name: "Pause the race" })).toBeInViewport();
  await race.press("End");
  const passes = page.getByRole("row", { name: /^target passes/ }).getByRole("cell");
  const [tree, plain] = (await passes.allTextContents()).map(Number);
  expect(tree, "a draft tree needs fewer passes").toBeLessThan(plain! / 2);

  await page.getByRole("button", { name: "Link with these runs" }).click();
  const link = await page.getByRole("textbox", { name: "Link to this comparison" }).inputValue();
  const costs = page.getByRole("region", { name: "Costs", exact: true });
  const other = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    reducedMotion: "reduce",
  });
  await other.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
  const received = await other.newPage();
  await received.goto(link);
  await expect(received.getByRole("slider", { name: "Spent by every run" })).toBeInViewport();
  await expect(received.getByText("target passes, done")).toHaveCount(2);
  await expect(received.getByRole("region", { name: "Costs", exact: true })).toHaveText(
    (await costs.textContent())!,
  );
  await received.getByRole("button", { name: "Play the race" }).click();
  await expect(received.getByText(/^\d+ target passes of/).first()).toBeInViewport();
  expect(received.workers()).toHaveLength(0);
  await other.close();
});

test.describe("with the page stored", () => {
  test.use({ serviceWorkers: "allow" });

  test("take the page offline and decode", async ({ page, context }) => {
    await page.goto("/");
    const said = (text: string | RegExp) => page.getByText(text).filter({ visible: true });
    await expect(said(/^storing for offline, \d+ of \d+$|^offline ready$/)).toBeVisible();
    await expect(said(/^offline ready$/)).toBeVisible();
    await context.setOffline(true);
    await page.reload();
    await expect(page.getByText("Recorded run", { exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(page.getByText("Live run", { exact: true })).toBeVisible();
    await expect(page.getByRole("listitem").filter({ hasText: /^accepted draft\s*[1-9]/ })).toBeVisible();
    // A place that was not visited before.
    await place(page, "Gallery").click();
    await expect(page.getByRole("img", { name: /^Probabilities of/ }).first()).toBeVisible();
  });
});
