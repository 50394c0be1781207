/** Pictures for people to look at (in .cache/screenshots), and one thing that a picture must never show: overflow. */
import { expect, test } from "./decoscope";

test("the page fits its width in every state and theme", async ({ app, page }, { project }) => {
  const shoot = async (state: string): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({
        path: `.cache/screenshots/${project.name}-${colorScheme}-${state}.png`,
        fullPage: project.name === "phone",
      });
    }
    const overflow = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(overflow, `${state}: pixels that stick out sideways`).toBeLessThanOrEqual(0);
  };
  await app.open();
  await expect(page.locator(".caption")).toContainText("Recorded run");
  await shoot("recorded");
  await app.set({ newTokens: 40 });
  await app.run();
  await app.ended();
  await shoot("finished");
  await app.set({ prompt: "" });
  await app.run();
  await expect(app.error).toBeVisible();
  await shoot("error");
});
