import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DecoscopeError } from "../../../src/base/errors";
import { decodeTrace, encodeEvent, encodeTrace } from "../../../src/trace/codec";
import { TRACE_VERSION, type TraceEvent } from "../../../src/trace/events";
import { foldEvents } from "../../../src/trace/fold";
import { LIMITS } from "../../../src/trace/schemas";
import { sampleTrace } from "../../helpers/sample_trace";

const FIXTURES = new URL("../../fixtures/traces/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, FIXTURES), "utf8");
const linesOf = (name: string): string[] => read(name).trimEnd().split("\n");

/** What reading says; fails the test if nothing is wrong, or if it is no error made for people. */
function messageOf(file: string | Uint8Array): string {
  try {
    decodeTrace(file);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DecoscopeError);
    expect((thrown as DecoscopeError).code).toBe("load");
    return (thrown as DecoscopeError).message;
  }
  throw new Error("expected an error, found a trace that could be read");
}

describe("writing and reading", () => {
  const legal = readdirSync(FIXTURES).filter((name) => name.endsWith(".jsonl"));

  it("there are some of every version, and of every kind of run", () => {
    const starts = legal.map((name) => JSON.parse(linesOf(name)[0] ?? "") as { version: number });
    const versions = new Set(starts.map(({ version }) => version));
    for (let version = 1; version <= TRACE_VERSION; version++) expect(versions).toContain(version);
    const views = legal.map((name) => foldEvents(decodeTrace(read(name)).events));
    expect(views.filter((view) => view.canvas !== null)).not.toEqual([]);
    expect(views.filter((view) => view.rounds.at(0)?.recursion)).not.toEqual([]);
    expect(views.filter((view) => view.rounds.at(0)?.nodes.length)).not.toEqual([]);
  });

  it.each(legal)("%s: comes back as it was, without warnings", (name) => {
    const { events, warnings } = decodeTrace(read(name));
    expect(warnings).toEqual([]);
    expect(events).toEqual(linesOf(name).map((line): unknown => JSON.parse(line)));
    expect(decodeTrace(encodeTrace(events)).events).toEqual(events);
  });

  it("what older writers left out of run_start is null", () => {
    const { events } = decodeTrace(read("plain.jsonl").replace('"begin":null,', ""));
    expect(events[0]).toMatchObject({ kind: "run_start", begin: null });
  });

  it("says how models were kept, in words of any writer, and for no more models than a run has", () => {
    const [head, ...rest] = linesOf("plain.jsonl");
    const withKept = (kept: readonly unknown[]): string =>
      [JSON.stringify({ ...(JSON.parse(head!) as object), kept }), ...rest].join("\n");
    const kept = { model: "story-target", storage: "int2", cacheStorage: "f32" };
    expect(decodeTrace(withKept([kept])).events[0]).toMatchObject({ kept: [kept] });
    expect(decodeTrace(read("plain.jsonl")).events[0]).not.toHaveProperty("kept");
    expect(messageOf(withKept([kept, kept, kept]))).toContain("kept");
    expect(messageOf(withKept([{ model: "story-target" }]))).toContain("kept");
  });

  it("comes back the same once it was rounded, whatever the run", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 4 }), (seed, rounds) => {
        const once = decodeTrace(encodeTrace(sampleTrace(rounds, seed)));
        expect(once.warnings).toEqual([]);
        expect(decodeTrace(encodeTrace(once.events))).toEqual(once);
      }),
      { numRuns: 20 },
    );
  });

  it("reads bytes, a byte order mark, CRLF and blank lines", () => {
    const { events } = decodeTrace(read("plain.jsonl"));
    const text = `\ufeff${read("plain.jsonl").replaceAll("\n", "\r\n\r\n")}`;
    expect(decodeTrace(new TextEncoder().encode(text)).events).toEqual(events);
    expect(decodeTrace(read("plain.jsonl").trimEnd()).events).toEqual(events);
  });

  it("keeps six digits of logs and probabilities, microseconds, and everything of settings", () => {
    const sample = sampleTrace(1);
    const start = sample[0] as Extract<TraceEvent, { kind: "run_start" }>;
    const sampler = { ...start.sampler, temperature: 0.123456789 };
    expect(encodeEvent({ ...start, ms: 1.23456789, sampler })).toContain('"ms":1.235');
    expect(encodeEvent({ ...start, sampler })).toContain('"temperature":0.123456789');
    const top = [[3, -0.00012345678] as const, [4, -12345678.9] as const];
    const line = encodeEvent({
      kind: "candidates",
      step: 0,
      ms: 0,
      of: "draft",
      node: null,
      position: 1,
      top,
    });
    expect(line).toContain('"top":[[3,-0.000123457],[4,-12345700]]');
  });
});

describe("what newer versions may have written", () => {
  const [first = "", ...rest] = linesOf("worked_example.jsonl");

  it("leaves out kinds it does not know and says so", () => {
    const foreign = '{"kind":"hologram","step":0,"ms":0.6,"masked":[1,2]}';
    const { events, warnings } = decodeTrace(
      [first, ...rest.slice(0, 2), foreign, foreign, ...rest.slice(2)].join("\n"),
    );
    expect(events).toEqual(decodeTrace(read("worked_example.jsonl")).events);
    expect(warnings).toEqual(['left out 2 events of kind "hologram", which this version does not know']);
  });

  it("checks where such an event stands", () => {
    const late = '{"kind":"hologram","step":0,"ms":9}';
    expect(messageOf([first, ...rest, late].join("\n"))).toContain("expected nothing after run_end");
    const ahead = '{"kind":"hologram","step":7,"ms":0.6}';
    expect(messageOf([first, ahead, ...rest].join("\n"))).toContain(
      "line 2: event 1 (hologram, step 7): expected step 0 or 1",
    );
  });

  it("drops fields it does not know", () => {
    const text = [first.replace("{", '{"colour":"blue",'), ...rest].join("\n");
    expect(decodeTrace(text).events).toEqual(decodeTrace(read("worked_example.jsonl")).events);
  });

  it("looks at the version before anything else", () => {
    const odd = '{"kind":"run_start","version":9,"sampler":"dice"}';
    expect(messageOf([odd, ...rest].join("\n"))).toContain(
      "line 1: expected version 1 or less, found 9; open it in a newer",
    );
    expect(messageOf([first.replace('"version":1', '"version":0'), ...rest].join("\n"))).toContain(
      "line 1: expected a version from 1 to 1, found 0",
    );
  });
});

describe("broken files", () => {
  const messages = JSON.parse(read("broken/messages.json")) as Record<string, string>;

  it("each has a message and each message a file", () => {
    const files = readdirSync(new URL("broken/", FIXTURES)).filter((name) => name.endsWith(".jsonl"));
    expect(files.map((name) => name.replace(".jsonl", "")).sort()).toEqual(Object.keys(messages).sort());
  });

  it.each(Object.entries(messages))("%s", (name, message) => {
    expect(messageOf(read(`broken/${name}.jsonl`))).toContain(message);
  });

  it("an empty file", () => {
    expect(messageOf("")).toContain("expected run_start as the first event");
    expect(messageOf("\n\n")).toContain("expected run_start as the first event");
  });

  it("a trace that breaks off is read up to there", () => {
    const lines = linesOf("worked_example.jsonl");
    for (let n = 1; n < lines.length; n++) {
      const { events, warnings } = decodeTrace(lines.slice(0, n).join("\n"));
      expect(events).toHaveLength(n);
      expect(warnings).toEqual(["the trace breaks off before the end of its run"]);
    }
  });

  it("a file cut anywhere is read up to there or refused at its last line", () => {
    const text = read("worked_example.jsonl");
    const starts = [0, ...[...text.matchAll(/\n/g)].map((m) => m.index + 1)];
    for (let length = 1; length < text.length; length += 7) {
      const line = starts.filter((start) => start < length).length;
      const isWhole = text[length] === "\n" || text[length - 1] === "\n";
      if (isWhole) expect(decodeTrace(text.slice(0, length)).events).toHaveLength(line);
      else expect(messageOf(text.slice(0, length))).toContain(`line ${line}: expected one JSON object`);
    }
  });
});

describe("hostile files", () => {
  const [first = "", pieces = ""] = linesOf("plain.jsonl");

  it("long lines", () => {
    expect(messageOf(`${first}\n${" ".repeat(LIMITS.lineLength + 1)}`)).toContain(
      `line 2: expected at most ${LIMITS.lineLength} characters, found ${LIMITS.lineLength + 1}`,
    );
  });

  it("many lines", () => {
    expect(messageOf("\n".repeat(LIMITS.lines + 1))).toContain(
      `expected at most ${LIMITS.lines} lines, found more`,
    );
  });

  it("large trees", () => {
    const node = '{"id":0,"parent":-1,"depth":0,"sibling":0,"token":0,"logq":0,"phi":0,"perturbed":0}';
    const draft = `{"kind":"draft","step":0,"ms":9,"law":"wor","nodes":[${Array(LIMITS.nodes + 1)
      .fill(node)
      .join()}]}`;
    expect(messageOf(`${first}\n${draft}`)).toContain(
      `line 2: nodes: expected <=${LIMITS.nodes}, found ${LIMITS.nodes + 1}`,
    );
  });

  it("nesting", () => {
    expect(messageOf(`${first}\n${"[".repeat(100_000)}`)).toContain("line 2");
    expect(messageOf(`${first}\n${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toContain("line 2");
  });

  it("names that mean something to JavaScript", () => {
    const params = '"params":{"__proto__":{"polluted":true},"constructor":1,"toString":2}';
    const { events } = decodeTrace(`${first.replace('"params":{}', params)}\n${pieces}`);
    const [start] = events;
    expect(start?.kind === "run_start" && Object.getPrototypeOf(start.params)).toBe(Object.prototype);
    expect({}).not.toHaveProperty("polluted");
    expect(messageOf(`${first}\n{"kind":"toString","step":-1,"ms":0}`)).toContain("line 2: step: expected");
    expect(decodeTrace(`${first}\n{"kind":"toString","step":0,"ms":0}`).warnings[0]).toContain(
      'kind "toString"',
    );
  });

  it("numbers that are none", () => {
    expect(messageOf(first.replace('"ms":0', '"ms":1e999'))).toContain("line 1: ms: expected");
    expect(messageOf(first.replace('"seed":17', '"seed":"17"'))).toContain(
      'line 1: seed: expected number, found "17"',
    );
  });

  it("whatever is done to a file, it is read or refused with a message", () => {
    const text = read("worked_example.jsonl");
    const edit = fc.record({
      at: fc.nat(text.length),
      drop: fc.nat(40),
      put: fc.oneof(fc.string(), fc.json()),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const edited = edits.reduce(
          (t, { at, drop, put }) => t.slice(0, at) + put + t.slice(at + drop),
          text,
        );
        try {
          decodeTrace(edited);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(DecoscopeError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
