/** No violation that axe can find, in both themes, at both widths. */
import AxeBuilder from "@axe-core/playwright";
import { sampleBenchmark } from "../helpers/sample_benchmark";
import { expect, test } from "./decoscope";

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in the ${colorScheme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await app.open();
    await expect(page.locator(".caption")).toContainText("Recorded run");
    const check = async (state: string): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
      expect(found, state).toEqual([]);
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

  test(`axe finds nothing in other places in the ${colorScheme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.route("**/benchmarks/index.json", (route) => route.fulfill({ json: { results: ["sample"] } }));
    await page.route("**/benchmarks/sample.json", (route) => route.fulfill({ json: sampleBenchmark }));
    const check = async (place: string): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
      expect(found, place).toEqual([]);
    };
    await app.open("#gallery");
    await expect(page.getByRole("img", { name: /./ }).first()).toBeVisible();
    await check("gallery");
    await app.open("#benchmarks");
    await expect(page.locator(".chart-frame svg").first()).toBeVisible();
    await check("benchmarks");
    await app.open("#models");
    await page.getByText("Model card").first().click();
    await expect(page.getByText("bits per byte").first()).toBeVisible();
    await check("models");
  });
}
