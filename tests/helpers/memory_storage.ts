/** A storage for models in memory, with a quota, and with bytes that tests may change behind its back. */
import { DecoscopeError } from "../../src/base/errors";
import type { OpenFile, Storage, StorageFolder } from "../../src/models/hub/storage";

export class MemoryStorage implements Storage {
  readonly files = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>();
  private readonly locked = new Set<string>();
  quotaBytes = Infinity;

  get usedBytes(): number {
    return [...this.files.values()].flatMap((f) => [...f.values()]).reduce((sum, b) => sum + b.length, 0);
  }

  folders(): Promise<readonly string[]> {
    return Promise.resolve([...this.files.keys()]);
  }

  folder(name: string): Promise<StorageFolder> {
    const folder = this.files.get(name) ?? new Map<string, Uint8Array<ArrayBuffer>>();
    this.files.set(name, folder);
    return Promise.resolve({
      open: (file) => Promise.resolve(this.open(folder, name, file)),
      read: (file) => Promise.resolve(folder.get(file)?.slice() ?? null),
      write: (file, bytes) => {
        folder.set(file, bytes.slice());
        return Promise.resolve();
      },
    });
  }

  private open(folder: Map<string, Uint8Array<ArrayBuffer>>, name: string, file: string): OpenFile {
    const key = `${name}/${file}`;
    if (this.locked.has(key)) throw new DecoscopeError("limit", `${key} is open`, undefined, "storage");
    this.locked.add(key);
    const bytes = (): Uint8Array<ArrayBuffer> => folder.get(file) ?? new Uint8Array();
    return {
      size: () => bytes().length,
      read: (into, at) => {
        const found = bytes().subarray(at, at + into.length);
        into.set(found);
        return found.length;
      },
      write: (written, at) => {
        const old = bytes();
        const grown = at + written.length - old.length;
        if (this.usedBytes + Math.max(0, grown) > this.quotaBytes)
          throw new DecoscopeError("limit", "no more room", undefined, "storage");
        const next = grown > 0 ? new Uint8Array(old.length + grown) : old;
        if (next !== old) next.set(old);
        next.set(written, at);
        folder.set(file, next);
      },
      truncate: (length) => folder.set(file, bytes().slice(0, length)),
      flush: () => undefined,
      close: () => this.locked.delete(key),
    };
  }

  remove(name: string): Promise<void> {
    this.files.delete(name);
    return Promise.resolve();
  }

  space() {
    return Promise.resolve({ usedBytes: this.usedBytes, quotaBytes: this.quotaBytes });
  }
}
