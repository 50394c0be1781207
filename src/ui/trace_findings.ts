/**
 * What is wrong with a recording, in words for somebody who was sent one. What trace/codec.ts says, for those who write traces, goes
 * along as the detail.
 */
import { DecoscopeError } from "../base/errors";
import { TRACE_VERSION } from "../trace/events";

const EXPECTED = "Expected a recording made by Decoscope";
const CHOOSE = "Choose a file saved with Share or with \u201cSave trace file\u201d.";
const ASK = "Ask for it again.";
/** Characters of a strange file that are shown. */
const SHOWN = 40;

/** The first line that says something, as an object; null if it is none. */
function headOf(text: string): Readonly<Record<string, unknown>> | null {
  const line = text.split("\n", 1)[0] ?? "";
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" ? (value as Readonly<Record<string, unknown>> | null) : null;
  } catch {
    return null;
  }
}

function beginning(text: string): string {
  // Bytes that are no text show as nothing a reader could use.
  if (/[\u0000-\u0008\ufffd]/.test(text.slice(0, 200))) return "bytes that are no text";
  const start = text.slice(0, SHOWN).replace(/\s+/g, " ");
  return `other text, which begins with \u201c${start}${text.length > SHOWN ? "\u2026" : ""}\u201d`;
}

/** What was expected, what was found, and what to do. */
export function findingOf(text: string, codecSays: string): string {
  const said = text.replace(/^\ufeff/, "").trimStart();
  if (said === "") return `${EXPECTED}, found an empty file. ${CHOOSE}`;
  const head = headOf(said);
  const line = /line (\d+):/.exec(codecSays)?.[1] ?? "1";
  if (head?.["kind"] !== "run_start") {
    const isCut = said.startsWith('{"kind":"run_start"');
    return isCut
      ? `${EXPECTED}, found the first part of one: it breaks off in its first line. ${ASK}`
      : `${EXPECTED}, found ${beginning(said)}. ${CHOOSE}`;
  }
  const { version } = head;
  if (typeof version === "number" && version > TRACE_VERSION)
    return `${EXPECTED} up to its version ${TRACE_VERSION}, found one of version ${version}, from a newer Decoscope than this page. Reload the page to get the newest one.`;
  if (/expected at most \d+ (lines|characters|bytes)/.test(codecSays))
    return `${EXPECTED}, found one that is larger than any run can be. ${CHOOSE}`;
  return `${EXPECTED}, found one that is damaged: line ${line} does not fit what a run can do. A part was probably lost on the way or changed by hand. ${ASK}`;
}

/** The error to show for one that unpacking a recording threw. */
export const forVisitorsPacked = (thrown: unknown): unknown =>
  thrown instanceof DecoscopeError
    ? new DecoscopeError(
        thrown.code,
        thrown.code === "limit"
          ? `${EXPECTED}, found one that unpacks to more than any run can be. ${CHOOSE}`
          : `${EXPECTED}, found a part of one: its end is missing, or it was changed on the way. ${ASK}`,
        thrown.message,
      )
    : thrown;

/** The error to show for one that reading a recording threw; `text` is its beginning. */
export function forVisitors(thrown: unknown, text: string): unknown {
  if (!(thrown instanceof DecoscopeError)) return thrown;
  return new DecoscopeError(thrown.code, findingOf(text, thrown.message), thrown.message);
}
