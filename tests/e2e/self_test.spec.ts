/**
 * A device that calculates wrongly, as a visitor meets it. The fault is put into the driver, under everything of ours: a GPU by
 * name, whose subgroup sums are one percent too large. What notices it, and what is said and done then, is the page itself.
 */
import { expect, test } from "./decoscope";

/** Runs in the worker before its own script. */
function breakDriver(): void {
  const { gpu } = navigator as unknown as {
    gpu: { requestAdapter: (...options: unknown[]) => Promise<object | null> };
  };
  const request = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (...options) => {
    const adapter = await request(...options);
    if (!adapter) return null;
    const info = { vendor: "acme", architecture: "faulty", device: "", description: "" };
    const { subgroupMinSize, subgroupMaxSize } = (adapter as { info: Record<string, unknown> }).info;
    Object.defineProperty(adapter, "info", { value: { ...info, subgroupMinSize, subgroupMaxSize } });
    return adapter;
  };
  interface Module {
    readonly code: string;
  }
  const { prototype } = (
    globalThis as unknown as { GPUDevice: { prototype: { createShaderModule: (module: Module) => object } } }
  ).GPUDevice;
  const create = prototype.createShaderModule;
  prototype.createShaderModule = function (module) {
    const isProduct = module.code.includes("fn total4(");
    const code = isProduct ? module.code.replaceAll("subgroupAdd(", "1.01 * subgroupAdd(") : module.code;
    return create.call(this, { ...module, code });
  };
}

test("kernels that calculate wrongly are noticed, named, and not used", async ({ app, page }) => {
  await page.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    // Imports go before everything else wherever they stand; the engine opens its device only when it is asked to.
    await route.fulfill({ response, body: `${await response.text()}\n(${breakDriver.toString()})();` });
  });
  await app.open();
  await app.set({
    method: "Autoregressive",
    newTokens: 6,
    temperature: 0,
    prompt: "Once upon a time, there was a little",
  });
  await app.run();
  await expect(app.notice.filter({ hasText: "calculates wrongly" }).first()).toContainText(
    /This browser calculates wrongly with subgroup operations \(a product with 1 row, .*\); kernels do without\./,
    { timeout: 200_000 },
  );
  await expect(page.locator(".caption")).toContainText("Live run", { timeout: 200_000 });
  await expect(app.status).toHaveAttribute("data-phase", "idle", { timeout: 200_000 });
  expect((await app.result()).text).toContain("girl");
});
