/** What can go wrong between a hub and a page, on purpose, and how bytes are sent when it does. */
import type { ServerResponse } from "node:http";

/** Something that goes wrong with a file, `times` times (always, unless given). */
export type Fault = {
  /** `org/name/file`, or a file's name for every model; "api" for what is no file. */
  readonly file: string;
  readonly times?: number;
} & (
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** After so many bytes of an answer nothing more comes, and the line stays open. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** One byte of the file is another one. */
  | { readonly kind: "corrupt"; readonly at: number }
  | { readonly kind: "slow"; readonly bytesPerSecond: number }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number }
  /** A start page with status 200, as networks with a login answer. */
  | { readonly kind: "web_page" }
  /** The whole file where a range was asked for. */
  | { readonly kind: "ignore_range" }
);

interface Counted {
  readonly fault: Fault;
  left: number;
}

export class Faults {
  private active: Counted[] = [];

  add(fault: Fault): void {
    this.active.push({ fault, left: fault.times ?? Infinity });
  }

  clear(): void {
    this.active = [];
  }

  /** The faults that hit this request now; each counts as having happened. */
  take(file: string, kinds?: readonly Fault["kind"][]): readonly Fault[] {
    const hit = this.active.filter(
      ({ fault, left }) =>
        left > 0 &&
        (fault.file === file || file.endsWith(`/${fault.file}`)) &&
        (kinds?.includes(fault.kind) ?? true),
    );
    for (const counted of hit) counted.left--;
    return hit.map(({ fault }) => fault);
  }
}

const of = <K extends Fault["kind"]>(faults: readonly Fault[], kind: K) =>
  faults.find((fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind);

/** The asked range as [from, to), undefined for the whole file, null for one that the file does not have. */
function parseRange(header: string | undefined, size: number): readonly [number, number] | null | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header) ?? [];
  if (first === undefined) return undefined;
  const from = Number(first);
  const to = last === "" || last === undefined ? size : Math.min(size, Number(last) + 1);
  return from < size && from < to ? [from, to] : null;
}

/** Resolves when there is room for more, or nobody listens any longer. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resume) => {
    const go = (): void => {
      res.off("drain", go);
      res.off("close", go);
      resume();
    };
    res.on("drain", go);
    res.on("close", go);
  });
}

const PIECE = 16 * 1024;

/** Sends a file or the range of it that was asked for, as well or as badly as the faults say. */
export async function sendBytes(
  res: ServerResponse,
  bytes: Uint8Array,
  range: string | undefined,
  headers: Readonly<Record<string, string>>,
  faults: readonly Fault[],
): Promise<void> {
  if (of(faults, "web_page")) {
    res.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" });
    res.end("<!doctype html><title>Log in</title>");
    return;
  }
  const asked = of(faults, "ignore_range") ? undefined : parseRange(range, bytes.length);
  if (asked === null) {
    res.writeHead(416, { ...headers, "content-range": `bytes */${bytes.length}` });
    res.end();
    return;
  }
  const [from, to] = asked ?? [0, bytes.length];
  res.writeHead(asked ? 206 : 200, {
    ...headers,
    "accept-ranges": "bytes",
    "content-length": String(to - from),
    ...(asked ? { "content-range": `bytes ${from}-${to - 1}/${bytes.length}` } : {}),
  });
  const corrupt = of(faults, "corrupt")?.at ?? -1;
  const stall = of(faults, "stall")?.afterBytes ?? Infinity;
  const cut = of(faults, "cut")?.afterBytes ?? Infinity;
  const rate = of(faults, "slow")?.bytesPerSecond ?? Infinity;
  const began = Date.now();
  for (let at = from; at < to; at += PIECE) {
    const piece = bytes.slice(at, Math.min(to, at + PIECE));
    if (corrupt >= at && corrupt < at + piece.length) piece[corrupt - at]! ^= 0x55;
    if (at - from >= stall) return;
    const left = cut - (at - from);
    if (left < piece.length) {
      // What was sent must arrive, so that the break comes in the middle of the body.
      res.write(piece.subarray(0, Math.max(0, left)), () => setTimeout(() => res.destroy(), 20));
      return;
    }
    if (!res.write(piece)) await drained(res);
    if (res.destroyed) return;
    const due = ((at + piece.length - from) / rate) * 1000;
    const wait = due - (Date.now() - began);
    if (wait > 0) await new Promise((resume) => setTimeout(resume, wait));
  }
  res.end();
}
