/** Bytes to URL-safe text and back, compressed, with a bound on what may come out: links and files can be hostile. */
import { deflateSync, Gunzip, Inflate } from "fflate";
import { DecoscopeError } from "../base/errors";

/** Compressed bytes given to the decompressor at once; deflate makes at most 1,032 times as much of them. */
const FEED_BYTES = 4096;

/** Characters given to String.fromCharCode at once, well below every engine's limit of arguments. */
const CHUNK = 8192;

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += CHUNK)
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    throw new DecoscopeError("load", "expected base64url text, found other characters or a part of it");
  }
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/** Feeds `bytes` piece by piece and stops as soon as more than `mostBytes` came out. */
function decompress(stream: Inflate | Gunzip, bytes: Uint8Array, mostBytes: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  stream.ondata = (part) => {
    length += part.length;
    if (length > mostBytes)
      throw new DecoscopeError("limit", `expected at most ${mostBytes} bytes when decompressed, found more`);
    parts.push(part);
  };
  try {
    for (let i = 0; i === 0 || i < bytes.length; i += FEED_BYTES)
      stream.push(bytes.subarray(i, i + FEED_BYTES), i + FEED_BYTES >= bytes.length);
  } catch (thrown) {
    if (thrown instanceof DecoscopeError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new DecoscopeError(
      "load",
      `expected compressed data, found something else or a part of it (${why})`,
    );
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Compressed base64url text (raw deflate, RFC 1951; RFC 4648 section 5 without padding). */
export const packText = (bytes: Uint8Array): string => toBase64Url(deflateSync(bytes, { level: 9 }));

/**
 * The bytes packed by {@link packText}. Text that lost its end is mostly noticed, but not always: raw deflate has no
 * length, so what comes out should tell its own end.
 * @throws DecoscopeError "load" for anything else, "limit" if there are more than `mostBytes`
 */
export function unpackText(text: string, mostBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64Url(text);
  if (bytes.length === 0) throw new DecoscopeError("load", "expected compressed data, found nothing");
  return decompress(new Inflate(), bytes, mostBytes);
}

/** Bytes of a gzip file that are never left out: its header and its trailer. */
const GZIP_BYTES = 18;

/**
 * The contents of a gzip file with one member (RFC 1952).
 * @throws DecoscopeError "load" if it is none or lost a part, "limit" if there are more than `mostBytes`
 */
export function gunzipBounded(bytes: Uint8Array, mostBytes: number): Uint8Array<ArrayBuffer> {
  const whole = decompress(new Gunzip(), bytes, mostBytes);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < GZIP_BYTES ? -1 : trailer.getUint32(bytes.length - 4, true);
  if (length !== whole.length)
    throw new DecoscopeError("load", "expected a whole gzip file, found a part of one or something else");
  return whole;
}
