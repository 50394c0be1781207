/** The recorded runs that come with the page. They are part of it, and read without the suspicion that files of strangers get. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import type { TraceEvent } from "../trace/events";
import { fetchBytes, fetchJson } from "./fetched";
import { recordingOf } from "./showcase";

/** The run that stands on the stage first. */
const FIRST_RUN = "recordings/first-run.jsonl";

/** Every bundled recording is checked by the tests; the checks themselves would weigh more than the rest of the page's start. */
export const parseRecording = (bytes: Uint8Array): readonly TraceEvent[] =>
  new TextDecoder()
    .decode(bytes)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TraceEvent);

async function fetchRecording(path: string): Promise<readonly TraceEvent[]> {
  const bytes = await fetchBytes(path);
  try {
    return parseRecording(bytes);
  } catch {
    throw new DecoscopeError(
      "load",
      `${path}: expected a recorded run, found a part of one. Reload the page.`,
    );
  }
}

/** @throws DecoscopeError */
export const loadFirstRun = (): Promise<readonly TraceEvent[]> => fetchRecording(FIRST_RUN);

export const RECORDINGS_INDEX = "recordings/index.json";
const INDEX = v.strictObject({ recordings: v.array(v.string()) });

let index: Promise<ReadonlySet<string>> | null = null;

/** Names of the recordings there are; asked for once. @throws DecoscopeError */
export function loadRecordings(): Promise<ReadonlySet<string>> {
  index ??= fetchJson(RECORDINGS_INDEX).then(
    (json) => {
      const read = v.safeParse(INDEX, json);
      if (read.success) return new Set(read.output.recordings);
      throw new DecoscopeError(
        "load",
        `${RECORDINGS_INDEX}: expected { "recordings": [names] }; ${read.issues[0].message}.`,
      );
    },
    (thrown: unknown) => {
      // Another try may find the connection back.
      index = null;
      throw thrown;
    },
  );
  return index;
}

/** Events of a recording; null if there is none of that name. @throws DecoscopeError */
export async function loadRecording(name: string): Promise<readonly TraceEvent[] | null> {
  if (!(await loadRecordings()).has(name)) return null;
  return fetchRecording(recordingOf(name));
}
