/** The places beside the playground: by link, address and back button; cards that open their run; results that are drawn. */
import { sampleBenchmark } from "../helpers/sample_benchmark";
import { expect, test } from "./decoscope";

test("filters narrow the gallery and say so when nothing is left", async ({ app, page }) => {
  await app.open("#gallery");
  await expect(page).toHaveTitle(/^Gallery/);
  const count = page.locator(".gallery-count");
  const all = await count.textContent();
  await page.getByRole("button", { name: "Denoising", exact: true }).click();
  await expect(count).not.toHaveText(all ?? "");
  await page.getByRole("button", { name: "Exact", exact: true }).click();
  await expect(page.getByText("No method fits all of that.")).toBeVisible();
  await page.getByRole("button", { name: "Show all methods" }).click();
  await expect(count).toHaveText(all ?? "");
});

test("an address opens a card, and one that leads nowhere says so", async ({ app, page }) => {
  await app.open("#gallery/rsd-s");
  await expect(page.getByTestId("card-rsd-s")).toBeInViewport();
  await page.goto("about:blank");
  await app.open("#playground/no-such-method");
  await expect(app.notice).toContainText("no method called");
});

test("a run goes on while one looks elsewhere", async ({ app, page }) => {
  await app.open();
  await app.set({ method: "Autoregressive", newTokens: 24 });
  await app.run();
  await expect(app.tokens.first()).toBeVisible({ timeout: 60_000 });
  await page.getByRole("link", { name: "Models", exact: true }).click();
  await expect(page.getByRole("heading", { name: "About these models" })).toBeVisible();
  await expect(app.status).toHaveAttribute("data-phase", "idle", { timeout: 60_000 });
  await page.goBack();
  await app.ended();
  expect(await app.tokens.count()).toBeGreaterThan(10);
});

test("the Models place says what the GPU holds: nothing, then a run's weights, cache and scratch, then the weights", async ({
  app,
  page,
}) => {
  await app.open("#models");
  await expect(page.getByTestId("memory-empty")).toContainText("No model is loaded");
  await page.getByRole("link", { name: "Playground", exact: true }).click();
  await app.set({ method: "Autoregressive", newTokens: 24 });
  await page.getByRole("button", { name: "One step", exact: true }).click();
  await expect(app.status).toHaveAttribute("data-phase", "paused", { timeout: 60_000 });
  await page.getByRole("link", { name: "Models", exact: true }).click();
  const now = page.getByTestId("memory-now");
  for (const use of ["weights", "cache", "scratch", "params", "staging"])
    await expect(now.getByTestId(`memory-${use}`)).toBeVisible();
  const bytesOf = async (testId: string) => Number(await page.getByTestId(testId).getAttribute("data-bytes"));
  const uses = await now
    .locator("[data-testid^=memory-][data-bytes]")
    .evaluateAll((items) => items.map((item) => Number(item.getAttribute("data-bytes"))));
  expect(uses.reduce((a, b) => a + b, 0)).toBe(await bytesOf("memory-now"));
  expect(await bytesOf("memory-of-story-target")).toBeGreaterThan(1e6);
  await expect(page.getByTestId("loaded-story-target")).toContainText("On the GPU now");
  await page.goBack();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await app.ended();
  await page.goForward();
  await expect(now.getByTestId("memory-cache")).toHaveCount(0);
  await expect(now.getByTestId("memory-weights")).toBeVisible();
  await expect(page.getByTestId("memory-most").getByTestId("memory-cache")).toBeVisible();
});

test("benchmarks draw the files there are", async ({ app, page }) => {
  await page.route("**/benchmarks/index.json", (route) =>
    route.fulfill({ json: { results: ["sample", "bad"] } }),
  );
  await page.route("**/benchmarks/sample.json", (route) => route.fulfill({ json: sampleBenchmark }));
  await page.route("**/benchmarks/bad.json", (route) => route.fulfill({ json: { format: 99 } }));
  await app.open("#benchmarks");
  const result = page.getByTestId("result-sample");
  await expect(result.getByTestId("chart")).toHaveCount(sampleBenchmark.charts.length);
  const lines = result.getByTestId("chart").filter({ hasText: "Lines with intervals" });
  const drawing = lines.locator(".chart-frame svg").first();
  await expect(drawing).toContainText("Time of a round (ms)");
  await expect(drawing).toContainText("plain decoding");
  await expect(lines.getByRole("list", { name: "Series" })).toContainText("RSD-C");
  await lines.getByText("Numbers of this chart").click();
  await expect(lines.getByRole("cell", { name: "RSD-S" })).toHaveCount(3);
  await expect(result).toContainText("software adapter");
  await expect(result.getByRole("cell", { name: "RSD-S" }).last().getByRole("link")).toHaveAttribute(
    "href",
    "#gallery/rsd-s",
  );
  await expect(page.getByRole("alert"), "a file of another format").toContainText(
    /bad\.json does not fit.*format/,
  );

  await lines.getByRole("button", { name: /^Save picture/ }).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Save as SVG" }).click();
  expect((await saved).suggestedFilename()).toBe("decoscope-sample-1.svg");
});

test("without results the page says which command makes them", async ({ app, page }) => {
  await page.route("**/benchmarks/index.json", (route) => route.fulfill({ json: { results: [] } }));
  await app.open("#benchmarks");
  await expect(page.getByTestId("not-measured")).toContainText(/npm run|docs\/benchmarks\.md/);
});

test("model cards say what was trained on what", async ({ app, page }) => {
  await app.open("#models");
  const model = page.getByTestId("model-story-target");
  await expect(model).toContainText("Apache-2.0");
  await model.getByText("Model card").click();
  await expect(model).toContainText("bits per byte");
  await expect(model).toContainText("CDLA-Sharing-1.0");
});
