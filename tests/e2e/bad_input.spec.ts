/** Everything that can be wrong gets one clear message, and the page goes on working. */
import type { Page } from "@playwright/test";
import { type Decoscope, expect, test } from "./decoscope";

/** After whatever went wrong, a plain run must still work. */
async function stillWorks(app: Decoscope): Promise<void> {
  await app.set({ prompt: "Once upon a time", newTokens: 8 });
  await app.run();
  await app.ended();
  await expect(app.error).toHaveCount(0);
}

test("an empty prompt", async ({ app }) => {
  await app.open();
  await app.set({ prompt: "" });
  await app.run();
  await expect(app.error).toHaveAttribute("data-code", "method");
  await expect(app.error).toContainText("prompt is empty");
  await stillWorks(app);
});

test("a prompt longer than the context", async ({ app }) => {
  await app.open();
  await app.set({ prompt: "Once upon a time there was a little dog. ".repeat(60) });
  await app.run();
  await expect(app.error).toBeVisible({ timeout: 60_000 });
  await expect(app.error).toContainText(/\d+ tokens/);
  await expect(app.error).toContainText(/shorter|Shorten/);
  await stillWorks(app);
});

const broken: readonly [what: string, content: string, says: RegExp][] = [
  ["no trace at all", "hello", /expected/i],
  ["a trace from the future", '{"kind":"run_start","version":999}\n', /version/i],
  ["half a trace", '{"kind":"run_start","step":0,"ms":0', /expected/i],
];
for (const [what, content, says] of broken) {
  test(`a trace file that is ${what}`, async ({ app, page }) => {
    await app.open();
    await expect(page.locator(".caption")).toContainText("Recorded run");
    await page.getByLabel("Trace file").setInputFiles({
      name: "run.jsonl",
      mimeType: "application/json",
      buffer: Buffer.from(content),
    });
    await expect(app.error).toHaveAttribute("data-code", "load");
    await expect(app.error).toContainText(says);
    await expect(page.locator(".caption")).toContainText("Recorded run");
    await stillWorks(app);
  });
}

test.describe("a model file", () => {
  const WEIGHTS = "**/models/story-target/model.safetensors";
  const cases: readonly [what: string, spoil: (page: Page) => Promise<unknown>, says: RegExp][] = [
    [
      "that is missing",
      (page) => page.route(WEIGHTS, (route) => route.fulfill({ status: 404, body: "not here" })),
      /404|not found|missing/i,
    ],
    [
      "that was cut off",
      (page) =>
        page.route(WEIGHTS, async (route) => {
          const response = await route.fetch();
          await route.fulfill({ response, headers: {}, body: (await response.body()).subarray(0, 100_000) });
        }),
      /expected/i,
    ],
    [
      "that is an HTML error page",
      (page) =>
        page.route(WEIGHTS, (route) =>
          route.fulfill({
            status: 200,
            contentType: "text/html",
            body: "<!doctype html><title>Sign in</title>",
          }),
        ),
      /HTML|web page|expected/i,
    ],
  ];
  for (const [what, spoil, says] of cases) {
    test(what, async ({ app, page, allowed }) => {
      allowed.push(/Failed to load resource.*404/);
      await spoil(page);
      await app.open();
      await app.run();
      await expect(app.error).toHaveAttribute("data-code", "load", { timeout: 60_000 });
      await expect(app.error).toContainText(says);
      await expect(app.error).toContainText("model.safetensors");
      await page.unroute(WEIGHTS);
      await stillWorks(app);
    });
  }
});

test("a device that is lost mid-run", async ({ app, page }) => {
  // Hands the test the worker's device, as nothing in the page does.
  await page.route(/worker-[\w-]+\.js/, async (route) => {
    const response = await route.fetch();
    const hand = `{const own=GPUAdapter.prototype.requestDevice;GPUAdapter.prototype.requestDevice=async function(...a){return globalThis.testDevice=await own.apply(this,a)}}`;
    await route.fulfill({ response, body: `${hand}\n${await response.text()}` });
  });
  await app.open();
  await app.set({ newTokens: 60 });
  await page.getByRole("button", { name: "One step", exact: true }).click();
  await expect(app.status).toHaveAttribute("data-phase", "paused", { timeout: 60_000 });
  const [worker] = page.workers();
  await worker?.evaluate(() => (globalThis as unknown as { testDevice: GPUDevice }).testDevice.destroy());
  await expect(app.error).toHaveAttribute("data-code", "device_lost");
  expect(await app.tokens.count(), "the trace so far is kept").toBeGreaterThan(0);
  await page.getByRole("button", { name: "Restart the engine", exact: true }).click();
  await app.ended();
  await expect(app.error).toHaveCount(0);
});
