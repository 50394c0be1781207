/**
 * JSON schemas as grammars. What is understood is kept exactly; what is not understood is an error that names it, never ignored:
 * an answer that was held to a schema satisfies it.
 * @see https://json-schema.org/draft/2020-12
 */
import { DecoscopeError } from "../../base/errors";
import { any, NEVER, all, type Grammar } from "./grammar";
import { anything, array, integer, literal, number, object, string, type Member } from "./parts";

type Fields = Readonly<Record<string, unknown>>;

/** Say something to people, and nothing of the value. */
const NOTES = new Set(
  "$schema $id $comment $anchor title description default examples deprecated readOnly writeOnly".split(" "),
);
const DEFINITIONS = ["$defs", "definitions"];
/** What each type understands. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties"],
  array: ["items", "minItems", "maxItems"],
  string: ["minLength", "maxLength"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  number: [],
  boolean: [],
  null: [],
};
/** Lengths beyond this are for other tools. */
const MOST = 10_000;
/** Schemas within schemas. */
const DEEPEST = 64;

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

export function schemaError(path: string, message: string): DecoscopeError {
  return new DecoscopeError("method", `The JSON schema cannot be used: at ${path || "#"}, ${message}`);
}

class Compiler {
  private readonly refs = new Map<string, Extract<Grammar, { kind: "ref" }>>();
  private readonly free = anything();

  constructor(private readonly root: unknown) {}

  compile(schema: unknown, path: string, depth = 0): Grammar {
    if (schema === true) return this.free.value;
    if (schema === false) return NEVER;
    if (typeOf(schema) !== "object")
      throw schemaError(path, `expected an object or a boolean, found ${typeOf(schema)}.`);
    if (depth > DEEPEST) throw schemaError(path, `schemas stand more than ${DEEPEST} deep. Use $ref.`);
    const fields = schema as Fields;
    const said = Object.keys(fields).filter((key) => !NOTES.has(key) && !DEFINITIONS.includes(key));
    const only = (...keys: readonly string[]): void => {
      const other = said.find((key) => !keys.includes(key));
      if (other !== undefined) throw schemaError(path, this.unknown(other, said));
    };
    if ("$ref" in fields) {
      only("$ref");
      return this.refer(fields["$ref"], path);
    }
    if ("anyOf" in fields || "allOf" in fields) {
      const key = "anyOf" in fields ? "anyOf" : "allOf";
      only(key);
      return this.several(key, fields[key], `${path}/${key}`, depth);
    }
    if ("const" in fields || "enum" in fields) {
      only("const", "enum", "type");
      return this.oneOfValues(fields, path);
    }
    const types = this.typesOf(fields, said, path);
    if (types === null) {
      only();
      return this.free.value;
    }
    only("type", ...types.flatMap((type) => KEYWORDS[type]!));
    return any(...types.map((type) => this.typed(type, fields, path, depth)));
  }

  private unknown(key: string, said: readonly string[]): string {
    const hint = key === "oneOf" ? " Use anyOf." : "";
    return `"${key}" is not supported beside ${said.filter((k) => k !== key).join(", ") || "nothing else"}.${hint} Leave it out, or check it afterwards.`;
  }

  /** What is said of the type, or can be told from the other words; null for any. */
  private typesOf(fields: Fields, said: readonly string[], path: string): readonly string[] | null {
    const { type } = fields;
    if (type === undefined) {
      if (said.length === 0) return null;
      const fitting = Object.entries(KEYWORDS).find(([, words]) => words.includes(said[0]!));
      if (!fitting) throw schemaError(path, this.unknown(said[0]!, said));
      return [fitting[0]];
    }
    const list: readonly unknown[] = Array.isArray(type) ? type : [type];
    const wrong = list.find((name) => typeof name !== "string" || !Object.hasOwn(KEYWORDS, name));
    if (wrong !== undefined || list.length === 0)
      throw schemaError(
        path,
        `expected a type of ${Object.keys(KEYWORDS).join(", ")}, found ${JSON.stringify(wrong ?? type)}.`,
      );
    // Every integer is a number already.
    return (list as readonly string[]).filter((name) => name !== "integer" || !list.includes("number"));
  }

  private typed(type: string, fields: Fields, path: string, depth: number): Grammar {
    switch (type) {
      case "object":
        return this.objectOf(fields, path, depth);
      case "array": {
        const [min, max] = this.bounds(fields, "minItems", "maxItems", path);
        return array(this.compile(fields["items"] ?? true, `${path}/items`, depth + 1), min, max);
      }
      case "string": {
        const [min, max] = this.bounds(fields, "minLength", "maxLength", path);
        return max !== null && max < min ? NEVER : string(min, max);
      }
      case "integer":
        return this.integerOf(fields, path);
      case "number":
        return number;
      case "boolean":
        return any(all("true"), all("false"));
      default:
        return all("null");
    }
  }

  private objectOf(fields: Fields, path: string, depth: number): Grammar {
    const { properties = {}, required = [], additionalProperties } = fields;
    if (typeOf(properties) !== "object") throw schemaError(path, "expected an object of properties.");
    if (!Array.isArray(required) || !required.every((name) => typeof name === "string"))
      throw schemaError(path, "expected a list of names that are required.");
    const given = Object.entries(properties as Fields);
    const others = additionalProperties ?? given.length === 0;
    const grammarOfOthers = this.compile(others, `${path}/additionalProperties`, depth + 1);
    const members = given.map(([name, value]): Member => ({
      name,
      value: this.compile(value, `${path}/properties/${name}`, depth + 1),
      isRequired: required.includes(name),
    }));
    const undeclared = [...new Set(required)]
      .filter((name) => !Object.hasOwn(properties as Fields, name))
      .map((name): Member => ({
        name,
        value: additionalProperties === undefined ? this.free.value : grammarOfOthers,
        isRequired: true,
      }));
    return object([...members, ...undeclared], others === false ? null : grammarOfOthers);
  }

  private integerOf(fields: Fields, path: string): Grammar {
    const bound = (key: string): number | null => {
      const value = fields[key];
      if (value === undefined) return null;
      if (typeof value !== "number") throw schemaError(path, `expected ${key} to be a number.`);
      return value;
    };
    const [above, below] = [bound("exclusiveMinimum"), bound("exclusiveMaximum")];
    const from = Math.max(
      Math.ceil(bound("minimum") ?? -Infinity),
      above === null ? -Infinity : Math.floor(above) + 1,
    );
    const to = Math.min(
      Math.floor(bound("maximum") ?? Infinity),
      below === null ? Infinity : Math.ceil(below) - 1,
    );
    return from > to ? NEVER : integer(from, to);
  }

  private bounds(fields: Fields, least: string, most: string, path: string): [number, number | null] {
    const [min = 0, max = null] = [least, most].map((key) => {
      const value = fields[key];
      if (value === undefined) return undefined;
      if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST) return value;
      throw schemaError(
        path,
        `expected ${key} to be a whole number up to ${MOST}, found ${JSON.stringify(value)}.`,
      );
    });
    return [min, max];
  }

  private oneOfValues(fields: Fields, path: string): Grammar {
    const { enum: listed, type } = fields;
    if (listed !== undefined && !Array.isArray(listed))
      throw schemaError(path, "expected enum to be a list.");
    const values = "const" in fields ? [fields["const"]] : (listed as readonly unknown[]);
    const types = type === undefined ? null : this.typesOf(fields, ["type"], path);
    const isTyped = (value: unknown): boolean =>
      types === null ||
      types.includes(typeOf(value)) ||
      (types.includes("integer") && Number.isInteger(value));
    const isListed = (value: unknown): boolean =>
      listed === undefined || (listed as unknown[]).some((v) => JSON.stringify(v) === JSON.stringify(value));
    return any(...values.filter((v) => isTyped(v) && isListed(v)).map(literal));
  }

  private several(key: "anyOf" | "allOf", value: unknown, path: string, depth: number): Grammar {
    if (!Array.isArray(value) || value.length === 0) throw schemaError(path, "expected a list of schemas.");
    if (key === "allOf" && value.length > 1)
      throw schemaError(path, "several schemas that all must hold are not supported. Write them as one.");
    return any(...value.map((schema, i) => this.compile(schema, `${path}/${i}`, depth + 1)));
  }

  private refer(pointer: unknown, path: string): Grammar {
    if (typeof pointer !== "string" || !/^#(\/|$)/.test(pointer))
      throw schemaError(
        path,
        `expected a $ref within the schema, such as "#/$defs/item", found ${JSON.stringify(pointer)}.`,
      );
    const known = this.refs.get(pointer);
    if (known) return known;
    let target: unknown = this.root;
    for (const part of pointer.split("/").slice(1)) {
      const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      const isThere = typeof target === "object" && target !== null && Object.hasOwn(target, name);
      if (!isThere) throw schemaError(path, `$ref ${pointer} leads nowhere.`);
      target = (target as Fields)[name];
    }
    const ref: Extract<Grammar, { kind: "ref" }> = { kind: "ref", name: pointer, target: null };
    this.refs.set(pointer, ref);
    ref.target = this.compile(target, pointer);
    return ref;
  }
}

/** @throws DecoscopeError "method" that names what in the schema is wrong or not supported */
export const schemaGrammar = (schema: unknown): Grammar => new Compiler(schema).compile(schema, "#");

/** Any JSON object. */
export const anyObject = (): Grammar => anything().object;
