/** Trace files as bytes, gzipped or not or inside a page that replays them, around the text format of trace/codec.ts. */
import { gzipSync, strToU8 } from "fflate";
import { gunzipBounded } from "../share/compress";
import { isMarkup, readReplay } from "../share/replay_file";
import { decodeTrace, encodeTrace, type DecodedTrace } from "../trace/codec";
import type { TraceEvent } from "../trace/events";

/** A few kilobytes of gzip can unpack to gigabytes; unpacking ends here. */
const LARGEST_UNPACKED = 128_000_000;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * The events of a trace file.
 * @throws DecoscopeError "load" or "limit" saying what was expected and what was found
 */
export function readTrace(bytes: Uint8Array): DecodedTrace {
  const file = isMarkup(bytes) ? readReplay(new TextDecoder().decode(bytes)) : bytes;
  return decodeTrace(isGzip(file) ? gunzipBounded(file, LARGEST_UNPACKED) : file);
}

/** A gzipped trace file. */
export const writeTrace = (events: Iterable<TraceEvent>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(gzipSync(strToU8(encodeTrace(events))));
