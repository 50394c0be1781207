/** Reads several files of one source and reports their progress as one. */
import { throwIfCancelled, type ModelSource, type ReadOptions } from "./source";

export class Reader {
  readonly #loaded = new Map<string, number>();
  /** Sizes that the source told while it was reading. */
  readonly #known = new Map<string, number>();
  #plan: ReadonlyMap<string, number | null> | null = null;

  constructor(
    private readonly source: ModelSource,
    private readonly options: ReadOptions,
  ) {}

  /** Says which files will be read in all, with their sizes where known; until then the total is unknown. */
  plan(files: ReadonlyMap<string, number | null>): void {
    this.#plan = files;
  }

  /** Bytes read so far. */
  get loadedBytes(): number {
    return [...this.#loaded.values()].reduce((a, b) => a + b, 0);
  }

  /** Files read so far with their sizes. */
  get readFiles(): ReadonlyMap<string, number> {
    return this.#loaded;
  }

  /** Bytes of all planned files; null while one of them is unknown. */
  get totalBytes(): number | null {
    if (!this.#plan) return null;
    const sizes = [...this.#plan].map(([name, size]) => size ?? this.#known.get(name) ?? null);
    return sizes.reduce((a, b) => (a === null || b === null ? null : a + b), 0);
  }

  /** All bytes of a file; rejects as {@link ModelSource.read} does. */
  readonly read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const { signal, onProgress } = this.options;
    const note = (loaded: number, total: number | null): void => {
      this.#loaded.set(name, loaded);
      if (total !== null) this.#known.set(name, total);
      onProgress?.(this.loadedBytes, this.totalBytes);
    };
    const bytes = await this.source.read(name, { signal, onProgress: note });
    throwIfCancelled(signal, this.source.id);
    if (this.#loaded.get(name) !== bytes.length) note(bytes.length, bytes.length);
    return bytes;
  };
}
