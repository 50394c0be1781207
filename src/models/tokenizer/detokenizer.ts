/** Text from tokens as they come, without ever showing half a character. */

/** What a detokenizer asks of a vocabulary. */
export interface Pieces {
  bytes(token: number): Uint8Array;
  isSpecial(token: number): boolean;
  /** The tokenizer writes a space before a text, which is no part of it. */
  readonly dropsFirstSpace: boolean;
}

export interface DetokenizerOptions {
  /** Leave special tokens out of the text. */
  readonly skipSpecial?: boolean;
  /** False if the tokens continue a text, so that their first space belongs to it. */
  readonly atStart?: boolean;
}

/**
 * Joins the bytes of tokens and gives text out as soon as it is complete: a character whose bytes are spread over
 * several tokens appears with the last of them. Bytes that are no UTF-8 become U+FFFD.
 */
export class Detokenizer {
  // ignoreBOM: a U+FEFF that the model wrote is text like any other.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #skipSpecial: boolean;
  #dropSpace: boolean;

  constructor(
    private readonly pieces: Pieces,
    { skipSpecial = false, atStart = true }: DetokenizerOptions = {},
  ) {
    this.#skipSpecial = skipSpecial;
    this.#dropSpace = atStart && pieces.dropsFirstSpace;
  }

  /** The text that these tokens complete; may be empty. */
  push(...tokens: readonly number[]): string {
    let text = "";
    for (const token of tokens) {
      const isSpecial = this.pieces.isSpecial(token);
      // A special token ends whatever was before it; it is never a part of a character.
      if (isSpecial) text += this.#decoder.decode();
      if (isSpecial && this.#skipSpecial) continue;
      let bytes = this.pieces.bytes(token);
      if (this.#dropSpace && !isSpecial && bytes.length > 0) {
        if (bytes[0] === 0x20) bytes = bytes.subarray(1);
        this.#dropSpace = false;
      }
      text += this.#decoder.decode(bytes, { stream: true });
    }
    return text;
  }

  /** What is left at the end: U+FFFD if the text stops within a character, else nothing. Starts afresh. */
  flush(): string {
    return this.#decoder.decode();
  }
}
