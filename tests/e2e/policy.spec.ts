/** The policy that keeps the page from running or fetching what is not its own, and addresses that lead nowhere. */
import { expect, test } from "./decoscope";

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

test.fail("what the policy stops fails any test", async ({ browser }) => {
  const page = await browser.newPage();
  await page.goto("/");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.inlineRan = true";
    document.head.append(script);
  });
  await page.close();
});

test("an address that leads nowhere leads home", async ({ page }) => {
  await page.goto("/404.html");
  await page.getByRole("link", { name: "Open Decoscope" }).click();
  await expect(page.getByRole("heading", { name: "Decoscope" })).toBeVisible();
});
