/** Moving through a run: pause and resume a live one, scrub back and forth through a finished one. */
import { expect, test } from "./decoscope";

test("a live run pauses, resumes and ends, by buttons and by keys", async ({ app, page }) => {
  await app.open();
  await app.set({ newTokens: 200 });
  await page.getByRole("button", { name: "One step", exact: true }).click();
  await expect(app.status).toHaveAttribute("data-phase", "paused");
  // The first step waits for its kernels to be compiled, and the status line says so.
  await expect(page.getByTestId("step-count")).toContainText("1 / 1", { timeout: 60_000 });
  await expect(app.status).toContainText("paused");
  // Inside the page: a quick engine ends the run before two clicks from outside get there.
  const phases = await page.evaluate(async () => {
    const status = document.querySelector<HTMLElement>('[data-testid="engine-status"]')!;
    const press = async (label: string) => {
      for (let frame = 0; frame < 600; frame++) {
        const button = document.querySelector<HTMLButtonElement>(`button[aria-label="${label}"]:enabled`);
        if (button) {
          const phase = status.dataset["phase"];
          button.click();
          return phase;
        }
        await new Promise(requestAnimationFrame);
      }
      throw new Error(`expected a button ${label} to press, found none`);
    };
    return [await press("Play"), await press("Pause")];
  });
  expect(phases[1]).toBe("running");
  await expect(app.status).toHaveAttribute("data-phase", "paused");
  // The round that was under way may still arrive; after it, a paused engine works on nothing.
  await page.waitForTimeout(3000);
  const before = await app.timeline.getAttribute("max");
  await page.waitForTimeout(1500);
  expect(await app.timeline.getAttribute("max")).toBe(before);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await app.ended();

  await app.set({ newTokens: 16 });
  await page.locator("body").click({ position: { x: 4, y: 4 } });
  await page.keyboard.press("r");
  await app.ended();
  await app.toEnd();
  await expect(page.getByTestId("metric-tokens")).toHaveText("16");
  await expect(app.error).toHaveCount(0);
});

test("scrubbing back shows the run as it was", async ({ app, page }) => {
  await app.open();
  await expect(page.locator(".caption")).toContainText("Recorded run");
  const whole = await app.result();
  expect(Number(await app.timeline.getAttribute("max"))).toBeGreaterThan(1);
  await app.timeline.press("Home");
  await expect(app.tokens).toHaveCount(0);
  await app.timeline.press("ArrowRight");
  await expect(app.tokens).not.toHaveCount(0);
  const early = (await app.tokens.allTextContents()).join("");
  expect(early.length).toBeLessThan(whole.text.length);
  expect(whole.text.startsWith(early)).toBe(true);
  await page.getByRole("button", { name: "Step back", exact: true }).click();
  await page.getByRole("button", { name: "Step forward", exact: true }).click();
  expect(await app.result()).toEqual(whole);
});

test("the transport stays on the screen, whatever stands above it", async ({ app, page }) => {
  await app.open("#playground/radd");
  await expect(page.getByTestId("cell").first()).toBeVisible();
  await page.getByRole("button", { name: "What am I looking at?" }).click();
  for (const size of [
    { width: 1440, height: 900 },
    { width: 1100, height: 620 },
  ]) {
    await page.setViewportSize(size);
    const play = page.getByRole("button", { name: "Play", exact: true });
    await expect(play).toBeInViewport({ ratio: 1 });
    await expect(app.timeline).toBeInViewport({ ratio: 1 });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  // What was committed in the step is in sight, whichever step it is.
  const committed = page.locator('.view-frame [data-state="committed_now"]');
  for (let i = 0; i < 12; i++) {
    await page.getByRole("button", { name: "Step forward", exact: true }).click();
    if ((await committed.count()) > 0) await expect(committed.first()).toBeInViewport({ ratio: 0.9 });
  }
});
