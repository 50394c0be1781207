/** What keeping models needs of a storage: folders of files with reads and writes in place. Browsers have one in opfs.ts. */

/** An open file. Nobody else has it open for writing. */
export interface OpenFile {
  size(): number;
  /** Fills `into` from byte `at` on, as far as the file goes; gives the bytes read. */
  read(into: Uint8Array<ArrayBuffer>, at: number): number;
  /** @throws DecoscopeError reason `storage` if there is no room */
  write(bytes: Uint8Array<ArrayBuffer>, at: number): void;
  truncate(bytes: number): void;
  /** What was written before is still there after a crash. */
  flush(): void;
  close(): void;
}

export interface StorageFolder {
  /** Makes the file if there is none. @throws DecoscopeError reason `storage` */
  open(name: string): Promise<OpenFile>;
  /** The whole of a small file; null if there is none. Works while the file is open elsewhere. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Replaces a small file. */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

export interface Space {
  /** Bytes that this page uses. */
  readonly usedBytes: number;
  /** Bytes that this page may use in all, as far as the browser tells. */
  readonly quotaBytes: number;
}

export interface Storage {
  /** Names of all folders. */
  folders(): Promise<readonly string[]>;
  /** Makes the folder if there is none. */
  folder(name: string): Promise<StorageFolder>;
  remove(name: string): Promise<void>;
  /** Null where the browser does not tell. */
  space(): Promise<Space | null>;
}
