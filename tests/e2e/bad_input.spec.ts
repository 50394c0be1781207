/** Everything that can be wrong gets one clear message, and the page goes on working. */
import type { Route } from "@playwright/test";
import { type Decoscope, expect, test } from "./decoscope";

/** After whatever went wrong, a plain run must still work. */
async function stillWorks(app: Decoscope): Promise<void> {
  await app.set({ method: "Autoregressive", prompt: "Once upon a time", newTokens: 8 });
  await app.run();
  await app.ended();
  await expect(app.error).toHaveCount(0);
}

test("prompts that cannot be run", async ({ app }) => {
  await app.open();
  await test.step("an empty one", async () => {
    await app.set({ prompt: "" });
    await app.run();
    await expect(app.error).toHaveAttribute("data-code", "method");
    await expect(app.error).toContainText("prompt is empty");
  });
  await test.step("one longer than the context", async () => {
    await app.set({ prompt: "Once upon a time there was a little dog. ".repeat(60) });
    await app.run();
    await expect(app.error).toContainText(/\d+ tokens/, { timeout: 60_000 });
    await expect(app.error).toContainText(/shorten|shorter/i);
  });
  await stillWorks(app);
});

test("trace files that are none", async ({ app, page }) => {
  await app.open();
  await expect(page.locator(".caption")).toContainText("Recorded run");
  const broken: readonly [what: string, content: string, says: RegExp][] = [
    ["other text", "hello", /expected/i],
    ["a trace from the future", '{"kind":"run_start","version":999}\n', /version/i],
    ["half a line", '{"kind":"run_start","step":0,"ms":0', /expected/i],
    ["nothing", "", /empty|expected/i],
  ];
  for (const [what, content, says] of broken) {
    await test.step(what, async () => {
      await page.getByLabel("Trace file").setInputFiles({
        name: "run.jsonl",
        mimeType: "application/json",
        buffer: Buffer.from(content),
      });
      await expect(app.error).toHaveAttribute("data-code", "load");
      await expect(app.error).toContainText(says);
      await expect(page.locator(".caption"), "the stage stays as it was").toContainText("Recorded run");
      await page.getByRole("button", { name: "Dismiss", exact: true }).click();
    });
  }
});

test("model files that are missing, cut off, or a web page", async ({ app, page, allowed }) => {
  allowed.push(/Failed to load resource.*404/);
  const weights = "**/models/story-target/model.safetensors";
  const cases: readonly [what: string, spoil: (route: Route) => Promise<void>, says: RegExp][] = [
    ["missing", (route) => route.fulfill({ status: 404, body: "not here" }), /404|not found|missing/i],
    [
      "cut off",
      async (route) => {
        const whole = await (await route.fetch()).body();
        await route.fulfill({ status: 200, body: whole.subarray(0, 100_000) });
      },
      /expected/i,
    ],
    [
      "an HTML error page",
      (route) =>
        route.fulfill({
          status: 200,
          contentType: "text/html",
          body: "<!doctype html><title>Sign in</title>",
        }),
      /expected|HTML|web page/i,
    ],
  ];
  await app.open();
  for (const [what, spoil, says] of cases) {
    await test.step(what, async () => {
      await page.route(weights, spoil);
      await app.run();
      await expect(app.error).toHaveAttribute("data-code", "load", { timeout: 60_000 });
      await expect(app.error).toContainText(says);
      await expect(app.error).toContainText("model.safetensors");
      await page.getByRole("button", { name: "Dismiss", exact: true }).click();
      await page.unroute(weights);
    });
  }
  await stillWorks(app);
});

test("a device that is lost mid-run", async ({ app, page }) => {
  // Hands the test the worker's device, as nothing in the page does.
  await page.route(/worker-[\w-]+\.js/, async (route) => {
    const response = await route.fetch();
    const hand =
      "{const own=GPUAdapter.prototype.requestDevice;GPUAdapter.prototype.requestDevice=" +
      "async function(...a){return globalThis.testDevice=await own.apply(this,a)}}";
    await route.fulfill({ response, body: `${hand}\n${await response.text()}` });
  });
  await app.open();
  await app.set({ method: "Autoregressive", newTokens: 60 });
  await page.getByRole("button", { name: "One step", exact: true }).click();
  await expect(page.getByTestId("step-count")).toHaveText(/^1 \/ 1$/);
  const [worker] = page.workers();
  await worker?.evaluate(() => (globalThis as unknown as { testDevice: GPUDevice }).testDevice.destroy());
  await expect(app.error).toHaveAttribute("data-code", "device_lost");
  expect(await app.tokens.count(), "the trace so far is kept").toBeGreaterThan(0);
  await page.getByRole("button", { name: "Restart the engine", exact: true }).click();
  await app.ended();
  await expect(app.error).toHaveCount(0);
});
