/** The page as tests see it: what a visitor can do and read, by the names a visitor sees. */
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, type Locator, type Page, expect, test as base } from "@playwright/test";

export interface RunOptions {
  /** Label of the method in the menu. */
  readonly method?: string;
  readonly newTokens?: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly prompt?: string;
}

export class Decoscope {
  readonly runButton: Locator;
  readonly error: Locator;
  readonly notice: Locator;
  readonly tokens: Locator;
  readonly status: Locator;
  readonly timeline: Locator;

  constructor(readonly page: Page) {
    this.runButton = page.getByRole("button", { name: "Run", exact: true });
    this.error = page.getByTestId("error");
    this.notice = page.getByTestId("notice");
    this.tokens = page.getByTestId("token");
    this.status = page.getByTestId("engine-status");
    this.timeline = page.getByRole("slider", { name: "Timeline" });
  }

  /** Opens the page and waits until the recorded run, or the run of a link, stands on the stage. */
  async open(hash = ""): Promise<void> {
    await this.page.goto(`/${hash}`);
    await expect(this.page.getByRole("heading", { name: "Decoscope" })).toBeVisible();
    // The drawn beginning has the same words and nothing to press.
    await expect(this.page.locator(".first-paint")).toHaveCount(0);
  }

  /** Begins a run with one step, makes another, and cancels it; it must have stood still in between. */
  async stepTwiceAndCancel(): Promise<void> {
    const { page } = this;
    const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
    const count = page.getByTestId("step-count");
    await press("One step");
    await expect(count).toHaveText(/^1 \/ 1$/);
    await expect(this.status).toHaveAttribute("data-phase", "paused");
    await press("Step forward");
    await expect(count).toHaveText(/^2 \/ 2$/);
    await press("Cancel");
    await this.ended();
    await this.toEnd();
    await expect(page.getByTestId("end-reason")).toHaveText("cancelled");
  }

  async set(options: RunOptions): Promise<void> {
    const { page } = this;
    const fill = async (label: string, value: number | undefined): Promise<void> => {
      if (value === undefined) return;
      const field = page.getByRole("textbox", { name: `${label}, value`, exact: true });
      await field.fill(String(value));
      await field.press("Enter");
    };
    const { method, prompt } = options;
    if (method !== undefined)
      await page.getByRole("combobox", { name: "Method" }).selectOption({ label: method });
    if (prompt !== undefined) await page.getByRole("textbox", { name: "Prompt" }).fill(prompt);
    await fill("New tokens", options.newTokens);
    await fill("Temperature", options.temperature);
    await fill("Seed", options.seed);
  }

  /** Presses Run. */
  async run(): Promise<void> {
    await this.runButton.click();
  }

  async ended(): Promise<void> {
    await expect(this.page.locator(".caption")).toContainText("Live run", { timeout: 60_000 });
    await expect(this.status).toHaveAttribute("data-phase", "idle", { timeout: 60_000 });
  }

  /** The whole text of the finished run, and its hash. */
  async result(): Promise<{ text: string; hash: string }> {
    await this.toEnd();
    const hash = (await this.page.getByTestId("token-hash").textContent()) ?? "";
    return { text: (await this.tokens.allTextContents()).join(""), hash };
  }

  async toEnd(): Promise<void> {
    await this.timeline.focus();
    await this.timeline.press("End");
  }

  /** Chooses an entry of the Trace menu. */
  async trace(entry: string): Promise<void> {
    await this.page.getByRole("button", { name: "Trace", exact: true }).click();
    await this.page.getByRole("menuitem", { name: entry, exact: true }).click();
  }
}

interface Fixtures {
  readonly app: Decoscope;
  /** Patterns of console errors that the test causes on purpose; every other one fails it. */
  readonly allowed: RegExp[];
  /** Watches every page of the test, those it opens itself too: what breaks the security policy is a console error. */
  readonly watched: undefined;
}

export const test = base.extend<Fixtures>({
  allowed: [async ({}, use) => use([]), { box: true }],
  watched: [
    async ({ browser, allowed }, use) => {
      const errors: string[] = [];
      const watch = (context: BrowserContext): void => {
        context.on("console", (message) => {
          if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
        });
        context.on("weberror", (thrown) => errors.push(thrown.error().stack ?? thrown.error().message));
      };
      browser.on("context", watch);
      await use(undefined);
      browser.off("context", watch);
      expect(errors.filter((text) => !allowed.some((pattern) => pattern.test(text)))).toEqual([]);
    },
    { auto: true },
  ],
  app: async ({ page }, use) => use(new Decoscope(page)),
});

export { expect };

/** What axe finds on a page as it stands. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  // The marks inside a card's picture are no content of their own; the picture's name is.
  const { violations } = await new AxeBuilder({ page }).exclude(".card-picture svg > *").analyze();
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}
