/** A conversation as a visitor has it: sent, answered, read from the cache, asked again, edited, taken back, opened on the stage. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./decoscope";

test("answers stream, later turns read only what is new, and each can be opened on the stage", async ({
  app,
  page,
}) => {
  await app.open("#chat");
  await expect(page.getByTestId("chat-plain")).toContainText("is no chat model");
  await page.getByRole("combobox", { name: "Model", exact: true }).selectOption("story-draft");
  await page.getByTestId("chat-settings").getByText("Settings").click();
  const most = page.getByRole("textbox", { name: "Tokens of an answer, value" });
  await most.fill("12");
  await most.press("Enter");
  const box = page.getByRole("textbox", { name: "Your message" });
  const answers = page.getByTestId("chat-assistant");
  const facts = page.getByTestId("chat-facts");
  const send = async (text: string, count: number): Promise<void> => {
    await box.fill(text);
    await box.press("Enter");
    await expect(facts).toHaveCount(count, { timeout: 60_000 });
  };
  await send("Once upon a time", 1);
  await expect(facts.first()).toContainText("12 tokens");
  await expect(facts.first()).toContainText("0 from the cache");
  await expect(page.getByTestId("chat-announcer")).toContainText("Answer:");
  await send("The end was near", 2);
  await expect(facts.last()).toContainText(/: 1\d from the cache/);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual(
      [],
    );
  }

  await answers.last().getByRole("button", { name: "Answer again" }).click();
  await expect(facts).toHaveCount(2, { timeout: 60_000 });
  await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
  await page.getByTestId("chat-user").first().getByRole("button", { name: "Delete" }).click();
  await expect(answers).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(answers).toHaveCount(2);

  await page.getByTestId("chat-user").last().getByRole("button", { name: "Edit" }).click();
  const again = page.getByRole("textbox", { name: "Your message, written anew" });
  await expect(again).toBeFocused();
  await expect(again).toHaveValue("The end was near");
  await again.fill("The end was far");
  await again.press("Enter");
  await expect(page.getByTestId("chat-user").last()).toContainText("The end was far");
  await expect(facts).toHaveCount(2, { timeout: 60_000 });

  await answers.first().getByRole("button", { name: "Show how this was decoded" }).click();
  await expect(page.locator(".caption")).toContainText("Autoregressive");
  await app.toEnd();
  await expect(app.tokens.first()).toBeVisible();
});

test("a schema holds, and one that is not understood is named", async ({ app, page }) => {
  await app.open("#chat");
  await page.getByRole("combobox", { name: "Model", exact: true }).selectOption("story-draft");
  await page.getByTestId("chat-settings").getByText("Settings").click();
  await page.getByRole("combobox", { name: "Form of answers" }).selectOption("schema");
  const schema = page.getByRole("textbox", { name: "JSON schema" });
  await schema.fill(
    '{"type": "object", "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 7}}, "required": ["n"]}',
  );
  const box = page.getByRole("textbox", { name: "Your message" });
  await box.fill("A number");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByTestId("chat-facts")).toHaveCount(1, { timeout: 60_000 });
  const text = (await page.getByTestId("chat-assistant").getByTestId("chat-text").textContent()) ?? "";
  expect((JSON.parse(text) as { n: number }).n).toBeGreaterThanOrEqual(5);
  await schema.fill('{"type": "string", "pattern": "a+"}');
  await box.fill("Another");
  await box.press("Enter");
  await expect(page.getByTestId("chat-problem")).toContainText('"pattern" is not supported', {
    timeout: 60_000,
  });
});
