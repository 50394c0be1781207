/** No violation that axe can find, in both themes, at both widths. */
import AxeBuilder from "@axe-core/playwright";
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
}
