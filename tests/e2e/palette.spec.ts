/** The command palette by keyboard alone: a method by its paper's author, a problem, a place, and nothing found. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./decoscope";

test("a method is found by its author and opened without a pointer", async ({ app, page }) => {
  await app.open();
  await expect(page.locator(".caption")).toContainText("Recorded run");
  await page.keyboard.press("Control+k");
  const input = page.getByRole("combobox", { name: "What to do" });
  await expect(input).toBeFocused();
  await input.fill("zzzz");
  await expect(page.getByTestId("palette")).toContainText("Nothing of that name");
  await input.fill("Vosoughi");
  await expect(page.getByRole("option")).toHaveText([/^Prophet/]);
  await expect(page.getByRole("option")).toHaveAttribute("aria-selected", "true");
  const { violations } = await new AxeBuilder({ page }).include(".palette").analyze();
  expect(violations.map((v) => v.id)).toEqual([]);
  await page.keyboard.press("Enter");
  await expect(page.locator(".caption")).toContainText("Prophet");
  await page.keyboard.press("Control+k");
  await input.fill("sudoku");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox", { name: "Task" }).locator(":checked")).toHaveText("Sudoku 4 x 4");
  await page.keyboard.press("Control+k");
  await input.fill("gallery");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Gallery", exact: true })).toBeVisible();
});
