/** A link shows the same run to somebody else, and a bad link says what is wrong with it and harms nothing. */
import type { Page } from "@playwright/test";
import { packText } from "../../src/share/compress";
import { Decoscope, expect, test } from "./decoscope";

/** The address that the share dialog makes for one of its choices. */
async function linkOf(page: Page, choice: string): Promise<string> {
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("radio", { name: choice }).click();
  const link = await page.getByTestId("share-link").inputValue();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  return link;
}

test("a link with settings repeats the tokens in a fresh browser context", async ({ app, page, browser }) => {
  await app.open();
  await app.set({
    method: "RSD-C",
    newTokens: 24,
    temperature: 0.9,
    seed: 41,
    prompt: "The cat and the dog",
  });
  await app.run();
  await app.ended();
  const first = await app.result();
  const link = await linkOf(page, "The settings of this run");
  expect(link.length).toBeLessThan(600);

  const context = await browser.newContext();
  const other = new Decoscope(await context.newPage());
  await other.page.goto(link);
  await expect(other.page.getByRole("textbox", { name: "Prompt" })).toHaveValue("The cat and the dog");
  await other.run();
  await other.ended();
  expect(await other.result()).toEqual(first);
  await context.close();
});

test("a link with a trace shows the run without running anything", async ({ app, page, browser }) => {
  await app.open();
  await app.set({ newTokens: 24, seed: 12 });
  await app.run();
  await app.ended();
  const first = await app.result();
  const link = await linkOf(page, "This run, as it is");

  const context = await browser.newContext();
  const other = new Decoscope(await context.newPage());
  await other.page.goto(link);
  await expect(other.page.locator(".caption")).toContainText("Run from a link");
  expect(await other.result()).toEqual(first);
  expect(other.page.workers()).toHaveLength(0);
  await context.close();
});

const settings = (values: unknown): string =>
  `#v1.${packText(new TextEncoder().encode(JSON.stringify(values)))}`;

const bad: readonly [what: string, hash: string, says: RegExp][] = [
  ["of a place there is not", "#hello", /no place called .hello/],
  ["no link of this page", "#hello.world", /expected "v1\."/],
  ["of an unknown version", "#v9999.abcd", /version/],
  ["damaged", "#v1.AAAABBBB", /damaged/],
  ["that asks for the impossible", settings({ method: "no-such-method" }), /method/],
  ["edited by hand", settings({ seed: -5, sampler: { temperature: "hot" } }), /seed|temperature/],
  ["with fields nobody knows", settings({ run: "alert(1)" }), /unknown field/],
];
test("bad links say what is wrong with them and leave a page that runs", async ({ app, page }) => {
  for (const [what, hash, says] of bad) {
    await test.step(what, async () => {
      // A fresh document: going from one fragment to another would not load the page again.
      await page.goto("about:blank");
      await app.open(hash);
      await expect(app.notice.filter({ hasText: says }).first()).toBeVisible();
      await expect(page.getByRole("combobox", { name: "Method" })).not.toHaveValue("");
    });
  }
  await test.step("what is said of a newer address takes the place of what was said of the one before", async () => {
    await page.goto("about:blank");
    await app.open("#hello");
    await expect(app.notice.filter({ hasText: "no place called" })).toBeVisible();
    await page.evaluate(() => (location.hash = "#goodbye"));
    await expect(app.notice.filter({ hasText: /no place called .goodbye/ })).toBeVisible();
    await expect(app.notice.filter({ hasText: /no place called .hello/ })).toHaveCount(0);
  });
  const prompt = '<img src=x onerror="document.title=1">';
  await test.step("markup in a link's prompt stays text", async () => {
    await page.goto("about:blank");
    await app.open(settings({ prompt }));
    await expect(page.getByRole("textbox", { name: "Prompt" })).toHaveValue(prompt);
    await app.set({ newTokens: 8 });
    await app.run();
    await app.ended();
    await expect(page.locator(".text-prompt")).toContainText(prompt);
    expect(await page.title()).toContain("Decoscope");
  });
});
