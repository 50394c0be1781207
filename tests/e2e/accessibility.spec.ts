/** No violation that axe can find, in both themes, at both widths. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { sampleBenchmark } from "../helpers/sample_benchmark";
import { expect, test } from "./decoscope";

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

async function violationsOf(page: Page): Promise<readonly string[]> {
  // The marks inside a card's picture are no content of their own; the picture's name is.
  const { violations } = await new AxeBuilder({ page }).exclude(".card-picture svg > *").analyze();
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}

/** One method of every kind of run. */
const METHODS = ["rsd-s", "remdm", "recurrent", "mor", "depth-wavefront"];

for (const method of METHODS)
  test(`axe finds nothing in any drawing of ${method}`, async ({ app, page }, { project }) => {
    // Drawings are the same in both themes but for their colours, and at both widths but for their places: two of the four show both.
    const colorScheme = project.name === "phone" ? "dark" : "light";
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await app.open(`#playground/${method}`);
    const tabs = page.getByRole("tablist", { name: "Views" }).getByRole("tab");
    await expect(app.tokens.or(page.locator("[data-position]")).first()).toBeVisible();
    for (const tab of await tabs.all()) {
      await tab.click();
      await expect(page.locator(".view-frame svg").first()).toBeVisible();
      expect(await violationsOf(page), `${method}, ${await tab.textContent()}`).toEqual([]);
    }
  });

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
