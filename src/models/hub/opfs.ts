/** The browser's private file system (OPFS) as a storage for models. Works in a worker only: files are read and written at once. */
import { DecoscopeError } from "../../base/errors";
import { problem } from "./request";
import type { OpenFile, Storage, StorageFolder } from "./storage";

const ROOT = "hub-models";

/** What workers have and the types of the page's thread do not name. */
interface SyncAccessHandle {
  getSize(): number;
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(bytes: number): void;
  flush(): void;
  close(): void;
}
type SyncFile = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

export function noRoom(thrown: unknown): DecoscopeError {
  if (thrown instanceof DecoscopeError) return thrown;
  const name = thrown instanceof DOMException ? thrown.name : "";
  const detail = String(thrown);
  if (name === "QuotaExceededError")
    return problem(
      "storage",
      "The browser gives this page no more room. Delete stored models, or free space on the disk, and go on: what was fetched is kept.",
      detail,
    );
  if (name === "NoModificationAllowedError")
    return problem(
      "storage",
      "This model is in use in another tab of this page. Close that tab and try again.",
      detail,
    );
  return problem(
    "storage",
    "The browser let this page store nothing: private windows and strict settings do so. Open the page in an ordinary window, or allow it to store data.",
    detail,
  );
}

async function checked<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw noRoom(thrown);
  }
}

class OpfsFile implements OpenFile {
  constructor(private readonly handle: SyncAccessHandle) {}
  size(): number {
    return this.handle.getSize();
  }
  read(into: Uint8Array<ArrayBuffer>, at: number): number {
    return this.handle.read(into, { at });
  }
  write(bytes: Uint8Array<ArrayBuffer>, at: number): void {
    try {
      if (this.handle.write(bytes, { at }) === bytes.length) return;
    } catch (thrown) {
      throw noRoom(thrown);
    }
    throw noRoom(new DOMException("written in part", "QuotaExceededError"));
  }
  truncate(bytes: number): void {
    this.handle.truncate(bytes);
  }
  flush(): void {
    this.handle.flush();
  }
  close(): void {
    this.handle.close();
  }
}

class OpfsFolder implements StorageFolder {
  constructor(private readonly directory: FileSystemDirectoryHandle) {}

  open(name: string): Promise<OpenFile> {
    return checked(async () => {
      const file = (await this.directory.getFileHandle(name, { create: true })) as SyncFile;
      return new OpfsFile(await file.createSyncAccessHandle());
    });
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      return new Uint8Array(await (await (await this.directory.getFileHandle(name)).getFile()).arrayBuffer());
    } catch {
      return null;
    }
  }

  async write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const file = await this.open(name);
    try {
      file.truncate(0);
      file.write(bytes, 0);
      file.flush();
    } finally {
      file.close();
    }
  }
}

const root = async (): Promise<FileSystemDirectoryHandle> =>
  (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });

export const opfs: Storage = {
  folders: () =>
    checked(async () => {
      const names: string[] = [];
      for await (const [name, handle] of (await root()).entries())
        if (handle.kind === "directory") names.push(name);
      return names;
    }),
  folder: (name) =>
    checked(async () => new OpfsFolder(await (await root()).getDirectoryHandle(name, { create: true }))),
  remove: (name) => checked(async () => (await root()).removeEntry(name, { recursive: true })),
  async space() {
    try {
      const { usage, quota } = await navigator.storage.estimate();
      return usage === undefined || quota === undefined ? null : { usedBytes: usage, quotaBytes: quota };
    } catch {
      return null;
    }
  },
};
