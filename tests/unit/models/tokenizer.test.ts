import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Tokenizer, type TokenizerFiles } from "../../../src/models/tokenizer/tokenizer";
import { TINY_VOCAB, tinyTokenizer } from "../../helpers/tiny_tokenizer";

const make = (tokenizer: unknown, rest: Partial<TokenizerFiles> = {}): Tokenizer =>
  new Tokenizer({ tokenizer, config: undefined, chatTemplate: null, bosToken: 0, label: "m", ...rest });
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

const stories = make(
  JSON.parse(
    readFileSync(new URL("../../../public/models/story-target/tokenizer.json", import.meta.url), "utf8"),
  ),
);

/** A tokenizer in the style of Llama 2: spaces are written as U+2581, unknown bytes as <0xNN>. */
function sentencePiece() {
  const bytes = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`);
  const letters = "\u2581abcdehilorw".split("");
  const merges = ["\u2581 h", "l o", "\u2581 w"];
  const entries = [
    "<unk>",
    "<s>",
    "</s>",
    ...bytes,
    ...letters,
    ...merges.map((merge) => merge.replace(" ", "")),
  ];
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    added_tokens: ["<unk>", "<s>", "</s>"].map((content, id) => ({ id, content, ...special })),
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "\u2581" },
        { type: "Replace", pattern: { String: " " }, content: "\u2581" },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "\u2581" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      unk_token: "<unk>",
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(entries.map((entry, id) => [entry, id])),
      merges,
    },
  };
}

const samples = [
  "",
  " ",
  "  two  spaces  ",
  "Once upon a time, there was a little girl.",
  "line\r\nline\n\n\ttab\u00a0nbsp",
  "don't they'll I'VE",
  "caf\u00e9 na\u00efve \u0153uvre",
  "\u4f60\u597d\uff0c\u4e16\u754c",
  "\u{1f600} \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{1f3f3}\ufe0f\u200d\u{1f308}",
  "\ufefftext with a byte order mark\ufeff",
  "<|end|>not <|user|> special<|",
  "e\u0301 is not \u00e9",
  "constructor __proto__ toString",
];

describe.each([
  ["the bundled tokenizer", stories],
  ["the tiny byte-level tokenizer", make(tinyTokenizer())],
  ["a SentencePiece-style tokenizer", make(sentencePiece(), { bosToken: 1 })],
])("%s", (_, tokenizer) => {
  /** SentencePiece writes spaces as U+2581, so that this character itself comes back as a space: true of the format. */
  const canSpell = (text: string): boolean => !(tokenizer.dropsFirstSpace && text.includes("\u2581"));

  it.each(samples)("gives back %j", (text) => {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it("gives back every text (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }).filter(canSpell), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it("knows the exact bytes of its tokens: joined they are the text's (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }).filter(canSpell), (text) => {
        const bytes = tokenizer.encode(text).flatMap((token) => [...tokenizer.bytes(token)]);
        const prefix = tokenizer.dropsFirstSpace && text !== "" ? [0x20] : [];
        expect(bytes).toEqual([...prefix, ...new TextEncoder().encode(text)]);
      }),
    );
  });

  it("streams without splitting a character (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }).filter(canSpell), (text) => {
        const detokenizer = tokenizer.detokenizer();
        let shown = "";
        for (const token of tokenizer.encode(text)) {
          shown += detokenizer.push(token);
          expect(text.startsWith(shown)).toBe(true);
        }
        expect(shown).toBe(text);
        expect(detokenizer.flush()).toBe("");
      }),
    );
  });
});

describe("the bundled tokenizer", () => {
  it("makes the tokens that the models were trained on", () => {
    const text = "Once upon a time, there was a little";
    const ids = stories.encode(text);
    expect(ids.map((id) => stories.piece(id)).join("|")).toBe("Once| upon| a| time|,| there| was| a| little");
    expect(stories.encodePrompt(text)).toEqual([0, ...ids]);
    expect(stories.size).toBe(2048);
    expect(stories.bosToken).toBe(0);
    expect(stories.specialTokens.get("<|mask|>")).toBe(1);
  });

  it("spreads an emoji over tokens and shows it with the last of them", () => {
    const ids = stories.encode("\u{1f600}");
    expect(ids.length).toBeGreaterThan(1);
    const detokenizer = stories.detokenizer();
    const shown = ids.map((id) => detokenizer.push(id));
    expect(shown).toEqual([...ids.slice(1).map(() => ""), "\u{1f600}"]);
    expect(ids.map((id) => stories.piece(id)).join("")).toContain("\ufffd");
  });
});

describe("a detokenizer", () => {
  const tokenizer = make(tinyTokenizer());
  const [first, second] = tokenizer.encode("\u00e8") as [number, number];

  it("shows U+FFFD for characters that never end", () => {
    const detokenizer = tokenizer.detokenizer();
    expect(detokenizer.push(first)).toBe("");
    expect(detokenizer.flush()).toBe("\ufffd");
    expect(detokenizer.push(first, second)).toBe("\u00e8");
    expect(detokenizer.push(second)).toBe("\ufffd");
  });

  it("ends a character at a special token, shown or not", () => {
    expect(tokenizer.decode([first, 0, second])).toBe("\ufffd<|end|>\ufffd");
    expect(tokenizer.decode([first, 0, second], { skipSpecial: true })).toBe("\ufffd\ufffd");
    expect(tokenizer.decode([first, second, 0], { skipSpecial: true })).toBe("\u00e8");
  });

  it("keeps the first space of a continuation", () => {
    const pieces = make(sentencePiece(), { bosToken: 1 });
    const ids = pieces.encode("hello world");
    expect(pieces.decode(ids)).toBe("hello world");
    expect(pieces.decode(ids, { atStart: false })).toBe(" hello world");
    expect(pieces.decode([1, ...ids], { skipSpecial: true })).toBe("hello world");
  });

  it("has no text for ids outside the vocabulary", () => {
    expect(tokenizer.decode([TINY_VOCAB, 9999])).toBe("");
    expect(tokenizer.piece(TINY_VOCAB)).toBe("");
  });
});

describe("the token before every prompt", () => {
  const template = (single: unknown[]) => ({
    ...tinyTokenizer(),
    post_processor: {
      type: "Sequence",
      processors: [
        { type: "ByteLevel" },
        {
          type: "TemplateProcessing",
          single,
          pair: [],
          special_tokens: { "<|mask|>": { ids: [1], tokens: [] } },
        },
      ],
    },
  });
  const text = { Sequence: { id: "A", type_id: 0 } };
  const withBos = template([{ SpecialToken: { id: "<|mask|>", type_id: 0 } }, text]);
  const bos = (tokenizer: unknown, config: unknown, bosToken: number | null = 0) =>
    make(tokenizer, { config, bosToken }).bosToken;

  it("is what the files say, in their order of authority", () => {
    expect(bos(tinyTokenizer(), undefined)).toBe(0);
    expect(bos(tinyTokenizer(), undefined, null)).toBeNull();
    expect(bos(tinyTokenizer(), { add_bos_token: false })).toBeNull();
    expect(bos(tinyTokenizer(), { add_bos_token: true, bos_token: "<|mask|>" })).toBe(1);
    expect(bos(tinyTokenizer(), { bos_token: { content: "<|mask|>" } }, null)).toBe(1);
    expect(bos(tinyTokenizer(), { tokenizer_class: "GPT2Tokenizer" })).toBeNull();
    expect(bos(tinyTokenizer(), { tokenizer_class: "Qwen2TokenizerFast", add_bos_token: true })).toBe(0);
    expect(bos(withBos, undefined)).toBe(1);
    expect(bos(withBos, { add_bos_token: false })).toBeNull();
    expect(bos(template([text]), undefined)).toBeNull();
    expect(bos(template([text]), { add_bos_token: true })).toBe(0);
  });

  it("is not put there twice", () => {
    const tokenizer = make(tinyTokenizer());
    expect(tokenizer.encodePrompt("the")).toEqual([0, ...tokenizer.encode("the")]);
    expect(tokenizer.encodePrompt("<|end|>the")).toEqual([0, ...tokenizer.encode("the")]);
    expect(tokenizer.encodePrompt("")).toEqual([0]);
    expect(make(tinyTokenizer(), { bosToken: null }).encodePrompt("")).toEqual([]);
  });
});

describe("chat templates", () => {
  const chatTemplate =
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}" +
    "<|{{ m.role }}|>{{ m.content }}{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";
  const config = { eos_token: { content: "<|end|>" } };
  const user = { role: "user", content: "Hi {{ bos_token }}" };

  it("make one text of a conversation, in which messages are only text", async () => {
    const tokenizer = make(tinyTokenizer(), { chatTemplate, config });
    expect(tokenizer.hasChatTemplate).toBe(true);
    expect(await tokenizer.renderChat([user])).toBe("<|user|>Hi {{ bos_token }}<|end|>\n<|assistant|>");
  });

  it("may come in tokenizer_config.json, alone or by name; the file of its own goes first", async () => {
    const named = [
      { name: "tools", template: "tools" },
      { name: "default", template: "default" },
    ];
    const render = (field: unknown, file: string | null = null) =>
      make(tinyTokenizer(), { chatTemplate: file, config: { chat_template: field } }).renderChat([user]);
    expect(await render("plain")).toBe("plain");
    expect(await render(named)).toBe("default");
    expect(await render("plain", "file")).toBe("file");
  });

  it("fail clearly", async () => {
    const render = (template: string | null, role: string) =>
      make(tinyTokenizer(), { chatTemplate: template }).renderChat([{ role, content: "x" }]);
    await expect(render(null, "user")).rejects.toThrow(error("unsupported", /m has no chat template/));
    await expect(render(chatTemplate, "system")).rejects.toThrow(
      error("load", /conversation of system: .*no system role/),
    );
    await expect(render("{% for %}", "user")).rejects.toThrow(
      error("load", /m: the model's chat template failed/),
    );
  });

  const hostile: readonly (readonly [string, string, RegExp])[] = [
    [
      "loops that never end",
      "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
      /more than 1000000 steps/,
    ],
    ["an endless range", "{% for a in range(10 ** 12) %}{% endfor %}", /./],
    ["a range of a million million", "{{ range(1000000000000) }}", /range of 1000000000000 entries/],
    [
      "a text that doubles",
      "{% set ns = namespace(t='ab') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}",
      /more than 4000000 characters/,
    ],
    ["a constructor", "{{ messages.constructor.constructor('return 1')() }}", /./],
    ["a tag that is never closed", "{% if messages %}", /./],
  ];
  it.each(hostile)("end with a message at %s", async (_, chatTemplate, message) => {
    const rendering = make(tinyTokenizer(), { chatTemplate }).renderChat([user]);
    await expect(rendering).rejects.toThrow(error("load", message));
    await expect(rendering).rejects.toThrow(/Use plain text instead, or another model/);
  });

  it("are told whether to think only if somebody said so, and can end with the last message", async () => {
    const asks =
      "{{ messages[0].content }}{% if enable_thinking is defined %}[{{ enable_thinking }}]{% endif %}" +
      "{% if tools is not none %}tools{% endif %}{% if add_generation_prompt %}:{% endif %}";
    const tokenizer = make(tinyTokenizer(), { chatTemplate: asks });
    const message = { role: "user", content: "x" };
    expect(await tokenizer.renderChat([message])).toBe("x:");
    expect(await tokenizer.renderChat([message], { thinks: false, opensAnswer: false })).toBe("x[false]");
    expect(await tokenizer.renderChat([message], { thinks: true })).toBe("x[true]:");
  });

  it("know the date, in English", async () => {
    const chatTemplate = "{{ strftime_now('%d %b %Y|%B|%H:%M|%%|%q') }}";
    const text = await make(tinyTokenizer(), { chatTemplate }).renderChat([user]);
    expect(text).toMatch(/^\d\d [A-Z][a-z]{2} \d{4}\|[A-Z][a-z]+\|\d\d:\d\d\|%\|%q$/);
  });
});

describe("bad tokenizer files", () => {
  const change = (fields: object) => ({ ...tinyTokenizer(), ...fields });
  it.each<[string, unknown, string, RegExp]>([
    ["no object", 7, "load", /m\/tokenizer\.json/],
    ["no model", change({ model: undefined }), "load", /m\/tokenizer\.json .*model/],
    ["no vocabulary", change({ model: { type: "BPE", merges: [] } }), "load", /model\.vocab/],
    [
      "ids that are texts",
      change({ model: { type: "BPE", merges: [], vocab: { a: "1" } } }),
      "load",
      /model\.vocab/,
    ],
    [
      "an endless id",
      change({ model: { type: "BPE", merges: [], vocab: { a: 1e15 } } }),
      "load",
      /model\.vocab/,
    ],
    [
      "merges of the wrong kind",
      change({ model: { type: "BPE", merges: 3, vocab: {} } }),
      "load",
      /cannot be used/,
    ],
    ["an unknown pre-tokenizer", change({ pre_tokenizer: { type: "Magic" } }), "unsupported", /Magic/],
    ["another decoder", change({ decoder: { type: "WordPiece" } }), "unsupported", /found WordPiece/],
    ["no decoder", change({ decoder: null }), "unsupported", /found none/],
  ])("%s", (_, tokenizer, code, message) => {
    expect(() => make(tokenizer)).toThrow(error(code, message));
  });

  it("wrong fields in tokenizer_config.json", () => {
    expect(() => make(tinyTokenizer(), { config: { add_bos_token: "yes" } })).toThrow(
      error("load", /m\/tokenizer_config\.json .*add_bos_token/),
    );
  });
});

describe("added tokens", () => {
  it("are written as they are, not in the alphabet of bytes", () => {
    const tokenizer = tinyTokenizer();
    const [special] = tokenizer.added_tokens;
    const content = "<| \u00e9 \u0120 |>";
    const added = { ...special, id: TINY_VOCAB, content, special: false };
    const made = make({ ...tokenizer, added_tokens: [...tokenizer.added_tokens, added] });
    expect(made.encode(`a${content}`)).toEqual([...made.encode("a"), TINY_VOCAB]);
    expect(made.piece(TINY_VOCAB)).toBe(content);
    expect(made.isSpecial(TINY_VOCAB)).toBe(false);
  });
});

describe("entries named like parts of objects", () => {
  it("are tokens like any other", () => {
    const tokenizer = tinyTokenizer();
    const vocab: Record<string, number> = { ...tokenizer.model.vocab, constructor: TINY_VOCAB };
    const model = { ...tokenizer.model, vocab, ignore_merges: true };
    const made = make({ ...tokenizer, model });
    expect(made.encode("constructor")).toEqual([TINY_VOCAB]);
    expect(made.size).toBe(TINY_VOCAB + 1);
  });
});
