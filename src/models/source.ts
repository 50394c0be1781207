/** Where the files of a model come from. This one fetches them; a directory is read by source_node.ts. */
import { DecoscopeError } from "../base/errors";

/** One file of a model directory; its size is null while nobody has said it. */
export interface SourceFile {
  readonly name: string;
  readonly sizeBytes: number | null;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive; the total is null while unknown. */
  readonly onProgress?: ((loadedBytes: number, totalBytes: number | null) => void) | undefined;
}

/** The bytes [begin, end) of a file. */
export interface ByteRange {
  readonly file: string;
  readonly begin: number;
  readonly end: number;
}

/** Files that are read in pieces and never held whole. */
export interface RangeFiles {
  /**
   * Resolves when these bytes can be taken; what was prepared before may then be gone.
   * @throws DecoscopeError as {@link ModelSource.read} does
   */
  prepare(ranges: readonly ByteRange[]): Promise<void>;
  /** Resolves when these bytes are on this machine; absent where they come as they are prepared. @throws as prepare does */
  arrive?(ranges: readonly ByteRange[]): Promise<void>;
  /** Bytes that were prepared: a new array, the caller's own, or one shared with nobody who writes. */
  take(range: ByteRange): Uint8Array<ArrayBuffer>;
}

/** A directory of model files, wherever it is. */
export interface ModelSource {
  /** The model's id: `story-target`, `org/name`. */
  readonly id: string;
  /** The files there are; absent if the source cannot tell without asking for each. */
  list?(options?: ReadOptions): Promise<readonly SourceFile[]>;
  /**
   * All bytes of one file.
   * @throws MissingFileError if there is no such file; DecoscopeError `load` if it cannot be read whole, `cancelled` if
   * the signal was raised.
   */
  read(name: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Where weights are read from tensor by tensor, if they can be; needs {@link list} with all sizes. Such a source tells
   * of its progress itself.
   */
  readonly ranges?: RangeFiles;
}

/** The file is not there, which for some files is no fault. */
export class MissingFileError extends DecoscopeError {
  constructor(message: string, detail?: string) {
    super("load", message, detail, "missing");
  }
}

/** @throws DecoscopeError `cancelled` if the signal was raised. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new DecoscopeError("cancelled", `Loading ${what} was cancelled.`);
}

/**
 * Files under a URL, for instance those of a bundled model. `files` says which there are, so that no request is made
 * for one that is not there, and how long each must be.
 */
export function fetchSource(id: string, baseUrl: string, files?: readonly SourceFile[]): ModelSource {
  const base = baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;
  return {
    id,
    ...(files ? { list: () => Promise.resolve(files) } : {}),
    read: (name, options = {}) =>
      fetchFile(base + name, files?.find((file) => file.name === name)?.sizeBytes ?? null, options),
  };
}

async function fetchFile(
  url: string,
  sizeBytes: number | null,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  throwIfCancelled(options.signal, url);
  try {
    const response = await fetch(url, options.signal ? { signal: options.signal } : {});
    checkResponse(response, url);
    return await readBody(response, url, sizeBytes, options);
  } catch (thrown) {
    if (thrown instanceof DecoscopeError) throw thrown;
    throwIfCancelled(options.signal, url);
    throw new DecoscopeError(
      "load",
      `Could not download ${url} (${thrown instanceof Error ? thrown.message : String(thrown)}). ` +
        "Check the connection and try again.",
    );
  }
}

function checkResponse(response: Response, url: string): void {
  if (response.status === 404 || response.status === 410)
    throw new MissingFileError(`Expected a file at ${url}, found none (HTTP status ${response.status}).`);
  if (!response.ok)
    throw new DecoscopeError(
      "load",
      `Expected a file at ${url}, the server answered with HTTP status ${response.status}. Try again later.`,
    );
  // Static servers often answer a missing path with the start page and status 200; networks with a login do the same.
  const type = response.headers.get("content-type") ?? "";
  if (/^text\/html\b/i.test(type))
    throw new MissingFileError(
      `Expected a model file at ${url}, found a web page. Either the file is missing or a network login page answered.`,
    );
}

/** The length that the body must have: known beforehand, or as the server says unless it compressed the body. */
function expectedLength(response: Response, sizeBytes: number | null): number | null {
  if (sizeBytes !== null) return sizeBytes;
  const length = response.headers.get("content-length");
  if (length === null || !/^\d+$/.test(length) || response.headers.has("content-encoding")) return null;
  return Number(length);
}

/** Room for a whole file; the length may come from a server and need not be sensible. */
function allocate(sizeBytes: number, url: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(sizeBytes);
  } catch {
    throw new DecoscopeError(
      "limit",
      `${url} has ${sizeBytes} bytes, more than this browser tab can hold. Choose a smaller model.`,
    );
  }
}

async function readBody(
  response: Response,
  url: string,
  sizeBytes: number | null,
  { signal, onProgress }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = expectedLength(response, sizeBytes);
  const wrongLength = (found: string): DecoscopeError =>
    new DecoscopeError(
      "load",
      `Expected ${expected} bytes from ${url}, found ${found}. The download was cut off or the file has changed: try again.`,
    );
  let bytes = allocate(expected ?? 1 << 16, url);
  let loaded = 0;
  onProgress?.(0, expected);
  const reader = response.body?.getReader();
  try {
    while (reader) {
      const { done, value } = await reader.read();
      throwIfCancelled(signal, url);
      if (done) break;
      if (loaded + value.length > bytes.length) {
        if (expected !== null) throw wrongLength("more");
        const larger = allocate(Math.max(bytes.length * 2, loaded + value.length), url);
        larger.set(bytes.subarray(0, loaded));
        bytes = larger;
      }
      bytes.set(value, loaded);
      loaded += value.length;
      onProgress?.(loaded, expected);
    }
  } finally {
    // Does nothing after the end; otherwise stops a download that nobody reads any more.
    await reader?.cancel().catch(() => undefined);
  }
  if (expected !== null && loaded !== expected) throw wrongLength(`${loaded}`);
  return bytes.length === loaded ? bytes : bytes.slice(0, loaded);
}
