/** Models as sources of the loader: on the hub without storing them, and in a folder of the visitor's machine. */
import { DecoscopeError } from "../../base/errors";
import { MissingFileError, throwIfCancelled, type ModelSource, type ReadOptions } from "../source";
import { HeldRanges } from "./held_ranges";
import { fileUrl, type Repository } from "./repository";
import type { Hub } from "./request";
import { fetchRange } from "./transfer";

interface Sized {
  readonly name: string;
  readonly sizeBytes: number;
}

const missing = (id: string, name: string, files: readonly Sized[]): MissingFileError => {
  const found = files.map((file) => file.name).slice(0, 12);
  return new MissingFileError(
    `${id}: expected the file ${name}, found ${found.join(", ") || "no files"}. Choose a model that was published whole, in the layout of the hub.`,
  );
};

/** A model on the hub whose bytes are fetched as they are asked for, and checked for their number only. */
export function remoteSource(
  hub: Hub,
  { repo, commit, files }: Pick<Repository, "repo" | "commit" | "files">,
  id: string,
  options: ReadOptions = {},
): ModelSource {
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let loaded = 0;
  const read = async (file: string, begin: number, end: number, signal = options.signal) => {
    const what = `${repo}/${file}`;
    const bytes = await fetchRange(hub, { url: fileUrl(hub, repo, commit, file), what, begin, end, signal });
    loaded += bytes.length;
    options.onProgress?.(Math.min(loaded, total), total);
    return bytes;
  };
  return {
    id,
    list: () => Promise.resolve(files),
    async read(name, { signal } = {}) {
      const file = files.find((f) => f.name === name);
      if (!file) throw missing(id, name, files);
      return read(name, 0, file.sizeBytes, signal);
    },
    ranges: new HeldRanges(({ file, begin, end }) => read(file, begin, end)),
  };
}

/** Files of a folder that was dropped on the page; `./name` is no name that the hub could have. */
export function folderSource(folder: string, files: readonly File[], options: ReadOptions = {}): ModelSource {
  const id = `./${folder}`;
  const sized = files.map(({ name, size }) => ({ name, sizeBytes: size }));
  const read = async (name: string, begin?: number, end?: number): Promise<Uint8Array<ArrayBuffer>> => {
    throwIfCancelled(options.signal, id);
    const file = files.find((f) => f.name === name);
    if (!file) throw missing(id, name, sized);
    try {
      return new Uint8Array(await file.slice(begin, end).arrayBuffer());
    } catch (thrown) {
      throw new DecoscopeError(
        "load",
        `${id}/${name} could not be read: it was moved or changed after it was dropped here. Drop the folder again.`,
        String(thrown),
      );
    }
  };
  return {
    id,
    list: () => Promise.resolve(sized),
    read: (name) => read(name),
    ranges: new HeldRanges(({ file, begin, end }) => read(file, begin, end)),
  };
}
