/** What is drawn when the page is built, before its script has come: the same that the script draws in its place. */
import { expect, test, type Page } from "@playwright/test";

/** Where the words of the beginning stand, as far as they are on the screen. */
const places = (page: Page) =>
  page.evaluate(() =>
    [".header h1", ".caption strong", ".text-prompt", ".legend", ".tour li", ".tabs", ".transport"]
      .flatMap((name) => {
        const rect = document.querySelector(name)?.getBoundingClientRect();
        return rect ? [{ name, box: [rect.x, rect.y, rect.width, rect.height].map(Math.round) }] : [];
      })
      .filter(({ box }) => box[1]! < innerHeight),
  );

for (const [name, viewport] of [
  ["a desk", { width: 1440, height: 900 }],
  ["a phone", { width: 390, height: 844 }],
] as const)
  test(`on ${name} the script draws its stage where the drawn beginning stood`, async ({ browser }) => {
    // The page's script is held back, then comes.
    const page = await browser.newPage({
      viewport,
      reducedMotion: "reduce",
      serviceWorkers: "block",
    });
    let release: () => void = () => undefined;
    const held = new Promise<void>((done) => (release = done));
    await page.route("**/assets/index-*.js", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto("./", { waitUntil: "commit" });
    await page.locator(".first-paint .tour li").first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    const before = await places(page);
    release();
    await page.locator("#root > .header").waitFor();
    await expect(page.locator(".first-paint")).toHaveCount(0);
    await page.evaluate(() => document.fonts.ready);
    // Without motion the run stands at a lively step; the beginning is one step back at the prompt.
    for (let step = 0; step < 8; step++) await page.keyboard.press("ArrowLeft");
    await expect.poll(() => places(page)).toEqual(before);
    expect(before.length).toBeGreaterThan(5);
    await page.close();
  });

test("without JavaScript the beginning can be read", async ({ browser }) => {
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto("./");
  await expect(page.locator(".tour li").first()).toContainText("drafts a tree");
  await page.close();
});

test("links to other places, and frames, do not show the beginning of the playground", async ({ page }) => {
  await page.route("**/assets/index-*.js", () => undefined);
  await page.goto("./#gallery", { waitUntil: "commit" });
  await page.locator(".first-paint .header").waitFor();
  await expect(page.locator(".first-paint .tour")).toBeHidden();
  await page.goto("./?embed", { waitUntil: "commit" });
  await expect(page.locator(".first-paint .header")).toBeHidden();
});

test("a script that does not come is said", async ({ page }) => {
  await page.route("**/assets/index-*.js", (route) => route.abort());
  await page.goto("./");
  await expect(page.getByRole("alert")).toContainText("could not be fetched");
});
