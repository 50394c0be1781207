/** The recorded runs that come with the page. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import type { TraceEvent } from "../trace/events";
import { fetchBytes, fetchJson } from "./fetched";
import { recordingOf } from "./showcase";
import { readTrace } from "./trace_file";

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
  return readTrace(await fetchBytes(recordingOf(name))).events;
}
