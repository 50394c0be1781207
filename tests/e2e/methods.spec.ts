/**
 * Every method in the menu runs, steps and is cancelled; at temperature 0 all of them write the same text.
 * A page compiles its kernels once, which on a software adapter takes most of a run: so many methods share a page, as they do
 * when somebody tries one after another.
 */
import { textMethods } from "../../src/decoding/index";
import { expect, test } from "./decoscope";

const plain = textMethods.find(({ id }) => id === "autoregressive")!;
const others = textMethods.filter((method) => method !== plain);
const middle = Math.ceil(others.length / 2);

for (const methods of [others.slice(0, middle), others.slice(middle)]) {
  const names = methods.map(({ label }) => label).join(", ");
  test(`${names} write the greedy text, go step by step, and are cancelled`, async ({ app, page }) => {
    test.setTimeout(600_000);
    await app.open();
    // Settings of one's own are kept: without them a method would bring its example.
    await app.set({ prompt: "Once upon a time" });
    let greedy = "";
    for (const method of [plain, ...methods]) {
      await test.step(`${method.label} to the end`, async () => {
        await app.set({ method: method.label, newTokens: 24, temperature: 0 });
        await app.run();
        await app.ended();
        const { text, hash } = await app.result();
        if (method === plain) greedy = text;
        expect(text, method.label).toBe(greedy);
        expect(hash).toMatch(/^[0-9a-f]{8}$/);
        await expect(page.getByTestId("metric-tokens")).toHaveText("24");
        await expect(app.tokens).toHaveCount(24);
      });
      await test.step(`${method.label}: one step, another, and no further`, async () => {
        await app.set({ newTokens: 60, temperature: 0.8 });
        await app.stepTwiceAndCancel();
      });
      await expect(app.error).toHaveCount(0);
    }
    expect(greedy.length).toBeGreaterThan(20);
  });
}

test("the same seed gives the same tokens, another seed others", async ({ app }) => {
  await app.open();
  const hashes: string[] = [];
  for (const seed of [1, 1, 2]) {
    await app.set({ newTokens: 24, temperature: 0.8, seed });
    await app.run();
    await app.ended();
    hashes.push((await app.result()).hash);
  }
  expect(hashes[1]).toBe(hashes[0]);
  expect(hashes[2]).not.toBe(hashes[0]);
});
