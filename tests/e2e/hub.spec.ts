/** Models by name from a hub on this machine: what is shown before, watched, stopped, gone on with, checked, refused. */
import type { Page } from "@playwright/test";
import { CHAT_WORDS } from "../helpers/chat_model";
import { addModels } from "../helpers/hub_models";
import { HubServer, TOKENS } from "../helpers/hub_server";
import { expect, test } from "./decoscope";

// One hub for all of them, at the address that the page's server knows.
test.describe.configure({ mode: "default" });

let hub: HubServer;
test.beforeAll(async () => {
  hub = await HubServer.start({ port: Number(process.env["DECOSCOPE_HUB"]), prefix: "/hub" });
  addModels(hub);
});
test.afterAll(() => hub.stop());
test.beforeEach(({ allowed }) => {
  hub.faults.clear();
  hub.requests.length = 0;
  // Browsers report every refused or broken request by themselves.
  allowed.push(/Failed to load resource/);
});

const MODELS = "?hub=/hub#models";
const by = (page: Page, id: string) => page.getByTestId(id);

async function lookUp(page: Page, name: string): Promise<void> {
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.getByRole("button", { name: "Look it up" }).click();
}

/** Looks a model up, agrees, and waits until it is loaded. */
async function fetchModel(page: Page, name: string): Promise<void> {
  await lookUp(page, name);
  await by(page, "hub-offer")
    .getByRole("button", { name: /^Fetch / })
    .click();
  await expect(by(page, "hub-done")).toContainText(name, { timeout: 120_000 });
}

async function expectProblem(page: Page, reason: string, text: RegExp): Promise<void> {
  await expect(by(page, "hub-problem")).toHaveAttribute("data-reason", reason, { timeout: 30_000 });
  await expect(by(page, "hub-problem")).toContainText(text);
}

test("a model is asked about, fetched, drafted for by another, and there after a reload without a request", async ({
  app,
  page,
}) => {
  await app.open(MODELS);
  await lookUp(page, "tiny/whole");
  const offer = by(page, "hub-offer");
  await expect(offer).toContainText("apache-2.0");
  await expect(offer).toContainText(/download\s*\d+ kB/);
  await expect(offer).toContainText(/memory on this device/);
  expect(hub.readsOf("tokenizer.json"), "nothing large before anybody agreed").toEqual([]);
  await fetchModel(page, "tiny/whole");
  await fetchModel(page, "tiny/draft");
  await expect(by(page, "stored-tiny/whole")).toBeVisible();
  await expect(by(page, "hub-space")).toContainText("This page uses");

  await page.reload();
  hub.requests.length = 0;
  await by(page, "stored-tiny/whole").getByRole("link", { name: "Run" }).click();
  await expect(page.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("tiny/whole");
  await app.set({ method: "RSD-S", newTokens: 4, prompt: "Once upon a time" });
  await app.run();
  await app.ended();
  expect((await app.result()).text.length).toBeGreaterThan(0);
  expect(hub.requests, "all of it is stored").toEqual([]);
});

test("a download is watched, stopped, and gone on with after a reload", async ({ app, page }) => {
  await app.open(MODELS);
  // Each transfer brings one part whole and a bit of the next.
  hub.faults.add({ file: "model.safetensors", kind: "stall", afterBytes: 1_300_000 });
  await lookUp(page, "tiny/large");
  await by(page, "hub-offer")
    .getByRole("button", { name: /^Fetch / })
    .click();
  await expect(by(page, "hub-bytes")).toHaveText(/^3(\.\d)? MB of \d/, { timeout: 60_000 });
  await page.getByRole("button", { name: "Stop, keep what came" }).click();
  const row = by(page, "stored-tiny/large");
  await expect(row).toContainText(/MB of \d/);
  await expect(by(page, "hub-problem")).toHaveCount(0);

  await page.reload();
  hub.faults.clear();
  hub.requests.length = 0;
  await row.getByRole("button", { name: "Go on" }).click();
  await expect(by(page, "hub-done")).toContainText("tiny/large", { timeout: 120_000 });
  await expect(row).not.toContainText(/MB of \d/);
  const size = hub.models.get("tiny/large")!.files.get("model.safetensors")!.length;
  const asked = hub.readsOf("model.safetensors").map(({ range }) => /=(\d+)-(\d+)/.exec(range ?? "")!);
  const bytes = asked.reduce((sum, [, from, to]) => sum + Number(to) - Number(from) + 1, 0);
  expect(bytes, "only the rest").toBeLessThanOrEqual(size - 2 ** 20);

  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(row).toHaveCount(0);
});

test("a shard that came or was kept wrong is noticed and fetched again", async ({ app, page }) => {
  await app.open(MODELS);
  const shard = "model-00002-of-00003.safetensors";
  hub.faults.add({ file: shard, kind: "corrupt", at: 9_000, times: 2 });
  await fetchModel(page, "tiny/sharded");
  expect(hub.readsOf(shard).length, "its head, the download, the download again").toBe(3);

  await page.reload();
  await expect(by(page, "stored-tiny/sharded")).toBeVisible();
  await page.evaluate(async () => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("hub-models");
    const folder = await root.getDirectoryHandle(encodeURIComponent("tiny/sharded"));
    for await (const [name, handle] of (
      folder as unknown as { entries(): AsyncIterable<[string, FileSystemFileHandle]> }
    ).entries()) {
      if (!name.endsWith(".data") || (await handle.getFile()).size < 60_000) continue;
      const stream = await handle.createWritable({ keepExistingData: true });
      await stream.write({ type: "write", position: 50_000, data: new Uint8Array([1, 2, 3]) });
      await stream.close();
    }
  });
  hub.requests.length = 0;
  await by(page, "stored-tiny/sharded").getByRole("link", { name: "Run" }).click();
  await app.set({ method: "Autoregressive", newTokens: 4 });
  await app.run();
  await app.ended();
  expect(hub.requests.some(({ range }) => range !== null)).toBe(true);
});

test("what cannot be had is said, with what to do, and the page works on", async ({ app, page, context }) => {
  await app.open(MODELS);
  await lookUp(page, "tiny/nothing");
  await expectProblem(page, "denied", /either there is none, or it is private/);
  await expect(page.getByLabel("Token", { exact: true })).toBeVisible();
  await lookUp(page, "tiny/gated");
  await expectProblem(page, "denied", /give a token/);
  await page.getByLabel("Token", { exact: true }).fill(TOKENS.member);
  await lookUp(page, "tiny/nothing");
  await expectProblem(page, "missing", /Check the name letter by letter/);
  await fetchModel(page, "tiny/gated");
  expect(await page.evaluate(() => JSON.stringify(localStorage)), "not stored unless asked").not.toContain(
    TOKENS.member,
  );
  await lookUp(page, "tiny/other");
  await expectProblem(page, "", /resnet.*Expected one of/);
  await lookUp(page, "tiny/no-tokenizer");
  await expectProblem(page, "missing", /tokenizer\.json/);
  await lookUp(page, "what is this");
  await expectProblem(page, "", /Expected the name of a model/);
  hub.faults.add({ file: "api", kind: "status", status: 429, retryAfter: 300 });
  await lookUp(page, "tiny/whole");
  await expectProblem(page, "busy", /Try again in 5 minutes/);
  hub.faults.clear();

  await context.setOffline(true);
  await lookUp(page, "tiny/whole");
  await expectProblem(page, "offline", /network|reached/);
  await context.setOffline(false);
  await lookUp(page, "tiny/whole");
  await expect(by(page, "hub-offer")).toContainText("tiny/whole");
});

test("a browser without room says how much is missing", async ({ app, page }) => {
  const { files } = hub.models.get("tiny/whole")!;
  hub.models.set("tiny/vast", { files, claims: new Map([["tokenizer.json", 5e14]]) });
  await app.open(MODELS);
  await lookUp(page, "tiny/vast");
  await expect(by(page, "hub-offer")).toContainText("too little");
  hub.requests.length = 0;
  await by(page, "hub-offer")
    .getByRole("button", { name: /^Fetch / })
    .click();
  await expectProblem(page, "storage", /needs [\d,]+ MB more .* only/);
  expect(hub.requests, "asked before").toEqual([]);
  await fetchModel(page, "tiny/whole");
});

test("a folder of this machine is shown with what it takes, loaded as chosen, and run", async ({
  app,
  page,
}) => {
  await app.open(MODELS);
  await by(page, "hub-folder").setInputFiles("public/models/story-draft");
  const offer = by(page, "hub-offer");
  await expect(offer).toContainText("memory on this device");
  await expect(offer.getByRole("combobox", { name: "Keep the weights as" })).toHaveValue("f32");
  await offer.getByRole("combobox", { name: "Keep the weights as" }).selectOption("int8");
  await offer.getByRole("combobox", { name: "Keep keys and values as" }).selectOption("int8");
  await offer.getByRole("button", { name: "Load it" }).click();
  await expect(by(page, "hub-done")).toContainText("./story-draft", { timeout: 120_000 });
  await by(page, "hub-done").getByRole("link", { name: "Run it" }).click();
  await app.set({ method: "Autoregressive", newTokens: 4, temperature: 0 });
  await app.run();
  await app.ended();
  await expect(page.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("./story-draft");
  expect(hub.requests).toEqual([]);
});

test("a bundled model is kept as chosen, on later visits too, until somebody chooses otherwise", async ({
  app,
  page,
}) => {
  const card = by(page, "kept-story-draft");
  const weights = card.getByRole("combobox", { name: "Keep the weights as" });
  const runText = async (): Promise<string> => {
    await app.open("#playground");
    await page.reload();
    await app.set({ method: "Autoregressive" });
    await page.getByRole("combobox", { name: "Model", exact: true }).selectOption("story-draft");
    await app.set({ newTokens: 24, temperature: 0, prompt: "Once upon a time" });
    await app.run();
    await app.ended();
    return (await app.result()).text;
  };
  const keepAs = async (storage: string): Promise<void> => {
    await app.open(MODELS);
    await card.getByRole("button", { name: "Choose how it is kept" }).click();
    await weights.selectOption(storage);
    await card.getByRole("button", { name: "Keep it so" }).click();
    await expect(by(page, "hub-done")).toContainText(
      `weights in ${storage} and keys and values in f32 from its next run on`,
    );
  };
  const exact = await runText();
  await keepAs("int4");
  const rounded = await runText();
  expect(rounded, "four bits a weight write another text").not.toBe(exact);
  await expect(page.locator(".caption")).toContainText("in int4, keys and values in f32");
  await app.open(MODELS);
  await expect(card).toContainText("weights in int4, keys and values in f32");
  await card.getByRole("button", { name: "Choose how it is kept" }).click();
  await expect(weights).toHaveValue("int4");
  await card.getByRole("button", { name: "Leave it as it is" }).click();
  await card.getByRole("button", { name: "Keep it as it comes" }).click();
  await expect(by(page, "hub-done")).toContainText("weights in f32");
  await expect(card).not.toContainText("Kept otherwise");
  expect(await runText()).toBe(exact);
});

test("a link to a model of the hub asks before anything is fetched", async ({ app, page }) => {
  await app.open(MODELS);
  await fetchModel(page, "tiny/whole");
  await by(page, "hub-done").getByRole("link", { name: "Run it" }).click();
  await app.set({ method: "Autoregressive", newTokens: 4 });
  await app.run();
  await app.ended();
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("radio", { name: "The settings of this run" }).click();
  const link = await page.getByTestId("share-link").inputValue();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.goto(`/?hub=/hub#models`);
  await page.reload();
  await by(page, "stored-tiny/whole").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(by(page, "stored-tiny/whole")).toHaveCount(0);

  hub.requests.length = 0;
  await page.goto("about:blank");
  await page.goto(link);
  await expect(by(page, "wanted-model")).toContainText("tiny/whole");
  expect(hub.requests).toEqual([]);
  await by(page, "wanted-model").getByRole("link").click();
  await expect(page.getByRole("textbox", { name: "Name", exact: true })).toHaveValue("tiny/whole");
  expect(hub.requests, "looking is the visitor's to ask for, too").toEqual([]);
  await fetchModel(page, "tiny/whole");
  await by(page, "hub-done").getByRole("link", { name: "Run it" }).click();
  await expect(page.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("tiny/whole");
  await expect(page.getByRole("combobox", { name: "Method" })).toHaveValue("autoregressive");
});

test("a chat model of the hub thinks, answers, stops, goes on from its cache, and keeps to a schema", async ({
  app,
  page,
}) => {
  await app.open(MODELS);
  await fetchModel(page, "tiny/chat");
  await by(page, "hub-done").getByRole("link", { name: "chat with it" }).click();
  await expect(page.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("tiny/chat");
  await by(page, "chat-settings").getByText("Settings").click();
  await page.getByRole("textbox", { name: "System prompt" }).fill("You are brief.");
  const most = page.getByRole("textbox", { name: "Tokens of an answer, value" });
  const setMost = async (count: number): Promise<void> => {
    await most.fill(String(count));
    await most.press("Enter");
  };
  await setMost(400);
  const box = page.getByRole("textbox", { name: "Your message" });
  const answers = by(page, "chat-assistant");
  const facts = by(page, "chat-facts");
  const text = (answer = answers.last()) => answer.getByTestId("chat-text");
  await expect(by(page, "chat-plain")).toHaveCount(0);

  // Streams, and is stopped in the middle of its answer.
  await box.fill("Hello there");
  await page.getByRole("button", { name: "Send" }).click();
  let part = "";
  await expect(async () => {
    // On a machine with other work the answer may be over before it is stopped.
    if ((await facts.count()) > 0)
      await answers.first().getByRole("button", { name: "Answer again" }).click({ timeout: 2000 });
    await expect(text()).toContainText(/\w+ \w+/);
    await page.getByRole("button", { name: "Stop", exact: true }).click({ timeout: 2000 });
    await expect(facts.first()).toContainText("cut off", { timeout: 2000 });
    part = ((await text().textContent()) ?? "").trim();
    expect(part.split(" ").length).toBeLessThan(CHAT_WORDS.answer);
  }).toPass({ timeout: 120_000 });
  await expect(facts).toHaveCount(1);

  // Again, to the stop token: thoughts folded, the answer whole.
  await answers.first().getByRole("button", { name: "Answer again" }).click();
  await expect(facts.first()).not.toContainText("cut off", { timeout: 120_000 });
  await expect(facts.first()).toContainText(/of them thinking/);
  const thoughts = answers.first().locator("details");
  await expect(thoughts).not.toHaveAttribute("open");
  await expect(thoughts.getByRole("paragraph")).toBeHidden();
  await thoughts.getByText("What it thought").click();
  expect(((await thoughts.getByRole("paragraph").textContent()) ?? "").trim().split(" ")).toHaveLength(
    CHAT_WORDS.thinking,
  );
  const whole = ((await text().textContent()) ?? "").trim();
  expect(whole.split(" ")).toHaveLength(CHAT_WORDS.answer);
  expect(whole).not.toMatch(/<|think|im_end/);
  expect(whole.startsWith(part)).toBe(true);

  // The next turn reads what is new: the first question and what stood before it are in the cache.
  await box.fill("And then");
  await box.press("Enter");
  await expect(facts).toHaveCount(2, { timeout: 120_000 });
  await expect(facts.last()).toContainText(/: [1-9]\d* from the cache/);

  // Edited: what came after is gone, and the answer is one to the new question.
  await by(page, "chat-user").last().getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Your message, written anew" }).fill("And before");
  await page.getByRole("textbox", { name: "Your message, written anew" }).press("Enter");
  await expect(by(page, "chat-user").last()).toContainText("And before");
  await expect(facts).toHaveCount(2, { timeout: 120_000 });

  // Without thinking, and as a schema says.
  await page.getByRole("combobox", { name: "Thinking" }).selectOption("no");
  await setMost(20);
  await answers.last().getByRole("button", { name: "Answer again" }).click();
  await expect(facts.last()).toContainText("20 tokens", { timeout: 120_000 });
  await expect(facts.last()).not.toContainText("thinking");
  await expect(answers.last().locator("details")).toHaveCount(0);
  expect(await text().textContent()).not.toContain("think");
  await page.getByRole("combobox", { name: "Form of answers" }).selectOption("schema");
  await page
    .getByRole("textbox", { name: "JSON schema" })
    .fill(
      '{"type": "object", "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 7}}, "required": ["n"]}',
    );
  await answers.last().getByRole("button", { name: "Answer again" }).click();
  await expect(text()).toContainText(/\}$/, { timeout: 120_000 });
  const { n } = JSON.parse((await text().textContent()) ?? "") as { n: number };
  expect([5, 6, 7]).toContain(n);
});
