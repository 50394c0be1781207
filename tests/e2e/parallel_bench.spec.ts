/** ParallelBench on the visitor's own device: chosen, measured, stopped, drawn. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./decoscope";

test("tasks and strategies are measured here, and what was measured stays when it is stopped", async ({
  app,
  page,
}) => {
  await app.open("#benchmarks");
  await page.getByRole("link", { name: "Measure ParallelBench on this device" }).click();
  await page.getByLabel("Problems a task").selectOption("3");
  const off = [
    ...["reverse", "sort", "replace at a place", "insert at a place", "remove at a place"],
    ...["insert anywhere", "remove anywhere"],
  ];
  for (const name of off) await page.getByRole("button", { name, exact: true }).click();
  const progress = page.getByTestId("bench-progress");
  await page.getByRole("button", { name: "Measure", exact: true }).click();
  await expect(progress).toContainText(/^\d+ of 63 answers/);
  const result = page.getByTestId("result-parallelbench-here");
  await expect(result.getByRole("cell", { name: "low confidence, 2 a step", exact: true })).toBeVisible({
    timeout: 180_000,
  });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(progress).toContainText("Stopped");
  await expect(result.getByTestId("chart").first().locator(".chart-frame svg").first()).toContainText(
    "Tokens per step",
  );
  await expect(result.getByTestId("chart").filter({ hasText: "must lose" })).toContainText("bits");
  await expect(page.getByRole("button", { name: "Measure", exact: true })).toBeEnabled();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual([]);
});
