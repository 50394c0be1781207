/** Conversations on the GPU: what is kept is not read again and changes nothing, schemas hold, laws are the model's own. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chatCompletions, type Chunk, type Completion, type Completions } from "../../src/chat/completions";
import { promptLogits } from "../../src/runtime/logits";
import { checkTrace } from "../../src/trace/grammar";
import { ChatHost } from "../../src/worker/chat";
import type { EngineHost } from "../../src/worker/host";
import { satisfies } from "../helpers/json_schema";
import { jsonBytes, memorySource, tinyModel } from "../helpers/tiny_model";
import { logSoftmax } from "../reference/row_stats";
import { openHost } from "./helpers";

const TEMPLATE =
  "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}<|end|>{% endfor %}" +
  "{% if enable_thinking is defined and enable_thinking %}<think>\n{% endif %}{% if add_generation_prompt %}a:{% endif %}";

let host: EngineHost;
let chat: ChatHost;
let api: Completions;
let idleBytes = 0;

beforeAll(async () => {
  host = await openHost();
  const files = tinyModel({ maxContext: 256, dim: 32, headDim: 8, hiddenDim: 48 });
  files.set("tokenizer_config.json", jsonBytes({ chat_template: TEMPLATE }));
  await host.load("tiny", memorySource(files));
  await host.load("plain", memorySource(tinyModel({ maxContext: 64 }), { id: "plain" }));
});
afterAll(() => host.destroy());
beforeEach(() => {
  idleBytes = host.memory.report().liveBytes;
  chat = new ChatHost(host);
  api = chatCompletions(chat);
});

type Message = { role: "system" | "user" | "assistant"; content: string; token_ids?: number[] };
const ask = (content: string): Message => ({ role: "user", content });
const said = ({ choices: [{ message }] }: Completion): Message => ({
  role: "assistant",
  content: message.content,
  token_ids: [...message.token_ids],
});
const base = { model: "tiny", temperature: 0, max_tokens: 12, seed: 5 } as const;
const fresh = (): Completions => chatCompletions(new ChatHost(host));
const tokensOf = (c: Completion): readonly number[] => c.choices[0].message.token_ids;

describe.each([0, 0.9])("prefix reuse at temperature %s", (temperature) => {
  it("feeds only what is new, and the text is that of a fresh session", async () => {
    const settings = { ...base, temperature };
    const first: Message[] = [{ role: "system", content: "Be brief." }, ask("the first of all questions")];
    const one = await api.create({ ...settings, messages: first });
    expect(one.usage.prompt_tokens_details.cached_tokens).toBe(0);
    const second = [...first, said(one), ask("another one")];
    const two = await api.create({ ...settings, messages: second });
    // All of turn one lies in the cache but its last token, which was drawn and not fed.
    const kept = one.usage.total_tokens - 1;
    expect(two.usage.prompt_tokens_details.cached_tokens).toBe(kept);
    expect(tokensOf(two)).toEqual(tokensOf(await fresh().create({ ...settings, messages: second })));

    const again = await api.create({ ...settings, messages: second });
    expect(again.usage.prompt_tokens_details.cached_tokens).toBe(two.usage.prompt_tokens - 1);
    expect(tokensOf(again)).toEqual(tokensOf(two));

    const edited = [first[0]!, ask("the first of some questions")];
    const other = await api.create({ ...settings, messages: edited });
    expect(other.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(20);
    expect(other.usage.prompt_tokens_details.cached_tokens).toBeLessThan(other.usage.prompt_tokens - 5);
    expect(tokensOf(other)).toEqual(tokensOf(await fresh().create({ ...settings, messages: edited })));
  });
});

it("counts rows: what was fed and what was kept make up the prompt but its last token", async () => {
  const usages: { rows: number; reused: number; prompt: number }[] = [];
  const request = {
    model: "tiny",
    sampler: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    seed: 1,
    maxNewTokens: 6,
    stops: [],
    thinks: null,
    template: "model" as const,
    format: null,
    topLogprobs: null,
    trace: "none" as const,
  };
  let tokens: readonly number[] = [];
  let answer = "";
  const turn = (messages: Message[]): Promise<void> =>
    chat.chat(
      {
        ...request,
        messages: messages.map(({ token_ids, ...m }) => ({ ...m, ...(token_ids && { tokens: token_ids }) })),
      },
      (e) => {
        if (e.kind === "text") answer += e.answer;
        if (e.kind !== "end") return;
        tokens = e.tokens;
        usages.push({
          rows: e.usage.prefilledRows,
          reused: e.usage.reusedTokens,
          prompt: e.usage.promptTokens,
        });
      },
    );
  await turn([ask("one two three")]);
  const next = [
    ask("one two three"),
    { role: "assistant" as const, content: answer, token_ids: [...tokens] },
    ask("four"),
  ];
  await turn(next);
  const [a, b] = usages;
  expect(a).toEqual({ rows: a!.prompt - 1, reused: 0, prompt: a!.prompt });
  // New: the answer's last token, the end of the answer, the question, and what opens the next answer, but for its last token.
  expect(b!.reused).toBe(a!.prompt + 6 - 1);
  expect(b!.rows).toBe(b!.prompt - 1 - b!.reused);
  expect(b!.rows).toBeLessThan(12);
});

describe("formats", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 12 },
      n: { type: "integer", minimum: 10, maximum: 99 },
      tags: { type: "array", items: { enum: ["a", "b"] }, minItems: 1, maxItems: 3 },
    },
    required: ["name", "n", "tags"],
    additionalProperties: false,
  };
  it.each([40, 60, 120])("hold random weights to a schema in %i tokens", async (max_tokens) => {
    for (const seed of [1, 2, 3]) {
      const { choices } = await api.create({
        ...{ ...base, temperature: 1, seed, max_tokens, messages: [ask("x")] },
        response_format: { type: "json_schema", json_schema: { schema } },
      });
      const [{ message, finish_reason }] = choices;
      expect(satisfies(schema, JSON.parse(message.content)), message.content).toBe(true);
      expect(finish_reason).toBe("stop");
    }
  });

  it("hold them to any JSON object, and refuse what cannot be kept", async () => {
    const json = {
      ...base,
      temperature: 1,
      messages: [ask("x")],
      response_format: { type: "json_object" },
    } as const;
    const { choices } = await api.create({ ...json, max_tokens: 50 });
    expect(JSON.parse(choices[0].message.content)).toBeTypeOf("object");
    const wrong = {
      type: "json_schema",
      json_schema: { schema: { type: "string", format: "date" } },
    } as const;
    await expect(api.create({ ...json, response_format: wrong })).rejects.toThrow(
      /"format" is not supported/,
    );
  });
});

describe("log-probabilities", () => {
  it("are those of the model's own law, whatever was drawn from", async () => {
    const messages = [ask("hello")];
    const asked = { ...base, messages, max_tokens: 3, logprobs: true, top_logprobs: 4 };
    const cold = await api.create({ ...asked, temperature: 0.5, top_p: 0.4 });
    const { content } = cold.choices[0].logprobs!;
    expect(content.map((c) => c.top_logprobs.length)).toEqual([4, 4, 4]);
    const model = await host.model("tiny");
    const prompt = model.tokenizer.encodePrompt(await model.tokenizer.renderChat(messages));
    const text = [...prompt, ...tokensOf(cold)];
    const logits = await promptLogits(host.engine, host.tuning, model.gpu, text);
    content.forEach(({ logprob, token, top_logprobs }, i) => {
      const V = model.gpu.facts.vocabSize;
      const at = prompt.length - 1 + i;
      const law = logSoftmax(logits.subarray(at * V, (at + 1) * V));
      expect(logprob).toBeCloseTo(law[tokensOf(cold)[i]!]!, 3);
      expect(token).toBe(model.tokenizer.piece(tokensOf(cold)[i]!));
      expect(top_logprobs[0]!.logprob).toBeCloseTo(Math.max(...law), 3);
    });
    const without = await fresh().create({ ...base, messages, max_tokens: 3, temperature: 0.5, top_p: 0.4 });
    expect(tokensOf(without)).toEqual(tokensOf(cold));
    expect(without.choices[0].logprobs).toBeNull();
  });
});

describe("answers", () => {
  const messages = [ask("tell me")];

  it("come in parts that make the whole", async () => {
    const whole = await api.create({ ...base, messages });
    const chunks: Chunk[] = [];
    for await (const chunk of await api.create({
      ...base,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    }))
      chunks.push(chunk);
    const choices = chunks.flatMap((c) => c.choices);
    expect(choices[0]!.delta.role).toBe("assistant");
    expect(choices.map((c) => c.delta.content ?? "").join("")).toBe(whole.choices[0].message.content);
    expect(choices.at(-1)!.finish_reason).toBe(whole.choices[0].finish_reason);
    expect(choices.at(-1)!.delta.token_ids).toEqual(tokensOf(whole));
    expect(chunks.at(-1)!.usage!.prompt_tokens_details.cached_tokens).toBe(whole.usage.prompt_tokens - 1);
  });

  it("end at a text, which is no part of them", async () => {
    const { content } = (await api.create({ ...base, messages })).choices[0].message;
    const stop = Array.from(content).slice(3, 5).join("");
    const stopped = (await api.create({ ...base, messages, stop })).choices[0];
    expect(stopped.message.content).toBe(content.slice(0, content.indexOf(stop)));
    expect(stopped.finish_reason).toBe("stop");
  });

  it("can be opened as recorded runs", async () => {
    const { trace } = await api.create({ ...base, messages, trace: "full" });
    expect(checkTrace(trace!)).toBeNull();
    expect(trace!.some((e) => e.kind === "candidates")).toBe(true);
  });

  it("stop when told to, before and while they are written, and the next one is right", async () => {
    const expected = await fresh().create({ ...base, messages });
    await expect(api.create({ ...base, messages }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    const abort = new AbortController();
    const reading = async (): Promise<void> => {
      const stream = await api.create(
        { ...base, max_tokens: 200, messages, stream: true },
        { signal: abort.signal },
      );
      for await (const { choices } of stream) if (choices[0]?.delta.content) abort.abort();
    };
    await expect(reading()).rejects.toMatchObject({ code: "cancelled" });
    const left = await api.create({ ...base, max_tokens: 200, messages, stream: true });
    for await (const { choices } of left) if (choices[0]?.delta.content) break;
    expect(tokensOf(await api.create({ ...base, messages }))).toEqual(tokensOf(expected));
  });

  it("are given one after another, and nothing is left when the conversation is forgotten", async () => {
    const both = await Promise.all([api.create({ ...base, messages }), api.create({ ...base, messages })]);
    expect(tokensOf(both[1])).toEqual(tokensOf(both[0]));
    chat.drop();
    expect(host.memory.report().liveBytes).toBe(idleBytes);
  });

  it("of a model without a template continue a text, if one asks for that", async () => {
    await expect(api.create({ ...base, model: "plain", messages })).rejects.toMatchObject({
      code: "unsupported",
    });
    const plain = { ...base, model: "plain", template: "plain", max_tokens: 5 } as const;
    const one = await api.create({ ...plain, messages });
    const two = await api.create({ ...plain, messages: [...messages, said(one), ask("more")] });
    expect(two.usage.prompt_tokens_details.cached_tokens).toBe(one.usage.total_tokens - 1);
  });

  it("need a request that makes sense", async () => {
    const bad = (fields: object) => api.create({ ...base, messages, ...fields } as never);
    await expect(bad({ messages: [] })).rejects.toThrow(/messages: expected/);
    await expect(bad({ temperature: "hot", n: 2 })).rejects.toThrow(
      /temperature: expected .*; n: expected 1, found 2/,
    );
    await expect(bad({ tools: [] })).rejects.toThrow(/tools: expected never/);
    await expect(bad({ top_logprobs: 3 })).rejects.toThrow(/expected logprobs to be true/);
    await expect(bad({ model: "nothing" })).rejects.toThrow(/nothing is not loaded/);
    await expect(bad({ messages: [ask("x".repeat(500))] })).rejects.toThrow(
      /expected at most 255 with this model/,
    );
  });
});
