/** A run that fills a canvas, as a visitor uses it: gaps in the prompt, positions, map, curves, a branch. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./decoscope";

const CELL = '[data-testid="cell"]';

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

test("a prompt with gaps is filled in, looked at and branched", async ({ app, page }, { project }) => {
  await app.open();
  await test.step("the gaps are counted, and set", async () => {
    await app.set({ prompt: "Once upon a _ there was a __" });
    await app.set({ method: "Low-confidence remasking", newTokens: 8, temperature: 0 });
    await expect(page.getByTestId("blanks")).toContainText("2 blanks with 1 and 2 positions to fill in");
    const size = page.getByRole("textbox", { name: "Positions a blank, value", exact: true });
    await size.fill("2");
    await size.press("Enter");
    await expect(page.getByRole("textbox", { name: "Prompt" })).toHaveValue("Once upon a __ there was a __");
  });
  await test.step("every position ends as a token, the given ones as they were", async () => {
    await app.run();
    await app.ended();
    await app.toEnd();
    await expect(page.locator(`${CELL}[data-state="given"]`)).toHaveText([" there", " was", " a"]);
    await expect(page.locator(`${CELL}[data-state="masked"], ${CELL}[data-state="candidate"]`)).toHaveCount(
      0,
    );
    await expect(page.getByTestId("metric-tokens")).toHaveText("5");
    await expect(page.getByTestId("metric-steps")).toHaveText("5 of 5");
    await expect(page.getByTestId("metric-row-share")).toContainText("100");
  });
  await test.step("the first step shows masks with what they would be", async () => {
    await app.timeline.press("Home");
    await expect(page.locator(`${CELL}[data-state="masked"]`)).toHaveCount(5);
    await app.timeline.press("ArrowRight");
    await expect(page.locator(`${CELL}[data-state="candidate"]`)).toHaveCount(4);
    await expect(page.locator(`${CELL}[data-state="committed_now"]`)).toHaveCount(1);
    await expect(page.getByTestId("announcer")).toContainText("Step 1: committed");
  });
  await test.step("arrow keys go over positions and steps, and the inspector follows", async () => {
    const cells = page.locator(CELL);
    await cells.first().focus();
    await page.keyboard.press("ArrowRight");
    await expect(cells.nth(1)).toBeFocused();
    await expect(page.getByTestId("inspected")).toContainText("position 5");
    await page.keyboard.press("ArrowDown");
    await expect(page.getByTestId("step-count")).toHaveText(/^2 \//);
  });
  await test.step("the map leads to a step, the curves are drawn", async () => {
    await page.getByRole("tab", { name: "Map" }).click();
    await page.getByLabel("What the map shows").selectOption("entropy");
    await expect(page.getByTestId("view-denoised")).toContainText("nats");
    const cursor = page.getByTestId("map-cursor");
    await cursor.focus();
    await page.keyboard.press("ArrowDown");
    await expect(page.getByTestId("step-count")).toHaveText(/^3 \//);
    await page.getByRole("tab", { name: "Curves" }).click();
    await expect(page.getByTestId("view-scores")).toContainText("row-layers");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: `.cache/screenshots/${project.name}-${colorScheme}-canvas.png` });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual(
        [],
      );
    }
  });
  await test.step("another token of the list is forced, and the run before is kept", async () => {
    await app.timeline.press("Home");
    await app.timeline.press("ArrowRight");
    const masked = page.locator(`${CELL}[data-state="candidate"]`).first();
    await masked.click();
    const other = page.locator(".token-force").nth(2);
    const text = (await other.textContent()) ?? "";
    await other.click();
    await app.ended();
    await expect(page.getByTestId("branches")).toContainText("First run");
    await expect(page.locator(`${CELL}[data-state="forced"]`)).toHaveText(text.replace("\u00b7", " "));
    await expect(app.error).toHaveCount(0);
  });
});
