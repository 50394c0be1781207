/** Byte ranges that are fetched when they are prepared and held until others are: for what is not stored. */
import { assert } from "../../base/errors";
import type { ByteRange, RangeFiles } from "../source";

/** Ranges fetched at a time. */
const CONNECTIONS = 4;

const keyOf = ({ file, begin, end }: ByteRange): string => `${file}:${begin}-${end}`;

export class HeldRanges implements RangeFiles {
  private held = new Map<string, Uint8Array<ArrayBuffer>>();

  /** @param fetch the bytes of a range, exactly as many as were asked for */
  constructor(private readonly fetch: (range: ByteRange) => Promise<Uint8Array<ArrayBuffer>>) {}

  async prepare(ranges: readonly ByteRange[]): Promise<void> {
    this.held = new Map();
    const { held } = this;
    const waiting = [...ranges];
    const worker = async (): Promise<void> => {
      for (let range = waiting.shift(); range; range = waiting.shift())
        held.set(keyOf(range), await this.fetch(range));
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  }

  take(range: ByteRange): Uint8Array<ArrayBuffer> {
    const bytes = this.held.get(keyOf(range));
    assert(bytes, `${keyOf(range)} was not prepared`);
    return bytes;
  }
}
