/**
 * The files of one model in the storage: fetched where they are missing, several parts at a time, checked against the hub's hashes,
 * and read in pieces. What is stored stays when a download is stopped or breaks, and the next one goes on from there.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { assert, type DecoscopeError } from "../../base/errors";
import { throwIfCancelled, type ByteRange, type RangeFiles } from "../source";
import { PartFile } from "./part_file";
import { fileUrl, type HubFile } from "./repository";
import { problem, type Hub } from "./request";
import type { StorageFolder } from "./storage";
import { transfer } from "./transfer";

export interface StoredFilesOptions {
  /** For messages: `org/name`. */
  readonly repo: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
  readonly folder: StorageFolder;
  /** Where missing bytes come from. */
  readonly hub: Hub;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((storedBytes: number, totalBytes: number) => void) | undefined;
  /** Bytes that are checked, stored and fetched again together. */
  readonly partBytes?: number;
}

const PART_BYTES = 1 << 20;
/** Transfers at a time, and most parts that one of them brings before it asks anew. */
const CONNECTIONS = 4;
const PARTS_A_REQUEST = 32;

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
/** Lets messages through, such as the one that stops this. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export class StoredFiles implements RangeFiles {
  private readonly open = new Map<string, PartFile>();
  private readonly arrived = new Map<string, Promise<void>>();
  /** Bytes that are on their way and not stored yet. */
  private inFlight = 0;

  private constructor(private readonly options: StoredFilesOptions) {}

  /** Opens what is stored; fetches nothing. @throws DecoscopeError reason `storage` */
  static async open(options: StoredFilesOptions): Promise<StoredFiles> {
    const files = new StoredFiles(options);
    try {
      for (const [i, { name, sizeBytes }] of options.files.entries())
        files.open.set(
          name,
          await PartFile.open(options.folder, String(i), sizeBytes, options.partBytes ?? PART_BYTES),
        );
    } catch (thrown) {
      files.close();
      throw thrown;
    }
    return files;
  }

  get totalBytes(): number {
    return this.options.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get storedBytes(): number {
    return [...this.open.values()].reduce((sum, file) => sum + file.storedBytes, 0);
  }

  get isComplete(): boolean {
    return [...this.open.values()].every((file) => file.isWhole);
  }

  private part(name: string): PartFile {
    const file = this.open.get(name);
    assert(file, `${name} is no file of ${this.options.repo}`);
    return file;
  }

  private report(): void {
    this.options.onProgress?.(Math.min(this.totalBytes, this.storedBytes + this.inFlight), this.totalBytes);
  }

  /** Resolves when a file is here and what was published. Files come one after another, in the order they are asked for. */
  private fileArrived(name: string): Promise<void> {
    let arrived = this.arrived.get(name);
    if (!arrived) {
      const before = [...this.arrived.values()].at(-1) ?? Promise.resolve();
      arrived = before.then(() => this.complete(name));
      arrived.catch(() => undefined);
      this.arrived.set(name, arrived);
    }
    return arrived;
  }

  /** Fetches every file that is missing. @throws DecoscopeError with a reason; `cancelled` */
  async fetchAll(): Promise<void> {
    for (const { name } of this.options.files) await this.fileArrived(name);
  }

  private async complete(name: string): Promise<void> {
    const file = this.part(name);
    if (file.isWhole) return;
    const wanted = this.options.files.find((f) => f.name === name)!;
    this.report();
    for (let attempt = 0; ; attempt++) {
      const missing = Array.from({ length: file.parts }, (_, part) => part).filter((part) => !file.has(part));
      await this.fetchParts(name, missing);
      if (await this.isPublished(file, wanted)) break;
      file.forgetAll();
      if (attempt === 1)
        throw problem(
          "damaged",
          `${this.options.repo}/${name}: expected the bytes that were published (SHA-256 ${(wanted.sha256 ?? wanted.gitOid ?? "").slice(0, 12)}…), found others, twice. ` +
            "Something between here and the hub changes them: try another network.",
        );
      this.report();
    }
    file.markWhole();
    this.report();
  }

  /** Fetches parts, several transfers at a time, each of parts in a row. */
  private async fetchParts(name: string, missing: readonly number[]): Promise<void> {
    const runs: number[][] = [];
    const most = Math.min(PARTS_A_REQUEST, Math.ceil(missing.length / CONNECTIONS));
    for (const part of missing) {
      const run = runs.at(-1);
      if (run && run.length < most && run.at(-1) === part - 1) run.push(part);
      else runs.push([part]);
    }
    // One that fails stops the others: they would only fail later.
    const stop = new AbortController();
    const outer = this.options.signal;
    const onAbort = (): void => stop.abort();
    outer?.addEventListener("abort", onAbort);
    if (outer?.aborted) stop.abort();
    const failures: unknown[] = [];
    const worker = async (): Promise<void> => {
      for (let run = runs.shift(); run && !stop.signal.aborted; run = runs.shift()) {
        try {
          await this.fetchRun(name, run, stop.signal);
        } catch (thrown) {
          failures.push(thrown);
          stop.abort();
        }
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    outer?.removeEventListener("abort", onAbort);
    this.inFlight = 0;
    throwIfCancelled(outer, this.options.repo);
    if (failures.length > 0) throw failures[0];
  }

  private async fetchRun(name: string, run: readonly number[], signal: AbortSignal): Promise<void> {
    const file = this.part(name);
    const { hub, repo, commit } = this.options;
    const [first, last] = [run[0]!, run.at(-1)!];
    let part = first;
    let buffer = new Uint8Array(file.bytesOf(part));
    let filled = 0;
    try {
      await transfer(
        hub,
        {
          url: fileUrl(hub, repo, commit, name),
          what: `${repo}/${name}`,
          begin: first * file.partBytes,
          end: last * file.partBytes + file.bytesOf(last),
          signal,
        },
        async (bytes) => {
          for (let at = 0; at < bytes.length;) {
            const taken = bytes.subarray(at, at + buffer.length - filled);
            buffer.set(taken, filled);
            filled += taken.length;
            at += taken.length;
            this.inFlight += taken.length;
            if (filled === buffer.length) {
              if (!(await file.write(part, buffer))) throw this.changed(name);
              this.inFlight -= filled;
              filled = 0;
              if (++part <= last) buffer = new Uint8Array(file.bytesOf(part));
            }
          }
          this.report();
        },
      );
    } finally {
      this.inFlight = Math.max(0, this.inFlight - filled);
    }
  }

  private changed(name: string): DecoscopeError {
    return problem(
      "damaged",
      `${this.options.repo}/${name}: a stored part was damaged, and what came in its place is not what was published. Try another network, or delete the model and fetch it again.`,
    );
  }

  /** Compares the whole file with the hub's hash; files without one are taken as they came. */
  private async isPublished(file: PartFile, { sha256: sha, gitOid, sizeBytes }: HubFile): Promise<boolean> {
    if (sha === null && gitOid === null) return true;
    const hash = sha !== null ? sha256.create() : sha1.create();
    if (sha === null) hash.update(new TextEncoder().encode(`blob ${sizeBytes}\0`));
    for (let part = 0; part < file.parts; part++) {
      const begin = part * file.partBytes;
      const bytes = file.read(begin, begin + file.bytesOf(part));
      if (!bytes) return false;
      hash.update(bytes);
      await breathe();
      throwIfCancelled(this.options.signal, this.options.repo);
    }
    return hex(hash.digest()) === (sha ?? gitOid);
  }

  /** Waits for the files, and compares the stored parts with their digests; fetches damaged ones again. */
  async prepare(ranges: readonly ByteRange[]): Promise<void> {
    for (const name of new Set(ranges.map(({ file }) => file))) await this.fileArrived(name);
    for (const { file: name, begin, end } of ranges) {
      const file = this.part(name);
      for (let part = Math.floor(begin / file.partBytes); part * file.partBytes < end; part++) {
        throwIfCancelled(this.options.signal, this.options.repo);
        if (await file.check(part)) continue;
        file.forget(part);
        await this.fetchParts(name, [part]);
      }
    }
  }

  arrive(ranges: readonly ByteRange[]): Promise<void> {
    return this.prepare(ranges);
  }

  take({ file: name, begin, end }: ByteRange): Uint8Array<ArrayBuffer> {
    const bytes = this.part(name).read(begin, end);
    if (!bytes) throw this.changed(name);
    return bytes;
  }

  /** A whole small file. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const range = { file: name, begin: 0, end: this.part(name).sizeBytes };
    await this.prepare([range]);
    return this.take(range);
  }

  close(): void {
    for (const file of this.open.values()) file.close();
    this.open.clear();
  }
}
