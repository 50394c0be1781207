/** Trace files as bytes, gzipped or not or inside a page that replays them, around the text format of trace/codec.ts. */
import { gzipSync, strToU8 } from "fflate";
import { gunzipBounded } from "../share/compress";
import { isMarkup, readReplay } from "../share/replay_file";
import { decodeTrace, encodeTrace, type DecodedTrace } from "../trace/codec";
import type { TraceEvent } from "../trace/events";
import { forVisitors, forVisitorsPacked } from "./trace_findings";

/** A few kilobytes of gzip can unpack to gigabytes; unpacking ends here. */
const LARGEST_UNPACKED = 128_000_000;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Bytes of a file that are looked at to say what it is instead of a recording; the first event has the whole prompt in it. */
const LONGEST_HEAD = 1_000_000;

function unpacked(bytes: Uint8Array): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipBounded(bytes, LARGEST_UNPACKED);
  } catch (thrown) {
    throw forVisitorsPacked(thrown);
  }
}

/**
 * The events of a trace file.
 * @throws DecoscopeError "load" or "limit" saying what was expected and what was found
 */
export function readTrace(bytes: Uint8Array): DecodedTrace {
  const text = unpacked(isMarkup(bytes) ? readReplay(new TextDecoder().decode(bytes)) : bytes);
  try {
    return decodeTrace(text);
  } catch (thrown) {
    throw forVisitors(thrown, new TextDecoder().decode(text.subarray(0, LONGEST_HEAD)));
  }
}

/** A gzipped trace file. */
export const writeTrace = (events: Iterable<TraceEvent>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(gzipSync(strToU8(encodeTrace(events))));
