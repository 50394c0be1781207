/** The chat model of the local hub does what tests in the browser rely on: it thinks, answers, ends, with its own template. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { chatCompletions } from "../../src/chat/completions";
import { ChatHost } from "../../src/worker/chat";
import type { EngineHost } from "../../src/worker/host";
import { CHAT_WORDS, chatModel } from "../helpers/chat_model";
import { openHost } from "./helpers";
import { memorySource } from "../helpers/tiny_model";

let host: EngineHost;
beforeAll(async () => {
  host = await openHost();
  await host.load("chat", memorySource(chatModel(), { id: "chat" }));
});
afterAll(() => host.destroy());

it("thinks, answers and stops by a token of generation_config.json", async () => {
  const api = chatCompletions(new ChatHost(host));
  const answer = await api.create({
    model: "chat",
    temperature: 0.7,
    max_tokens: 400,
    seed: 3,
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello there" },
    ],
  });
  const [{ message, finish_reason }] = answer.choices;
  expect(finish_reason).toBe("stop");
  expect(message.content.trim().split(" ")).toHaveLength(CHAT_WORDS.answer);
  expect(JSON.stringify(message)).toContain("reasoning");
});
