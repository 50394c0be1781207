/** Schemas: whatever tokens are drawn from those allowed, the text is JSON, satisfies the schema, and is whole in time. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Automaton } from "../../../src/chat/json/automaton";
import { JsonWriter } from "../../../src/chat/json/json_writer";
import { anyObject, schemaGrammar } from "../../../src/chat/json/schema";
import { Vocabulary } from "../../../src/chat/json/vocabulary";
import { Tokenizer } from "../../../src/models/tokenizer/tokenizer";
import { satisfies } from "../../helpers/json_schema";
import { TINY_VOCAB, tinyTokenizer } from "../../helpers/tiny_tokenizer";

/** Bytes, and tokens that go across the borders of JSON's parts. */
const MORE = ['":', '", ', '{"', "},", "[1", "true", 'e"', "12", "\\u", '\n"', "null}", "\u00e9t\u00e9"];
const file = tinyTokenizer();
const added = MORE.map((content, i) => ({
  ...file.added_tokens[0]!,
  id: TINY_VOCAB + i,
  content,
  special: false,
}));
const tokenizer = new Tokenizer({
  tokenizer: { ...file, added_tokens: [...file.added_tokens, ...added] },
  config: undefined,
  chatTemplate: null,
  bosToken: null,
  label: "m",
});
const SIZE = TINY_VOCAB + MORE.length;
const END = 0;
const vocabulary = new Vocabulary(tokenizer, SIZE + 30);

const accepts = (schema: unknown, text: string): boolean => {
  const automaton = new Automaton(schemaGrammar(schema));
  let state = automaton.start as ReturnType<Automaton["step"]>;
  for (const byte of new TextEncoder().encode(text)) state = state && automaton.step(state, byte);
  return state?.isEnd === true;
};

const shortest = (schema: unknown): number =>
  new Automaton(schemaGrammar(schema), vocabulary.canWrite).start.cost;

/** Draws tokens until the end token or the limit; `draws` say which of those allowed, and often the end once it may come. */
function write(schema: unknown, most: number, draw: (n: number) => number, endTokens = [END]): string {
  const writer = new JsonWriter(schemaGrammar(schema), vocabulary, tokenizer, endTokens, most);
  const tokens: number[] = [];
  while (tokens.length < most && !writer.isOver) {
    const bits = writer.allowed();
    const open = Array.from({ length: SIZE + 30 }, (_, t) => t).filter(
      (t) => (bits[t >>> 5]! >>> (t & 31)) & 1,
    );
    expect(open.length).toBeGreaterThan(0);
    const token = open[draw(open.length)]!;
    writer.push(token);
    if (token === END) break;
    tokens.push(token);
  }
  expect(writer.isWhole).toBe(true);
  return tokenizer.decode(tokens, { atStart: false });
}

const name = fc.constantFrom("a", "ab", "b", 'q"', "\u00e9", "the", "__proto__");
const size = fc.nat(4);
const schemas = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom<unknown>(true, {}, { type: "boolean" }, { type: "null" }, { type: "number" }),
    fc.record({ type: fc.constant("string"), minLength: size, maxLength: size.map((n) => n + 4) }),
    fc
      .tuple(fc.integer({ min: -2000, max: 2000 }), fc.nat(3000))
      .map(([minimum, span]) => ({ type: "integer", minimum, maximum: minimum + span })),
    fc.record({ type: fc.constant("integer"), exclusiveMinimum: fc.integer({ min: -99, max: 99 }) }),
    fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 3 }) }),
    fc.record({ const: fc.jsonValue({ maxDepth: 1 }) }),
    fc.record({ type: fc.constant(["string", "null", "integer"]) }),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
    fc
      .tuple(tie("schema"), size, size)
      .map(([items, min, more]) => ({ type: "array", items, minItems: min, maxItems: min + more })),
    fc
      .tuple(
        fc.dictionary(name, tie("schema"), { maxKeys: 3 }),
        fc.array(name, { maxLength: 2 }),
        fc.boolean(),
      )
      .map(([properties, required, isOpen]) => ({
        type: "object",
        properties,
        required,
        additionalProperties: isOpen ? { type: "integer" } : false,
      })),
  ),
}));

describe("random schemas", () => {
  it("are satisfied by every text that is drawn, at every limit that leaves room for one", () => {
    fc.assert(
      fc.property(
        schemas.schema,
        fc.nat(60),
        fc.infiniteStream(fc.nat(1 << 20)),
        fc.boolean(),
        (schema, extra, stream, hasEnd) => {
          const least = shortest(schema);
          fc.pre(Number.isFinite(least));
          const draws = stream[Symbol.iterator]();
          const text = write(
            schema,
            Math.max(1, least + extra),
            (n) => (draws.next().value as number) % n,
            hasEnd ? [END] : [],
          );
          expect(satisfies(schema, JSON.parse(text)), `${text} by ${JSON.stringify(schema)}`).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  }, 120_000);

  it("accept what others wrote, as JSON.stringify writes it", () => {
    const isWritten = (v: unknown): boolean => !/e[+-]\d{3}|\d{16}|\\/.test(JSON.stringify(v));
    const value = fc.jsonValue({ maxDepth: 2 }).filter(isWritten);
    fc.assert(
      fc.property(value, (v) => {
        expect(accepts(true, JSON.stringify(v)), JSON.stringify(v)).toBe(true);
      }),
    );
  });

  it("bound integers exactly", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3000, max: 3000 }),
        fc.nat(4000),
        fc.integer({ min: -8000, max: 8000 }),
        (minimum, span, n) => {
          const maximum = minimum + span;
          expect(accepts({ type: "integer", minimum, maximum }, String(n))).toBe(
            n >= minimum && n <= maximum,
          );
        },
      ),
    );
  });
});

describe("schemas", () => {
  const person = {
    type: "object",
    properties: { name: { type: "string" }, age: { type: "integer", minimum: 0, maximum: 120 } },
    required: ["name"],
    additionalProperties: false,
  };
  it.each([
    [person, '{"name": "Ann", "age": 7}', true],
    [person, '{\n  "name":"Ann"\n}', true],
    [person, '{"age":7}', false],
    [person, '{"name":"Ann","age":121}', false],
    [person, '{"name":"Ann","x":1}', false],
    [{ type: "string", minLength: 2, maxLength: 2 }, '"\u00e9\u{1f600}"', true],
    [{ type: "string" }, '"\\ud83d"', false],
    [{ type: "string" }, '"\n"', false],
    [{ type: "array", items: { type: "null" }, minItems: 1, maxItems: 2 }, "[]", false],
    [{ type: "array", items: { type: "null" }, minItems: 1, maxItems: 2 }, "[null, null]", true],
    [{ type: "integer" }, "01", false],
    [{ type: "number" }, "-0.5e+10", true],
    [{ enum: [1, "1", null] }, '"1"', true],
    [{ enum: [1, "1", null], type: "integer" }, '"1"', false],
    [
      { type: "object", properties: { a: true }, additionalProperties: { type: "null" } },
      '{"b":null,"aa":null}',
      true,
    ],
    [
      { type: "object", properties: { a: { type: "null" } }, additionalProperties: true },
      '{"\\u0061":1}',
      false,
    ],
  ])("%j and %s: %s", (schema, text, isAccepted) => {
    expect(accepts(schema, text)).toBe(isAccepted);
  });

  it("may contain themselves", () => {
    const tree = {
      $ref: "#/$defs/node",
      $defs: {
        node: {
          type: "object",
          properties: {
            v: { type: "integer" },
            next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
          },
          required: ["v", "next"],
        },
      },
    };
    expect(accepts(tree, '{"v":1,"next":{"v":2,"next":null}}')).toBe(true);
    expect(accepts(tree, '{"v":1,"next":{"v":2}}')).toBe(false);
    expect(accepts({ anyOf: [{ $ref: "#" }, { type: "null" }] }, "null")).toBe(true);
    expect(() => write({ $ref: "#" }, 10, () => 0)).toThrow(/no JSON satisfies it/);
    const endless = { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] };
    expect(() => write(endless, 1000, () => 0)).toThrow(/no JSON satisfies it/);
  });

  it.each<[string, unknown, RegExp]>([
    [
      "a keyword it does not know",
      { type: "string", pattern: "a+" },
      /at #, "pattern" is not supported beside type/,
    ],
    ["oneOf", { oneOf: [{}] }, /Use anyOf/],
    ["one of another type", { type: "string", minimum: 1 }, /"minimum" is not supported beside type/],
    ["a type there is not", { type: "date" }, /expected a type of .* found "date"/],
    ["a place that is not there", { $ref: "#/$defs/x" }, /\$ref #\/\$defs\/x leads nowhere/],
    ["another document", { $ref: "https://example.org/x.json" }, /expected a \$ref within the schema/],
    ["no schema", 7, /expected an object or a boolean, found number/],
    [
      "properties that are none",
      { type: "object", properties: { a: { type: "array", items: 3 } } },
      /#\/properties\/a\/items/,
    ],
    ["mad lengths", { type: "string", maxLength: 1e9 }, /whole number up to 10000/],
    ["nothing", { type: "integer", minimum: 3, maximum: 2 }, /no JSON satisfies it/],
    ["several that all must hold", { allOf: [{}, {}] }, /Write them as one/],
  ])("%s is an error that says so", (_, schema, message) => {
    expect(() => write(schema, 50, () => 0)).toThrow(message);
  });

  it("say how much room they need", () => {
    const long = { type: "string", minLength: 30 };
    expect(() => write(long, 31, () => 0)).toThrow(
      /has 32 bytes; expected room for as many tokens, found 31/,
    );
    expect(write(long, 32, () => 0)).toHaveLength(32);
  });

  it("need tokens that can spell them", () => {
    const poor = {
      size: 3,
      isSpecial: () => false,
      bytes: (t: number) => new TextEncoder().encode(["{", "}", "a"][t]),
    };
    const make = (schema: unknown): JsonWriter =>
      new JsonWriter(schemaGrammar(schema), new Vocabulary(poor, 3), poor, [], 9);
    expect(() => make({ type: "string" })).toThrow(/that this model's tokens can spell/);
    expect(new JsonWriter(anyObject(), new Vocabulary(poor, 3), poor, [], 9).allowed()).toEqual(
      Uint32Array.of(1),
    );
  });
});
