/** What was chosen in the drawing: beside it on a desk, right under it on a phone. */
import { expect, test } from "./decoscope";

test("a tapped node is explained where it can be seen", async ({ app, page }, { project }) => {
  await app.open("#playground/rsd-s");
  const chosen = page.getByTestId("chosen-here");
  const node = page.locator('.tree-mark[data-state="rejected"]').first();
  await expect(node).toBeVisible();
  await expect(chosen).toHaveCount(0);
  await node.click();
  const isPhone = project.name === "phone";
  const place = isPhone ? chosen : page.getByRole("region", { name: "Inspector" });
  await expect(place.getByTestId("verdict")).toHaveText("rejected");
  await expect(page.getByTestId("acceptance-test"), "it stands in one place only").toHaveCount(1);
  if (!isPhone) {
    await expect(chosen).toHaveCount(0);
    return;
  }
  const [drawing, details, window] = [
    (await node.boundingBox())!,
    (await chosen.boundingBox())!,
    page.viewportSize()!,
  ];
  expect(details.y).toBeGreaterThan(drawing.y);
  expect(details.x + details.width).toBeLessThanOrEqual(window.width);
  // Both on the first screen, the explanation not over the node; the transport at hand as well.
  expect(drawing.y + drawing.height).toBeLessThanOrEqual(details.y);
  expect(details.y + details.height).toBeLessThanOrEqual(window.height);
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeInViewport({ ratio: 1 });
  await expect(app.timeline).toBeInViewport();
  await chosen.getByRole("button", { name: "Let go of what is chosen" }).click();
  await expect(chosen).toHaveCount(0);
});

test("numbers, signs and controls explain themselves when pointed at, focused or held", async ({
  app,
  page,
}, { project }) => {
  await app.open("#playground/rsd-s");
  const sign = page.getByRole("list", { name: "How tokens came to be" }).getByText("accepted draft");
  const says = page.getByTestId("explanation");
  await expect(says).toHaveCount(0);
  if (project.name === "phone") {
    const { x, y } = (await sign.boundingBox())!;
    const touch = (type: string) =>
      sign.dispatchEvent(type, { pointerType: "touch", clientX: x + 5, clientY: y + 5, bubbles: true });
    await touch("pointerdown");
    await expect(says).toContainText("kept by the target");
    await touch("pointerup");
    await expect(says, "it stays until the next touch").toBeVisible();
  } else {
    await sign.hover();
    await expect(says).toContainText("kept by the target");
    await page.mouse.move(0, 0);
    await expect(says).toHaveCount(0);
    const fact = page.getByText("dispatches", { exact: true });
    await fact.focus();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Tab");
    await expect(says).toContainText("Kernels started on the GPU");
    await expect(fact).toHaveAccessibleDescription(/Kernels started on the GPU/);
    await page.keyboard.press("Escape");
    await expect(says).toHaveCount(0);
    // Titles of controls, which browsers show to mice only.
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "One step", exact: true }).focus();
    await expect(says).toContainText("Start a run and stop after its first step");
  }
  const box = (await says.boundingBox())!;
  expect(box.x).toBeGreaterThanOrEqual(0);
  expect(box.x + box.width).toBeLessThanOrEqual(page.viewportSize()!.width);
});

test("on a phone, prompt and method are a tap away from the stage, and the stage from them", async ({
  app,
  page,
}, { project }) => {
  await app.open();
  const toSetup = page.getByRole("button", { name: "Setup", exact: true });
  if (project.name !== "phone") {
    await expect(toSetup).toHaveCount(0);
    return;
  }
  const prompt = page.getByRole("textbox", { name: "Prompt" });
  await expect(prompt).not.toBeInViewport();
  await toSetup.click();
  await expect(prompt).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("combobox", { name: "Method" })).toBeInViewport({ ratio: 1 });
  await page.getByRole("button", { name: "Stage", exact: true }).click();
  await expect(page.locator(".caption")).toBeInViewport({ ratio: 1 });
  await expect(toSetup).toBeVisible();
});
