/** Runs put beside one another, as a visitor does it on a desk and on a phone: recorded and by bad link; live ones are in five_tasks_phone.spec.ts. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./decoscope";

test("two recorded runs race, and the viewer chooses by what", async ({ app, page }, { project }) => {
  await app.open("#compare");
  const spent = page.getByTestId("lane-spent");
  await expect(spent).toHaveText(["14 target passes, done", /^\d target passes, done$/]);
  await expect(page.getByRole("region", { name: "Costs", exact: true })).toContainText("row-layers");
  await expect(page.getByTestId("differences")).toContainText("Difference of the texts");
  const scrub = page.getByRole("slider", { name: "Spent by every run" });
  await scrub.fill("5");
  await expect(spent).toHaveText([/^5 target passes of/, /^5 target passes of/]);
  await page.getByLabel("Raced by").selectOption("row-layers");
  await scrub.fill("50");
  await expect(spent).toHaveText([/^50 row-layers of/, /^50 row-layers of/]);
  await page.getByLabel("Drawing").selectOption("Map");
  const [left, right] = await Promise.all([0, 1].map((i) => page.getByTestId("lane").nth(i).boundingBox()));
  const isStacked = project.name === "phone";
  expect(right!.y > left!.y, "one under the other on a phone").toBe(isStacked);
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  ).toBeLessThanOrEqual(0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({
      path: `.cache/screenshots/${project.name}-${colorScheme}-compare.png`,
      fullPage: true,
    });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual(
      [],
    );
  }
});

test("a link that cannot be read says so", async ({ app, page }) => {
  await app.open("#compare/fastest/v1.abc");
  // The hidden stage keeps its notices, too.
  const here = page.getByRole("region", { name: "Compare", exact: true });
  await expect(here.getByTestId("notice")).toContainText("cannot be read");
});

test("a race is saved as a file and opened again, from here and from the playground", async ({
  app,
  page,
}) => {
  await app.open("#compare");
  const methods = page.getByTestId("lane").getByRole("combobox", { name: /^Method of run/ });
  await expect(methods).toHaveCount(2);
  await expect(page.getByTestId("lane-spent").first()).toContainText("done");
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save the race" }).click(),
  ]);
  expect(saved.suggestedFilename()).toBe("decoscope-race-low-confidence-vs-fast-dllm.json");
  const file = await saved.path();
  await page.getByRole("button", { name: /^Token by token, or draft trees/ }).click();
  await expect(methods.last()).toHaveValue("rsd-s");
  await page.getByLabel("Race file").setInputFiles(file);
  await expect(methods.last()).toHaveValue("fast-dllm");
  await expect(page.getByTestId("lane-spent")).toHaveText([/, done$/, /, done$/]);

  await page.goto("/");
  // The drawn beginning has such a button too, which does nothing yet.
  await expect(page.locator(".first-paint")).toHaveCount(0);
  await page.getByLabel("Trace file").setInputFiles(file);
  await expect(page).toHaveURL(/#compare$/);
  await expect(methods.first()).toHaveValue("low-confidence");
});
