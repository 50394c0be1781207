/**
 * A file that is stored in parts, which come in any order and survive a reload. Beside the data lies a file of digests, 32 bytes
 * a part (zeros for one that has not come), so that every part is checked before it is used again.
 */
import { assert } from "../../base/errors";
import type { OpenFile, StorageFolder } from "./storage";

const DIGEST_BYTES = 32;
/** Version, bytes of a part and of the file, and whether the whole was found to be what was published. */
const HEAD_BYTES = 32;
const VERSION = 1;

const digest = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i]);

/** What a file of digests says is stored, without opening the file. */
export function storedBytesOf(sidecar: Uint8Array<ArrayBuffer> | null, sizeBytes: number): number {
  if (!sidecar || sidecar.length < HEAD_BYTES) return 0;
  const partBytes = new DataView(sidecar.buffer, sidecar.byteOffset).getUint32(4, true);
  let bytes = 0;
  for (let part = 0; part * partBytes < sizeBytes; part++) {
    const at = HEAD_BYTES + part * DIGEST_BYTES;
    if (sidecar.subarray(at, at + DIGEST_BYTES).some((byte) => byte !== 0))
      bytes += Math.min(partBytes, sizeBytes - part * partBytes);
  }
  return bytes;
}

export class PartFile {
  readonly parts: number;
  private readonly digests: Uint8Array<ArrayBuffer>;
  /** Parts whose stored bytes were compared with their digest since the file was opened. */
  private readonly checked = new Set<number>();
  private whole = false;

  private constructor(
    private readonly data: OpenFile,
    private readonly sidecar: OpenFile,
    readonly sizeBytes: number,
    readonly partBytes: number,
  ) {
    this.parts = Math.ceil(sizeBytes / partBytes);
    this.digests = new Uint8Array(this.parts * DIGEST_BYTES);
  }

  /** @param key names its files in the folder */
  static async open(
    folder: StorageFolder,
    key: string,
    sizeBytes: number,
    partBytes: number,
  ): Promise<PartFile> {
    const data = await folder.open(`${key}.data`);
    let sidecar: OpenFile | null = null;
    try {
      sidecar = await folder.open(`${key}.parts`);
      const file = new PartFile(data, sidecar, sizeBytes, partBytes);
      file.restore();
      return file;
    } catch (thrown) {
      data.close();
      sidecar?.close();
      throw thrown;
    }
  }

  private head(): Uint8Array<ArrayBuffer> {
    const head = new Uint8Array(HEAD_BYTES);
    const view = new DataView(head.buffer);
    view.setUint32(0, VERSION, true);
    view.setUint32(4, this.partBytes, true);
    view.setFloat64(8, this.sizeBytes, true);
    head[16] = this.whole ? 1 : 0;
    return head;
  }

  private restore(): void {
    const head = new Uint8Array(HEAD_BYTES);
    this.sidecar.read(head, 0);
    const expected = this.head();
    if (same(head.subarray(0, 16), expected.subarray(0, 16))) {
      this.whole = head[16] === 1;
      this.sidecar.read(this.digests, HEAD_BYTES);
    } else {
      this.sidecar.truncate(0);
      this.sidecar.write(expected, 0);
      this.sidecar.flush();
    }
  }

  private digestOf(part: number): Uint8Array<ArrayBuffer> {
    return this.digests.subarray(part * DIGEST_BYTES, (part + 1) * DIGEST_BYTES);
  }

  bytesOf(part: number): number {
    return Math.min(this.partBytes, this.sizeBytes - part * this.partBytes);
  }

  has(part: number): boolean {
    return this.digestOf(part).some((byte) => byte !== 0);
  }

  /** Bytes of all parts that have come. */
  get storedBytes(): number {
    let bytes = 0;
    for (let part = 0; part < this.parts; part++) if (this.has(part)) bytes += this.bytesOf(part);
    return bytes;
  }

  /** Whether all parts are here and together are what was published. */
  get isWhole(): boolean {
    return this.whole;
  }

  markWhole(): void {
    this.whole = true;
    this.sidecar.write(this.head(), 0);
    this.sidecar.flush();
  }

  /**
   * Stores a part. Once the whole was found right, a part that comes again must be the same.
   * @returns whether it is
   */
  async write(part: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    assert(bytes.length === this.bytesOf(part), `${bytes.length} bytes for part ${part}`);
    const found = await digest(bytes);
    if (this.whole && !same(found, this.digestOf(part))) return false;
    // First the data, then what says that it is there: a crash in between leaves a part that has not come.
    this.data.write(bytes, part * this.partBytes);
    this.data.flush();
    this.digestOf(part).set(found);
    this.sidecar.write(found, HEAD_BYTES + part * DIGEST_BYTES);
    this.sidecar.flush();
    this.checked.add(part);
    return true;
  }

  /** Whether the stored bytes of a part are those that came. */
  async check(part: number): Promise<boolean> {
    if (this.checked.has(part)) return true;
    const bytes = this.read(part * this.partBytes, part * this.partBytes + this.bytesOf(part));
    if (bytes === null || !same(await digest(bytes), this.digestOf(part))) return false;
    this.checked.add(part);
    return true;
  }

  /** The part has to come again. */
  forget(part: number): void {
    this.checked.delete(part);
    if (this.whole) return;
    this.digestOf(part).fill(0);
    this.sidecar.write(this.digestOf(part), HEAD_BYTES + part * DIGEST_BYTES);
  }

  forgetAll(): void {
    this.whole = false;
    this.checked.clear();
    this.digests.fill(0);
    this.sidecar.truncate(0);
    this.sidecar.write(this.head(), 0);
    this.sidecar.flush();
  }

  /** The bytes [begin, end); null if the file is shorter. */
  read(begin: number, end: number): Uint8Array<ArrayBuffer> | null {
    const bytes = new Uint8Array(end - begin);
    return this.data.read(bytes, begin) === bytes.length ? bytes : null;
  }

  close(): void {
    this.data.close();
    this.sidecar.close();
  }
}
