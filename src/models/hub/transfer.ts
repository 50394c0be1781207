/** Bytes of a file on the hub by HTTP ranges, going on where a broken line left off. */
import { DecoscopeError } from "../../base/errors";
import { throwIfCancelled } from "../source";
import { ask, offline, pause, problem, type Hub } from "./request";

/** Breaks in a row without a byte in between, after which a transfer is given up. */
const MOST_BREAKS = 4;

export interface Transfer {
  readonly url: string;
  /** For messages: `org/name/file`. */
  readonly what: string;
  readonly begin: number;
  readonly end: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws DecoscopeError if this is not the start of the bytes that were asked for */
function checkAnswer(response: Response, what: string, at: number, begin: number): void {
  if (/^text\/html\b/i.test(response.headers.get("content-type") ?? ""))
    throw problem(
      "offline",
      `Expected the bytes of ${what}, found a web page: a login page of this network, perhaps. Open any web page, log in, and try again.`,
    );
  const range = response.headers.get("content-range");
  const isStart = response.status === 200 && at === 0 && begin === 0;
  const isRange = response.status === 206 && (range === null || range.startsWith(`bytes ${at}-`));
  if (!isStart && !isRange)
    throw problem(
      "damaged",
      `Expected the bytes of ${what} from ${at} on, found ${range ?? `HTTP status ${response.status}`}. Something between here and the hub does not pass on ranges; try another network.`,
    );
}

/**
 * Hands on the bytes [begin, end) in order, in pieces of any size; the next piece is read when the promise of the last one resolves.
 * @throws DecoscopeError with a reason; `cancelled` if the signal was raised
 */
export async function transfer(
  hub: Hub,
  { url, what, begin, end, signal }: Transfer,
  onBytes: (bytes: Uint8Array<ArrayBuffer>) => Promise<void> | void,
): Promise<void> {
  let at = begin;
  for (let breaks = 0; at < end;) {
    const headers = { Range: `bytes=${at}-${end - 1}` };
    const response = await ask(hub, url, what, { headers, signal });
    checkAnswer(response, what, at, begin);
    const reader = response.body?.getReader();
    let why: unknown = "the body ended early";
    try {
      while (reader && at < end) {
        let read: Awaited<ReturnType<typeof reader.read>>;
        try {
          read = await reader.read();
        } catch (thrown) {
          why = thrown;
          break;
        }
        if (read.done) break;
        const bytes = read.value.subarray(0, end - at);
        at += bytes.length;
        breaks = 0;
        await onBytes(bytes);
        throwIfCancelled(signal, what);
      }
    } finally {
      // More than was asked for is not waited for.
      await reader?.cancel().catch(() => undefined);
    }
    throwIfCancelled(signal, what);
    if (at >= end) return;
    if (++breaks > MOST_BREAKS) throw offline(what, why);
    await pause(hub, breaks - 1);
  }
}

/** The bytes [begin, end) at once: for small files and headers. @throws DecoscopeError as {@link transfer} does */
export async function fetchRange(hub: Hub, asked: Transfer): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(asked.end - asked.begin);
  let at = 0;
  await transfer(hub, asked, (piece) => {
    bytes.set(piece, at);
    at += piece.length;
  });
  if (at !== bytes.length)
    throw new DecoscopeError("load", `Expected ${bytes.length} bytes of ${asked.what}, found ${at}.`);
  return bytes;
}
