/** The page without a network, after one visit; and the policy that keeps it from running or fetching what is not its own. */
import { expect, test } from "./decoscope";

test.describe("after a first visit", () => {
  test.use({ serviceWorkers: "allow" });

  test("the page opens and decodes without a network", async ({ app, page, context }) => {
    await app.open();
    const status = page.getByTestId("offline-status").filter({ visible: true });
    await expect(status).toContainText(/storing for offline, \d+ of \d+|offline ready/, { timeout: 120_000 });
    await expect(status).toHaveText("offline ready", { timeout: 120_000 });
    await page.getByRole("button", { name: "Help", exact: true }).click();
    await expect(page.getByTestId("offline")).toContainText("works without a network", { timeout: 120_000 });
    await page.keyboard.press("Escape");
    await context.setOffline(true);
    await page.reload();
    await expect(page.locator(".caption")).toContainText("Recorded run");
    await app.set({ newTokens: 12 });
    await app.run();
    await app.ended();
    await app.toEnd();
    await expect(page.getByTestId("metric-tokens")).toHaveText("12");
    // Other places were not visited before.
    await page.getByRole("link", { name: "Gallery", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Gallery", exact: true })).toBeVisible();
    await expect(page.locator(".card-picture svg").first()).toBeVisible();
  });
});

test("the policy stops scripts in the page and addresses of others", async ({ page, app, allowed }) => {
  allowed.push(/Content Security Policy/i, /Refused to/i, /violates/i);
  await app.open();
  const policy = page.locator('meta[http-equiv="Content-Security-Policy"]');
  expect(await policy.getAttribute("content")).not.toContain("unsafe-eval");
  const done = await page.evaluate(async () => {
    const flags = globalThis as unknown as Record<string, unknown>;
    const script = document.createElement("script");
    script.textContent = "globalThis.inlineRan = true";
    document.head.append(script);
    const address = document.createElement("script");
    address.src = "data:text/javascript,globalThis.addressRan=true";
    document.head.append(address);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const fetched = await fetch("https://example.org/").then(
      () => true,
      () => false,
    );
    return { inline: flags["inlineRan"] === true, address: flags["addressRan"] === true, fetched };
  });
  expect(done).toEqual({ inline: false, address: false, fetched: false });
});

test("an address that leads nowhere leads home", async ({ page }) => {
  await page.goto("/404.html");
  await page.getByRole("link", { name: "Open Decoscope" }).click();
  await expect(page.getByRole("heading", { name: "Decoscope" })).toBeVisible();
});
