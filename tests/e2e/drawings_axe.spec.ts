/** No violation that axe can find in any drawing; themes and widths take turns, for drawings differ little in them. */
import { expect, test, violationsOf } from "./decoscope";

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
/** One method of every kind of run. */
const RUNS = [
  ["rsd-s", "light", DESK],
  ["remdm", "dark", PHONE],
  ["recurrent", "dark", DESK],
  ["mor", "light", PHONE],
  ["depth-wavefront", "dark", PHONE],
] as const;

for (const [method, colorScheme, viewport] of RUNS)
  test(`axe finds nothing in any drawing of ${method}`, async ({ app, page }) => {
    await page.setViewportSize(viewport);
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
