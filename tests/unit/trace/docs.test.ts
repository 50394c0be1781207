/** docs/trace.md is what other engines write traces by: it must name everything, and its example must be one. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeTrace } from "../../../src/trace/codec";
import { TRACE_VERSION } from "../../../src/trace/events";
import { checkTrace } from "../../../src/trace/grammar";
import { EVENT_SCHEMAS } from "../../../src/trace/schemas";

const text = readFileSync(new URL("../../../docs/trace.md", import.meta.url), "utf8");

/** The part of the page about one kind: from its heading to the next one. */
const sectionOf = (kind: string): string => {
  const start = text.indexOf(`\n### ${kind}\n`);
  expect(start, `a heading for ${kind}`).toBeGreaterThan(0);
  return text.slice(start + 1).split(/\n##+ /, 1)[0] ?? "";
};

/** Names of all fields of a schema, those of records inside it included. */
function fieldsOf(schema: unknown, names = new Set<string>()): Set<string> {
  if (typeof schema !== "object" || schema === null) return names;
  const { entries, item, items, wrapped, pipe } = schema as Record<string, unknown>;
  for (const [name, inner] of Object.entries(entries ?? {})) fieldsOf(inner, names.add(name));
  for (const inner of [item, wrapped, ...((items ?? []) as unknown[])]) fieldsOf(inner, names);
  if (Array.isArray(pipe)) fieldsOf(pipe[0], names);
  return names;
}

/** Words the page may use for each choice of a schema. */
function choicesOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { options, type, ...inside } = schema as Record<string, unknown>;
  if (type === "picklist") return options as string[];
  return Object.entries(inside).flatMap(([key, value]) => (key.startsWith("~") ? [] : choicesOf(value)));
}

describe("docs/trace.md", () => {
  it.each(Object.entries(EVENT_SCHEMAS))("names every field and every choice of %s", (kind, schema) => {
    const section = sectionOf(kind);
    const fields = [...fieldsOf(schema)].filter((name) => !["kind", "step", "ms"].includes(name));
    expect(fields.length).toBeGreaterThan(0);
    for (const name of fields) expect(section, `${kind}.${name}`).toContain(`\`${name}\``);
    for (const choice of choicesOf(schema))
      expect(section, `${kind}: ${choice}`).toMatch(new RegExp(`[\`"]${choice}[\`"]`));
  });

  it("says nothing of fields that are not there", () => {
    for (const [kind, schema] of Object.entries(EVENT_SCHEMAS)) {
      const rows = [...sectionOf(kind).matchAll(/^\| (`.*?) \|/gm)].flatMap((m) => m[1]!.match(/\w+/g) ?? []);
      expect([...fieldsOf(schema)]).toEqual(expect.arrayContaining(rows));
    }
  });

  it("has an example that is a trace, and is of this version", () => {
    const example = /```jsonl\n([^`]*)```/.exec(text)?.[1] ?? "";
    const { events, warnings } = decodeTrace(example);
    expect(warnings).toEqual([]);
    expect(checkTrace(events)).toBeNull();
    expect(text).toContain(`# The trace format, version ${TRACE_VERSION}\n`);
  });
});
