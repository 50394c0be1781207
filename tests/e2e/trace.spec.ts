/** A run leaves the page as a file and comes back as the same run. */
import { expect, test } from "./decoscope";

test("a saved trace opens again with the same text", async ({ app, page }, testInfo) => {
  await app.open();
  await app.set({ newTokens: 24, seed: 8 });
  await app.run();
  await app.ended();
  const before = await app.result();
  const saved = page.waitForEvent("download");
  await app.trace("Save trace file");
  const path = testInfo.outputPath("run.jsonl.gz");
  await (await saved).saveAs(path);

  await page.reload();
  await page.getByLabel("Trace file").setInputFiles(path);
  await expect(page.locator(".caption")).toContainText("Trace file");
  expect(await app.result()).toEqual(before);
});

test("pictures are saved as SVG and PNG", async ({ app, page }) => {
  // What is drawn onto the canvas of a PNG.
  await page.addInitScript(() => {
    const own = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      if (blob.type === "image/svg+xml") void blob.text().then((text) => (document.title = text));
      return own(blob);
    };
  });
  await app.open();
  for (const [entry, start] of [
    ["Save as SVG", "<svg"],
    ["Save as PNG", "\x89PNG"],
  ] as const) {
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save picture", exact: true }).click();
    await page.getByRole("menuitem", { name: entry, exact: true }).click();
    const stream = await (await saved).createReadStream();
    const [first] = (await stream.take(1).toArray()) as Buffer[];
    expect(first?.toString("latin1").trimStart().slice(0, start.length)).toBe(start);
  }
  // An image loads no files: the faces that the drawing names are in it.
  await expect(page).toHaveTitle(/<style>@font-face \{[^}]*Inter Variable[^}]*data:font\/woff2;base64,/);
});
