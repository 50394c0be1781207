/**
 * Trace files: events as JSON Lines, one event a line, run_start first. Documented for other writers in docs/trace.md.
 * Reading trusts nothing: sizes, shapes (schemas.ts), then order (grammar.ts), each with the line that is wrong.
 */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import { TRACE_VERSION, type TraceEvent, type TraceKind } from "./events";
import { TraceChecker } from "./grammar";
import { ANY_EVENT, EVENT_SCHEMAS, HEADER, LIMITS } from "./schemas";

/** Numbers from float32 arithmetic: six digits tell all there is to see and keep files and links short. */
const ROUNDED: ReadonlySet<string> = new Set([
  "logq",
  "phi",
  "perturbed",
  "logp",
  "r",
  "d",
  "acceptProb",
  "u",
  "logprobs",
  "top",
  "gaps",
  "margins",
  "entropies",
  "priorities",
  "values",
]);
const DIGITS = 6;

const rounded = (x: number): number => (Number.isInteger(x) ? x : Number(x.toPrecision(DIGITS)));
const toMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;

function roundAll(value: unknown): unknown {
  if (typeof value === "number") return rounded(value);
  if (Array.isArray(value)) return value.map(roundAll);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, x]) => [key, roundAll(x)]));
  return value;
}

function writeField(key: string, value: unknown): unknown {
  if (key === "ms" || key === "timeMs") return toMicroseconds(value as number);
  return ROUNDED.has(key) ? roundAll(value) : value;
}

/** One line of a trace file, without the line end. Logs and probabilities keep six digits, times a microsecond. */
export const encodeEvent = (e: TraceEvent): string => JSON.stringify(e, writeField);

/** A whole trace file. */
export const encodeTrace = (events: Iterable<TraceEvent>): string =>
  Array.from(events, (e) => `${encodeEvent(e)}\n`).join("");

export interface DecodedTrace {
  readonly events: readonly TraceEvent[];
  /** What was read otherwise than written: kinds left out, a missing end. For people. */
  readonly warnings: readonly string[];
}

const fail = (line: number, what: string): never => {
  throw new DecoscopeError("load", `this trace cannot be read: line ${line}: ${what}`);
};

/** "verdicts[2].u" from a valibot path. */
function pathOf(issue: v.BaseIssue<unknown>): string {
  const keys = issue.path?.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)) ?? [];
  return keys.join("").replace(/^\./, "");
}

const shorten = (s: string): string => (s.length > 100 ? `${s.slice(0, 97)}...` : s);

function describe(issue: v.BaseIssue<unknown>): string {
  const expected = issue.expected ?? issue.message;
  const where = pathOf(issue);
  return `${where ? `${where}: ` : ""}expected ${shorten(expected)}, found ${shorten(issue.received)}`;
}

function validate<T>(schema: v.GenericSchema<unknown, T>, value: unknown, line: number): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  return result.success ? result.output : fail(line, describe(result.issues[0]));
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return fail(number, `expected one JSON object, found ${shorten(JSON.stringify(line))} (${why})`);
  }
}

/** Refuses traces of versions this reader could misread, before anything else of them is looked at. */
function checkVersion(value: unknown, line: number): void {
  const { version } = validate(HEADER, value, line);
  if (version > TRACE_VERSION)
    fail(line, `expected version ${TRACE_VERSION} or less, found ${version}; open it in a newer Decoscope`);
  if (version < 1) fail(line, `expected a version from 1 to ${TRACE_VERSION}, found ${version}`);
}

const isKnownKind = (kind: string): kind is TraceKind => Object.hasOwn(EVENT_SCHEMAS, kind);

/** Line numbers, from 1, and texts of the lines that are not blank. */
function* linesOf(text: string): Generator<readonly [number: number, line: string]> {
  let number = 0;
  for (let start = text.startsWith("\ufeff") ? 1 : 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    number++;
    if (number > LIMITS.lines) fail(number, `expected at most ${LIMITS.lines} lines, found more`);
    if (end - start > LIMITS.lineLength)
      fail(number, `expected at most ${LIMITS.lineLength} characters, found ${end - start}`);
    const line = text.slice(start, end);
    if (line.trim() !== "") yield [number, line];
    start = end + 1;
  }
}

/**
 * The events of a trace file (text, or its bytes in UTF-8). Events of kinds unknown to this version are left out with
 * a warning, as is nothing else: a trace that only breaks off, without run_end, is read with a warning too.
 * @throws DecoscopeError "load" naming the line, what was expected and what was found
 */
export function decodeTrace(file: string | Uint8Array): DecodedTrace {
  if (file.length > LIMITS.fileLength)
    throw new DecoscopeError(
      "load",
      `this trace cannot be read: expected at most ${LIMITS.fileLength} bytes, found ${file.length}`,
    );
  const text = typeof file === "string" ? file : new TextDecoder().decode(file);
  const events: TraceEvent[] = [];
  const skipped = new Map<string, number>();
  const checker = new TraceChecker({ mayBreakOff: true });
  let lastLine = 1;
  for (const [number, line] of linesOf(text)) {
    lastLine = number;
    const value = parseLine(line, number);
    if (events.length === 0) checkVersion(value, number);
    const any = validate(ANY_EVENT, value, number);
    if (isKnownKind(any.kind)) {
      const event = validate<TraceEvent>(EVENT_SCHEMAS[any.kind], value, number);
      checker.push(event);
      events.push(event);
    } else {
      checker.skip(any);
      skipped.set(any.kind, (skipped.get(any.kind) ?? 0) + 1);
    }
    if (checker.problem) fail(number, checker.problem.message);
  }
  const problem = checker.end();
  if (problem) fail(lastLine, problem.message);
  const warnings = [...skipped].map(
    ([kind, times]) =>
      `left out ${times} events of kind ${JSON.stringify(kind)}, which this version does not know`,
  );
  if (events.at(-1)?.kind !== "run_end") warnings.push("the trace breaks off before the end of its run");
  return { events, warnings };
}
