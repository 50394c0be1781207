/** Whether a value satisfies a JSON schema, for the keywords that answers can be held to; written apart from the grammar. */
type Fields = Readonly<Record<string, unknown>>;

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** `$ref` is not followed. */
export function satisfies(schema: unknown, value: unknown): boolean {
  if (typeof schema === "boolean") return schema;
  const s = schema as Fields;
  if ("const" in s && !isEqual(s["const"], value)) return false;
  if ("enum" in s && !(s["enum"] as unknown[]).some((v) => isEqual(v, value))) return false;
  if ("anyOf" in s && !(s["anyOf"] as unknown[]).some((part) => satisfies(part, value))) return false;
  if ("type" in s && ![s["type"]].flat().some((type) => isOfType(type as string, value))) return false;
  const number = (key: string, otherwise: number): number => (s[key] as number | undefined) ?? otherwise;
  if (typeof value === "number") {
    if (value < number("minimum", -Infinity) || value > number("maximum", Infinity)) return false;
    if (value <= number("exclusiveMinimum", -Infinity) || value >= number("exclusiveMaximum", Infinity))
      return false;
  }
  if (typeof value === "string") {
    const length = Array.from(value).length;
    if (length < number("minLength", 0) || length > number("maxLength", Infinity)) return false;
  }
  if (Array.isArray(value)) {
    if (value.length < number("minItems", 0) || value.length > number("maxItems", Infinity)) return false;
    return value.every((item) => satisfies(s["items"] ?? true, item));
  }
  if (typeof value !== "object" || value === null) return true;
  const properties = (s["properties"] ?? {}) as Fields;
  const required = (s["required"] ?? []) as readonly string[];
  if (!required.every((name) => Object.hasOwn(value, name))) return false;
  return Object.entries(value).every(([name, v]) =>
    satisfies(Object.hasOwn(properties, name) ? properties[name] : (s["additionalProperties"] ?? true), v),
  );
}
