import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { methods } from "../../../src/decoding/index";
import { packText, unpackText } from "../../../src/share/compress";
import {
  decodeLink,
  encodeLink,
  LINK_LIMITS,
  type DecodedLink,
  type LinkContents,
} from "../../../src/share/link";
import { LINK_VERSION } from "../../../src/share/migrations";
import { legalParams } from "../../helpers/params_arbitrary";
import { CONTEXT, METHODS } from "../../helpers/link_context";

const DEFAULTS = decodeLink("", CONTEXT).contents;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
/** A link of the current version that says `raw`, legal or not. */
const linkOf = (raw: unknown): string => `v${LINK_VERSION}.${packText(utf8(JSON.stringify(raw)))}`;
/** What stands in a link, before it is checked. */
const rawOf = (link: string): unknown =>
  JSON.parse(new TextDecoder().decode(unpackText(link.split(".")[1]!, 1e6)));
const open = (raw: unknown): DecodedLink => decodeLink(linkOf(raw), CONTEXT);

const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const settings: fc.Arbitrary<LinkContents<typeof CONTEXT.sampler>> = fc
  .constantFrom(...Object.keys(METHODS))
  .chain((method) =>
    fc.record({
      model: fc.constantFrom("big", "org/name"),
      draft: fc.constantFrom("small", "big", null),
      method: fc.constant(method),
      params: legalParams(METHODS[method]!),
      sampler: legalParams(CONTEXT.sampler) as fc.Arbitrary<typeof DEFAULTS.sampler>,
      prompt: fc.oneof(fc.constant(CONTEXT.defaults.prompt), fc.string(), fc.string({ unit: "binary" })),
      begin: fc.option(
        fc
          .uniqueArray(fc.nat(2047), { minLength: 1, maxLength: 12 })
          .map((tokens) => ({ step: tokens.length, tokens, forced: [tokens.length - 1] })),
      ),
      seed: fc.integer({ min: 0, max: 999_999 }),
      maxNewTokens: fc.integer({ min: 1, max: 200 }),
      views: fc.oneof(fc.constant(["tree"]), fc.array(id, { maxLength: 3 })),
      hash: fc.option(fc.stringMatching(/^[0-9a-f]{8}$/)),
      kept: fc.array(
        fc.record({
          model: fc.constantFrom("big", "org/name"),
          storage: fc.constantFrom("f16", "int8", "int4"),
          cacheStorage: fc.constantFrom("f32", "int8"),
        }),
        { maxLength: 2 },
      ),
    }),
  );

describe("round trip", () => {
  it("any settings, with and without a trace", () => {
    fc.assert(
      fc.property(settings, fc.option(fc.uint8Array({ maxLength: 3000 })), (contents, trace) => {
        const link = encodeLink(contents, CONTEXT, trace ?? undefined);
        expect(link).toMatch(/^v1\.[\w-]+(\.[\w-]+)?$/);
        const { trace: found, ...rest } = decodeLink(`#${link}`, CONTEXT);
        expect(rest).toEqual({ status: "read", contents, issues: [] });
        // Compared as bytes: a matcher would walk through thousands of elements one by one.
        expect(found === null).toBe(trace === null);
        if (found && trace) expect(Buffer.compare(found, trace)).toBe(0);
      }),
      { numRuns: 80 },
    );
  });

  it.each(methods.map((m) => [m.id, m] as const))("any parameters of %s", (method, { params }) => {
    const context = { ...CONTEXT, paramsOf: (m: string) => methods.find((other) => other.id === m)?.params };
    fc.assert(
      fc.property(legalParams(params), (values) => {
        const link = encodeLink({ ...DEFAULTS, method, params: values }, context);
        expect(decodeLink(link, context)).toMatchObject({ issues: [], contents: { method, params: values } });
      }),
    );
  });

  it("writes only what differs from defaults", () => {
    expect(rawOf(encodeLink(DEFAULTS, CONTEXT))).toEqual({});
    expect(encodeLink(DEFAULTS, CONTEXT).length).toBeLessThan(12);
    fc.assert(
      fc.property(settings, (contents) => {
        const raw = rawOf(encodeLink(contents, CONTEXT)) as Record<string, unknown>;
        for (const key of [
          "model",
          "draft",
          "method",
          "prompt",
          "begin",
          "seed",
          "maxNewTokens",
          "views",
          "hash",
          "kept",
        ] as const)
          expect(Object.hasOwn(raw, key)).toBe(
            JSON.stringify(contents[key]) !== JSON.stringify(DEFAULTS[key]),
          );
        const width = contents.method === "beams" ? contents.params["width"] : 4;
        expect((raw["params"] as Record<string, unknown> | undefined)?.["width"]).toBe(
          width === 4 ? undefined : width,
        );
      }),
    );
  });
});

describe("frozen links", () => {
  const dir = new URL("../../fixtures/links/", import.meta.url);
  const files = readdirSync(dir).filter((name) => name.endsWith(".txt"));

  it("there are some of every version", () => {
    for (let v = 1; v <= LINK_VERSION; v++)
      expect(files.some((name) => name.startsWith(`v${v}-`))).toBe(true);
  });

  it.each(files)("%s opens as what was shared", (name) => {
    const link = readFileSync(new URL(name, dir), "utf8");
    const expected = JSON.parse(readFileSync(new URL(name.replace(".txt", ".json"), dir), "utf8")) as {
      readonly contents: object;
    };
    const { contents, trace, issues } = decodeLink(link, CONTEXT);
    expect({ contents, trace: trace && new TextDecoder().decode(trace), issues }).toEqual({
      ...expected,
      // Links of that time do not say how models were kept.
      contents: { kept: [], ...expected.contents },
    });
  });
});

describe("links edited by hand", () => {
  it.each([
    [{ seed: -5 }, "seed", "expected integer from 0 to 999999, found -5; using 0", { seed: 0 }],
    [{ seed: "dice" }, "seed", 'expected a number, found "dice"; using 17', { seed: 17 }],
    [
      { params: { width: 99 } },
      "params.width",
      "found 99; using 16",
      { params: { width: 16, depth: 4, draftTemperature: 0 } },
    ],
    [{ params: { girth: 3 } }, "params.girth", "unknown setting; known ones are width, depth", {}],
    [{ params: [1] }, "params", "expected an object, found [1]", {}],
    [{ sampler: { topP: null } }, "sampler.topP", "expected a number, found null; using 1", {}],
    [{ sampler: 3 }, "sampler", "expected an object, found 3", {}],
    [{ method: "magic" }, "method", 'expected a method this page has, found "magic"; using "beams"', {}],
    [{ method: "toString" }, "method", 'found "toString"; using "beams"', {}],
    [{ model: "evil/model" }, "model", 'expected a model this page has, found "evil/model"; using "big"', {}],
    [{ model: "a\nb" }, "model", "expected a model this page has", {}],
    [{ draft: 7 }, "draft", "expected a model this page has, or null, found 7", {}],
    [{ prompt: ["x"] }, "prompt", 'found ["x"]; using "Once upon a time"', {}],
    [{ views: "tree" }, "views", 'found "tree"; using ["tree"]', {}],
    [{ views: ["<b>"] }, "views", 'found ["<b>"]', {}],
    [{ begin: { step: 1, tokens: [], forced: [] } }, "begin", "expected a step, given tokens and which", {}],
    [{ begin: { step: -1, tokens: [3], forced: [] } }, "begin", "found", {}],
    [{ begin: { step: 1, tokens: [3, 0.5], forced: [] } }, "begin", "found", {}],
    [{ begin: { step: 1, tokens: [3, 4], forced: [1, 0] } }, "begin", "found", {}],
    [{ begin: { step: 1, tokens: [3, null], forced: [1] } }, "begin", "found", {}],
    [{ begin: { step: 1, tokens: [3] } }, "begin", "found", {}],
    [{ hash: "xyz" }, "hash", 'expected eight hexadecimal digits, found "xyz"; using null', {}],
    [{ kept: [{ model: "big" }] }, "kept", "expected models and how they were kept", { kept: [] }],
    [
      { kept: [{ model: "big", storage: "in <b>8</b> bits", cacheStorage: "f32" }] },
      "kept",
      "expected models and how they were kept",
      { kept: [] },
    ],
    [{ hash: null }, "hash", "expected eight hexadecimal digits, found null", {}],
    [{ colour: 1 }, "colour", "unknown field; known ones are model", {}],
  ])("%j", (raw, key, message, contents) => {
    const { status, issues, contents: found } = open({ ...raw, maxNewTokens: 9 });
    expect(status).toBe("read");
    expect(issues).toEqual([{ key, message: expect.stringContaining(message) as string }]);
    // Everything else of the link still holds.
    expect(found).toEqual({ ...DEFAULTS, maxNewTokens: 9, ...contents });
  });

  it("parameters of an unknown method are not taken for those of another", () => {
    const { contents, issues } = open({ method: "magic", params: { width: 2 } });
    expect(contents.params).toEqual(DEFAULTS.params);
    expect(issues.map((i) => i.key)).toEqual(["method"]);
  });

  it("given tokens of an unknown model are not taken for those of another", () => {
    const { contents, issues } = open({
      model: "evil/model",
      begin: { step: 1, tokens: [3], forced: [0] },
    });
    expect(contents).toMatchObject({ model: "big", begin: null });
    expect(issues.map((i) => i.key)).toEqual(["model"]);
  });

  it("without a list of models any id is taken, and only ids", () => {
    const { defaults, paramsOf, sampler, run } = CONTEXT;
    const context = { defaults, paramsOf, sampler, run };
    const model = (m: string): string => decodeLink(linkOf({ model: m }), context).contents.model;
    expect(model("someone/some-model")).toBe("someone/some-model");
    for (const wrong of ["", "a\u202eb", "x".repeat(201), "<script>"]) expect(model(wrong)).toBe("big");
  });

  it("what mails and chats do to links", () => {
    const link = linkOf({ seed: 3 });
    for (const wrapped of [` #${link}\n`, `${link}.`, `${link})`, `${link}\u2026`])
      expect(decodeLink(wrapped, CONTEXT)).toMatchObject({
        status: "read",
        issues: [],
        contents: { seed: 3 },
      });
  });
});

describe("links that cannot be read", () => {
  it("nothing is no link", () => {
    for (const nothing of ["", "#", " "])
      expect(decodeLink(nothing, CONTEXT)).toEqual({
        status: "none",
        contents: DEFAULTS,
        trace: null,
        issues: [],
      });
  });

  it.each([
    ["#gallery", 'expected "v1." and base64url text, found "gallery"'],
    [
      "v2.eJw",
      "expected link version 1, found 2; using defaults. Reload the page, or open the link in a newer Decoscope",
    ],
    ["v0.eJw", "expected link version 1, found 0"],
    ["v1.A", "the settings of this link are damaged: expected base64url text"],
    ["v1.____", "the settings of this link are damaged: expected compressed data"],
    [`v1.${packText(utf8("{"))}`, "the settings of this link are damaged"],
    [linkOf([1]), "the settings of this link are damaged: expected an object of settings, found [1]"],
    [linkOf(null), "found null"],
    [linkOf({ prompt: "The quick brown fox" }).slice(0, -9), "the settings of this link are damaged"],
  ])("%s", (link, message) => {
    const decoded = decodeLink(link, CONTEXT);
    expect(decoded).toEqual({
      status: "unreadable",
      contents: DEFAULTS,
      trace: null,
      issues: [{ key: "link", message: expect.stringContaining(message) as string }],
    });
  });

  it("never throws, whatever it is given", () => {
    const link = encodeLink(
      { ...DEFAULTS, seed: 5, prompt: "What a link", hash: "0123abcd" },
      CONTEXT,
      utf8("trace"),
    );
    const edit = fc.record({ at: fc.nat(link.length), drop: fc.nat(9), put: fc.string() });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => `v1.${packText(utf8(text))}`),
          fc.dictionary(fc.constantFrom(...Object.keys(DEFAULTS), "__proto__"), fc.jsonValue()).map(linkOf),
          edit.map(({ at, drop, put }) => link.slice(0, at) + put + link.slice(at + drop)),
        ),
        (text) => {
          const { contents, status, issues } = decodeLink(text, CONTEXT);
          expect(Object.keys(contents).sort()).toEqual(Object.keys(DEFAULTS).sort());
          if (status === "unreadable") expect(issues).toHaveLength(1);
          // Whatever was read can be shared again.
          expect(decodeLink(encodeLink(contents, CONTEXT), CONTEXT).contents).toEqual(contents);
        },
      ),
      { numRuns: 250 },
    );
  });
});

describe("traces in links", () => {
  it("a damaged one leaves the settings", () => {
    const link = encodeLink({ ...DEFAULTS, seed: 5 }, CONTEXT, utf8("x".repeat(5000)));
    const decoded = decodeLink(link.slice(0, -3), CONTEXT);
    expect(decoded).toMatchObject({ status: "read", trace: null, contents: { seed: 5 } });
    expect(decoded.issues).toEqual([
      { key: "trace", message: expect.stringContaining("the trace of this link is damaged") as string },
    ]);
  });

  it("one that would fill the memory is not unpacked", () => {
    const bomb = deflateRawSync(Buffer.alloc(LINK_LIMITS.traceBytes + 1)).toString("base64url");
    expect(bomb.length).toBeLessThan(200_000);
    const { trace, issues } = decodeLink(`${linkOf({})}.${bomb}`, CONTEXT);
    expect(trace).toBeNull();
    expect(issues[0]?.message).toContain(
      `expected at most ${LINK_LIMITS.traceBytes} bytes when decompressed, found more`,
    );
  });

  it("nor are settings", () => {
    const spaces = deflateRawSync(Buffer.alloc(LINK_LIMITS.settingsBytes + 1, " "));
    const link = `v1.${spaces.toString("base64url")}`;
    expect(decodeLink(link, CONTEXT).issues[0]?.message).toContain("expected at most 1048576 bytes");
    const long = "A".repeat(LINK_LIMITS.fragmentLength);
    expect(decodeLink(`v1.${long}`, CONTEXT).issues[0]?.message).toContain("characters, found");
  });
});
