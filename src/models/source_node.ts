/** Model files from a directory. For Node only: tests, benchmarks and the headless runner. */
import { open, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { DecoscopeError } from "../base/errors";
import { HeldRanges } from "./hub/held_ranges";
import {
  type ByteRange,
  MissingFileError,
  throwIfCancelled,
  type ModelSource,
  type ReadOptions,
} from "./source";

const CHUNK_BYTES = 1 << 22;

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";

async function readWhole(
  path: string,
  { signal, onProgress }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  throwIfCancelled(signal, path);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(size);
    onProgress?.(0, size);
    for (let at = 0; at < size;) {
      throwIfCancelled(signal, path);
      const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK_BYTES, size - at), at);
      if (bytesRead === 0)
        throw new DecoscopeError(
          "load",
          `Expected ${size} bytes in ${path}, found ${at}: it shrank while being read.`,
        );
      at += bytesRead;
      onProgress?.(at, size);
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** The files of a directory on disk; `id` is the directory's name unless given. */
export function directorySource(directory: string, id: string = basename(resolve(directory))): ModelSource {
  const failed = (path: string, thrown: unknown): DecoscopeError => {
    if (thrown instanceof DecoscopeError) return thrown;
    if (isMissing(thrown)) return new MissingFileError(`Expected a file at ${path}, found none.`);
    return new DecoscopeError("load", `Could not read ${path} (${String(thrown)}).`);
  };
  return {
    id,
    async list() {
      try {
        const entries = (await readdir(directory, { withFileTypes: true })).filter(
          (entry) => !entry.isDirectory(),
        );
        return await Promise.all(
          entries.map(async ({ name }) => ({ name, sizeBytes: (await stat(join(directory, name))).size })),
        );
      } catch (thrown) {
        throw failed(directory, thrown);
      }
    },
    async read(name, options = {}) {
      const path = join(directory, name);
      try {
        return await readWhole(path, options);
      } catch (thrown) {
        throw failed(path, thrown);
      }
    },
  };
}

/** The bytes [begin, end) of one file of a directory. */
async function readRange(directory: string, { file: name, begin, end }: ByteRange) {
  const path = join(directory, name);
  const file = await open(path);
  try {
    const bytes = new Uint8Array(end - begin);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, begin + at);
      if (bytesRead === 0)
        throw new DecoscopeError("load", `Expected ${end} bytes in ${path}, found ${begin + at}.`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** The same with weights read tensor by tensor, for models that are large. */
export const largeDirectorySource = (directory: string, id?: string): ModelSource => ({
  ...directorySource(directory, id),
  ranges: new HeldRanges((range) => readRange(directory, range)),
});
