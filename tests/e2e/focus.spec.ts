/** Where the focus goes when what had it gives way. */
import { expect, test } from "./decoscope";

test("a dialog that closes gives the focus back to what opened it", async ({ app, page }) => {
  await app.open();
  for (const name of ["Share", "Help"]) {
    const opener = page.getByRole("button", { name, exact: true });
    await opener.focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(opener, name).toBeFocused();
  }
});

test("after one step the next press is for the next step, and Run keeps the focus", async ({ app, page }) => {
  await app.open();
  const oneStep = page.getByRole("button", { name: "One step", exact: true });
  await oneStep.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("step-count")).toHaveText(/^1 \/ 1$/);
  await expect(page.getByRole("button", { name: "Step forward" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("step-count")).toHaveText(/^2 \/ 2$/);
  await app.runButton.focus();
  await page.keyboard.press("Enter");
  await app.ended();
  await expect(app.runButton).toBeFocused();
});
