/** What the page says between pressing Run and the first token, the first time. */
import { expect, test } from "./decoscope";

test("the first run says that it compiles, what, and how far it is", async ({ app, page }) => {
  await app.open();
  // Written down as it happens: on a fast machine it is over before anybody could look.
  await page.evaluate(() => {
    const said = ((window as { said?: Set<string> }).said = new Set());
    const look = () => {
      for (const id of ["loading", "engine-status"])
        said.add(document.querySelector(`[data-testid=${id}]`)?.textContent ?? "");
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  await app.set({ newTokens: 4 });
  await app.run();
  await app.ended();
  const said = await page.evaluate(() => [...((window as { said?: Set<string> }).said ?? [])].join("\n"));
  expect(said).toMatch(/Opening the GPU device/);
  expect(said).toMatch(/Loading Stories.*\d/);
  expect(said).toMatch(/Compiling the kernels/);
  expect(said, "those of the method, after its run began").toMatch(/compiling kernels, \d+ of \d+/);
  await expect(page.getByTestId("loading")).toHaveCount(0);
});

test("a run asked for before the recorded one has come is not lost to it", async ({ app, page }) => {
  await page.route("**/recordings/first-run.jsonl", async (route) => {
    // While the device opens and models load.
    await expect(page.getByTestId("loading")).toBeVisible();
    await route.continue();
  });
  await app.open();
  await app.set({ newTokens: 4 });
  await app.run();
  await app.ended();
  await expect(app.error).toHaveCount(0);
});
