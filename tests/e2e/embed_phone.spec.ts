/** A run inside another page: compact, at any width, in either theme, and with nothing in it that could be run. */
import { createServer } from "node:http";
import AxeBuilder from "@axe-core/playwright";
import type { FrameLocator, Page } from "@playwright/test";
import { packText } from "../../src/share/compress";
import { expect, test } from "./decoscope";

/** What the other site shows; a server of its own, since browsers keep made-up pages away from this machine. */
let body = "";
const host = createServer((_request, response) => {
  response.setHeader("content-type", "text/html");
  response.end(
    `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>A course</title><h1>A course</h1>${body}</html>`,
  );
});
test.beforeAll(() => new Promise<void>((done) => host.listen(0, "127.0.0.1", done)));
test.afterAll(() => new Promise((done) => host.close(done)));

/** Opens a page of another site that has `html` in it. */
async function openHost(page: Page, html: string): Promise<void> {
  body = html;
  const address = host.address();
  await page.goto(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`);
}

const isCompact = async (frame: FrameLocator): Promise<void> => {
  await expect(frame.getByRole("link", { name: "Open in Decoscope" })).toBeVisible();
  await expect(frame.getByRole("button", { name: "Run", exact: true })).toHaveCount(0);
  await expect(frame.getByRole("navigation")).toHaveCount(0);
};

for (const theme of ["light", "dark"] as const)
  test(`the snippet of the share dialog shows the run in a ${theme} frame`, async ({ app, page }, {
    project,
  }) => {
    await app.open();
    await expect(page.locator(".caption")).toContainText("Recorded run");
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await page.getByRole("radio", { name: "This run, as it is" }).click();
    await page.getByRole("combobox", { name: "Theme" }).selectOption(theme);
    await page.getByRole("combobox", { name: "Size" }).selectOption({ index: 0 });
    const html = await page.getByTestId("embed-html").inputValue();
    expect(html).toMatch(/^<iframe src="http:\/\/localhost:\d+\/\?embed&amp;theme=(light|dark)#v1\./);

    await page.emulateMedia({ colorScheme: theme === "light" ? "dark" : "light", reducedMotion: "reduce" });
    await openHost(page, html);
    const frame = page.frameLocator("iframe");
    await isCompact(frame);
    await expect(frame.locator(".caption")).toContainText("Run from a link");
    await expect(frame.locator("html")).toHaveAttribute("data-theme", theme);
    const shown = await frame.getByTestId("token").count();
    await frame.getByRole("button", { name: "Step forward", exact: true }).click();
    await expect.poll(() => frame.getByTestId("token").count()).toBeGreaterThan(shown);
    // A second press on a mark forces its token in the whole page; here it must not.
    await frame.locator(".tree-mark").first().click();
    await frame.locator(".tree-mark").first().click();
    expect(page.workers()).toHaveLength(0);
    const overflow = await frame
      .locator("html")
      .evaluate(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => [
        scrollWidth - clientWidth,
        scrollHeight - clientHeight,
      ]);
    expect(overflow, "pixels that stick out of the frame").toEqual([0, 0]);
    await page.screenshot({ path: `.cache/screenshots/${project.name}-${theme}-embed.png` });
    const { violations } = await new AxeBuilder({ page }).include("iframe").analyze();
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual(
      [],
    );
  });

test("a foreign frame shows the compact page even where nobody asked for it", async ({ page, baseURL }) => {
  await openHost(page, `<iframe src="${baseURL}/#models" title="x" width="360" height="480"></iframe>`);
  const frame = page.frameLocator("iframe");
  await isCompact(frame);
  await expect(frame.locator(".caption")).toContainText("Recorded run");
});

test("a method's recorded run has a short address for frames; one of settings says that it holds no run", async ({
  app,
  page,
}) => {
  await page.goto("/?embed#playground/prophet");
  await expect(page.locator(".caption")).toContainText("Prophet");
  await expect(page.getByRole("link", { name: "Open in Decoscope" })).toHaveAttribute(
    "href",
    /\/#playground\/prophet$/,
  );
  await page.goto("about:blank");
  const settings = packText(new TextEncoder().encode(JSON.stringify({ seed: 3 })));
  await page.goto(`/?embed#v1.${settings}`);
  await expect(app.notice).toContainText("settings and no recording");
  await expect(app.runButton).toHaveCount(0);
});
