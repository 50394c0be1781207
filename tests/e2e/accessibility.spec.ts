/** No violation that axe can find, in both themes, at both widths. */
import type { Page } from "@playwright/test";
import { sampleBenchmark } from "../helpers/sample_benchmark";
import { expect, test, violationsOf } from "./decoscope";

/** The places beside the playground, and what to wait for in each. */
const PLACES: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
  ["gallery", (page) => expect(page.locator(".card-picture svg").first()).toBeVisible()],
  ["benchmarks", (page) => expect(page.locator(".chart-frame svg").first()).toBeVisible()],
  [
    "models",
    async (page) => {
      await page.getByText("Model card").first().click();
      await expect(page.getByText("bits per byte").first()).toBeVisible();
    },
  ],
];

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in the ${colorScheme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await app.open();
    await expect(page.locator(".caption")).toContainText("Recorded run");
    const check = async (state: string): Promise<void> => {
      expect(await violationsOf(page), state).toEqual([]);
    };
    await check("a recorded run");
    await app.set({ prompt: "" });
    await app.run();
    await expect(app.error).toBeVisible();
    await check("an error");
    await page.getByRole("button", { name: "Help", exact: true }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await check("the help dialog");
  });

  for (const [place, isThere] of PLACES)
    test(`axe finds nothing in ${place} in the ${colorScheme} theme`, async ({ app, page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.route("**/benchmarks/index.json", (route) =>
        route.fulfill({ json: { results: ["sample"] } }),
      );
      await page.route("**/benchmarks/sample.json", (route) => route.fulfill({ json: sampleBenchmark }));
      await app.open(`#${place}`);
      await isThere(page);
      expect(await violationsOf(page)).toEqual([]);
    });
}
