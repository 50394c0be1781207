/**
 * Every method in the menu runs, steps and is cancelled; at temperature 0 all of them write the same text.
 * A page compiles its kernels once, which on a software adapter takes most of a test: so tests are few and do much.
 */
import { textMethods as methods } from "../../src/decoding/index";
import { expect, test } from "./decoscope";

for (const method of methods) {
  test(`${method.label} runs to its end, goes step by step, and is cancelled`, async ({ app, page }) => {
    await app.open();
    await test.step("to the end", async () => {
      // Settings of one's own are kept: without them the method would bring its example.
      await app.set({ prompt: "Once upon a time" });
      await app.set({ method: method.label, newTokens: 24, seed: 5 });
      await app.run();
      await app.ended();
      await app.toEnd();
      await expect(page.getByTestId("metric-tokens")).toHaveText("24");
      await expect(page.getByTestId("token-hash")).toHaveText(/^[0-9a-f]{8}$/);
      await expect(app.tokens).toHaveCount(24);
    });
    await test.step("one step, another, and no further", async () => {
      await app.set({ newTokens: 60 });
      await page.getByRole("button", { name: "One step", exact: true }).click();
      const count = page.getByTestId("step-count");
      await expect(count).toHaveText(/^1 \/ 1$/);
      await expect(app.status).toHaveAttribute("data-phase", "paused");
      await page.getByRole("button", { name: "Step forward", exact: true }).click();
      await expect(count).toHaveText(/^2 \/ 2$/);
      await page.getByRole("button", { name: "Cancel", exact: true }).click();
      await app.ended();
      await app.toEnd();
      await expect(page.getByTestId("end-reason")).toHaveText("cancelled");
    });
    await expect(app.error).toHaveCount(0);
  });
}

test("at temperature 0 every method writes the greedy text", async ({ app }) => {
  await app.open();
  await app.set({ prompt: "Once upon a time" });
  const texts: string[] = [];
  for (const method of methods) {
    await app.set({ method: method.label, newTokens: 24, temperature: 0 });
    await app.run();
    await app.ended();
    texts.push((await app.result()).text);
  }
  expect(new Set(texts).size, texts.join("\n")).toBe(1);
  expect(texts[0]?.length).toBeGreaterThan(20);
});

test("the same seed gives the same tokens, another seed others", async ({ app }) => {
  await app.open();
  const hashes: string[] = [];
  for (const seed of [1, 1, 2]) {
    await app.set({ newTokens: 24, temperature: 0.8, seed });
    await app.run();
    await app.ended();
    hashes.push((await app.result()).hash);
  }
  expect(hashes[1]).toBe(hashes[0]);
  expect(hashes[2]).not.toBe(hashes[0]);
});
