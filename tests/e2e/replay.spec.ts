/** A run leaves the page as one HTML file that replays it anywhere: from a disk, without a network, without WebGPU. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import type { Browser, Page } from "@playwright/test";
import { Decoscope, expect, test } from "./decoscope";

/** Saves the run on the stage and returns where. */
async function save(page: Page, path: string): Promise<void> {
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("radio", { name: "This run, as it is" }).click();
  await expect(page.getByTestId("replay-size")).toHaveText(/^\d+ kB: [\d.]+ kB of recording/);
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as HTML file" }).click();
  await (await saved).saveAs(path);
  await page.getByRole("button", { name: "Close", exact: true }).click();
}

interface Opened {
  readonly replay: Decoscope;
  readonly close: () => Promise<void>;
  /** What the page asked for beside itself, and what it complained of. */
  readonly asked: readonly string[];
  readonly errors: readonly string[];
}

/** Opens a saved file as somebody would who got it by mail, in a browser that never heard of WebGPU. */
async function openFile(
  browser: Browser,
  path: string,
  size = { width: 1440, height: 900 },
): Promise<Opened> {
  const context = await browser.newContext({ offline: true, viewport: size, reducedMotion: "reduce" });
  await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
  const page = await context.newPage();
  const address = pathToFileURL(path).href;
  const asked: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("data:")) asked.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  await page.goto(address);
  return { replay: new Decoscope(page), close: () => context.close(), asked, errors };
}

test("a saved run replays from a disk, and comes back into the page", async ({
  app,
  page,
  browser,
}, testInfo) => {
  await app.open();
  await expect(page.locator(".caption")).toContainText("Recorded run");
  const before = await app.result();
  await app.timeline.press("Home");
  await app.timeline.press("ArrowRight");
  await app.timeline.press("ArrowRight");
  const path = testInfo.outputPath("run.html");
  await save(page, path);

  const { replay, close, asked, errors } = await openFile(browser, path);
  await expect(replay.page.getByTestId("step-count"), "opens at the step that was shown").toHaveText(
    /^2 \/ /,
  );
  const steps = await replay.tokens.count();
  await replay.page.getByRole("button", { name: "Step forward", exact: true }).click();
  await expect.poll(() => replay.tokens.count()).toBeGreaterThan(steps);
  expect(await replay.result()).toEqual(before);
  await expect(replay.runButton).toHaveCount(0);
  await expect(replay.page.getByTestId("about-file")).toContainText("no network");
  await expect(replay.page.getByRole("link", { name: "Open in Decoscope" })).toHaveAttribute(
    "href",
    /^http:\/\/localhost:\d+\/#v1\.[\w-]+$/,
  );
  for (const { name } of [{ name: "All steps" }, { name: "Time" }]) {
    await replay.page.getByRole("tab", { name }).click();
    await expect(replay.page.locator(".view-frame svg").first()).toBeVisible();
  }
  const { violations } = await new AxeBuilder({ page: replay.page }).analyze();
  expect(violations.map((v) => v.id)).toEqual([]);
  expect(asked).toEqual([]);
  expect(errors).toEqual([]);
  await close();

  await page.reload();
  await page.getByLabel("Trace file").setInputFiles(path);
  await expect(page.locator(".caption")).toContainText("run.html");
  expect(await app.result()).toEqual(before);
});

test("texts of a trace stay text in the file", async ({ app, page, browser }, testInfo) => {
  const evil = '</script><script>document.title="hacked"</script><img src=x onerror="document.title=1"><!--';
  const lines = readFileSync("public/recordings/first-run.jsonl", "utf8").split("\n");
  const start = JSON.parse(lines[0] ?? "") as { prompt: string };
  lines[0] = JSON.stringify({ ...start, prompt: evil });
  const trace = testInfo.outputPath("evil.jsonl");
  const path = testInfo.outputPath("evil.html");
  writeFileSync(trace, lines.join("\n"));
  await app.open();
  await page.getByLabel("Trace file").setInputFiles(trace);
  await expect(page.locator(".caption")).toContainText("evil.jsonl");
  await save(page, path);
  expect(readFileSync(path, "utf8")).not.toContain("hacked");

  const { replay, close, asked, errors } = await openFile(browser, path, { width: 390, height: 844 });
  await expect(replay.page.locator(".text-prompt")).toHaveText(evil);
  expect(await replay.page.title()).toContain("Decoscope");
  expect(await replay.page.evaluate(() => document.querySelectorAll("img").length)).toBe(0);
  expect(asked).toEqual([]);
  expect(errors).toEqual([]);
  await close();
});

test("its policy lets nothing else run or be fetched", async ({ browser, app, page, allowed }, testInfo) => {
  allowed.push(/Content Security Policy/);
  await app.open();
  await expect(page.locator(".caption")).toContainText("Recorded run");
  const path = testInfo.outputPath("run.html");
  await save(page, path);
  const { replay, close, errors } = await openFile(browser, path);
  const tried = await replay.page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'hacked'";
    document.body.append(script);
    const isFetched = await fetch("data:text/plain,x").then(
      () => true,
      () => false,
    );
    return { isFetched, title: document.title };
  });
  expect(tried.isFetched).toBe(false);
  expect(tried.title).not.toBe("hacked");
  expect(errors.join("\n")).toMatch(/Content Security Policy/);
  await close();
});

test("a file saved by the first version opens by itself and in the page", async ({ app, page, browser }) => {
  const frozen = "tests/fixtures/replays/format1-trace1.html";
  const { replay, close, asked, errors } = await openFile(browser, resolve(frozen));
  await expect(replay.page.getByTestId("step-count")).toHaveText(/^4 \/ 7/);
  const there = await replay.result();
  expect([asked, errors]).toEqual([[], []]);
  await close();

  await app.open();
  await page.getByLabel("Trace file").setInputFiles(frozen);
  await expect(page.locator(".caption")).toContainText("format1-trace1.html");
  expect(await app.result()).toEqual(there);
});
