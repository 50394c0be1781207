/** Methods of recurrent depth run, step, draw and are cancelled, on one page: kernels are compiled once. */
import { depthMethods } from "../../src/decoding/index";
import { expect, test } from "./decoscope";

test("recurrent depth, wavefront, self-speculation and mixture of recursions run and are drawn", async ({
  app,
  page,
}) => {
  test.setTimeout(600_000);
  expect(depthMethods.map(({ id }) => id)).toEqual([
    "recurrent",
    "depth-wavefront",
    "self-speculation",
    "mor",
  ]);
  await app.open();
  await app.set({ prompt: "Once upon a time" });
  for (const method of depthMethods) {
    await test.step(`${method.label} to the end`, async () => {
      await app.set({ method: method.label, newTokens: 16, temperature: 0 });
      await app.run();
      await app.ended();
      const { hash } = await app.result();
      expect(hash).toMatch(/^[0-9a-f]{8}$/);
      await expect(app.tokens).toHaveCount(16);
      await expect(page.getByRole("tab").first()).toHaveAttribute("aria-selected", "true");
      await expect(page.getByRole("tabpanel").locator("svg").first()).toBeVisible();
    });
    await test.step(`${method.label}: one step, and no further`, async () => {
      await app.set({ newTokens: 40 });
      await page.getByRole("button", { name: "One step", exact: true }).click();
      await expect(page.getByTestId("step-count")).toHaveText(/^1 \/ 1$/);
      await page.getByRole("button", { name: "Cancel", exact: true }).click();
      await app.ended();
      await app.toEnd();
      await expect(page.getByTestId("end-reason")).toHaveText("cancelled");
    });
    await expect(app.error).toHaveCount(0);
  }
  await test.step("a mixture whose tokens choose their depth", async () => {
    await page.getByRole("combobox", { name: "Model", exact: true }).selectOption("story-mor-token");
    await app.set({ newTokens: 8, temperature: 0 });
    await app.run();
    await app.ended();
    await expect(app.tokens).toHaveCount(8);
    await expect(page.getByTestId("view-depth")).toContainText("Once");
    await expect(app.error).toHaveCount(0);
  });
});
