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
