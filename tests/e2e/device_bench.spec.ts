/** The device itself as a benchmark: measured part by part, stopped, copied. */
import { expect, test } from "./decoscope";

test("this device is measured part by part, and what was measured can be copied when it is stopped", async ({
  app,
  context,
  page,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await app.open("#benchmarks");
  await page.getByRole("link", { name: "Measure this device" }).click();
  await page.getByRole("combobox", { name: "Model", exact: true }).selectOption("story-draft");
  await page.getByRole("button", { name: "Measure", exact: true }).click();
  const progress = page.getByTestId("bench-progress");
  await expect(progress).toContainText("2 of 9 parts", { timeout: 60_000 });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(progress).toContainText("Stopped");
  const result = page.getByTestId("result-this-device");
  await expect(result).toContainText("A software adapter");
  await expect(result.getByRole("row", { name: /^Prompt read, 255 tokens/ })).toContainText("tokens/s");
  await page.getByRole("button", { name: "Copy as JSON" }).click();
  await expect(page.getByText("Copied as JSON.")).toBeVisible();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as { id: string };
  expect(copied.id).toBe("this-device");
});
