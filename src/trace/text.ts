/** Text from token pieces without ever splitting a UTF-8 character. Not a tokenizer: pieces come from events. */

/** What is known of a token's text. */
export interface Piece {
  /** Text of the token alone; U+FFFD where its bytes are no whole characters. */
  readonly text: string;
  /** Its bytes, where the text has U+FFFD for bytes that are no whole characters; null otherwise. */
  readonly bytes: readonly number[] | null;
}

export const NO_BYTES: readonly number[] = [];

/** How many bytes a character has that starts with this byte; 0 for a byte that starts none. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/** Whether `second` may follow `lead` (Unicode 16, table 3-7: no overlong forms, no surrogates, at most U+10FFFF). */
function isSecondByte(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0 && second <= 0xbf;
  if (lead === 0xed) return second >= 0x80 && second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90 && second <= 0xbf;
  if (lead === 0xf4) return second >= 0x80 && second <= 0x8f;
  return second >= 0x80 && second <= 0xbf;
}

/** Number of bytes at the end that may still become a character when more bytes come: 0 to 3. */
function unfinishedTail(bytes: readonly number[]): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const start = bytes.length - back;
    const lead = bytes[start]!;
    if (lead >= 0x80 && lead <= 0xbf) continue;
    if (sequenceLength(lead) <= back) return 0;
    return back === 1 || isSecondByte(lead, bytes[start + 1]!) ? back : 0;
  }
  return 0;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** What bytes say, with U+FFFD for those that are no characters. */
export const decodeBytes = (bytes: readonly number[]): string => decoder.decode(Uint8Array.from(bytes));

/**
 * The text that a token adds after `pending` bytes that were left over before it, and the bytes left over after it
 * (at most three, the beginning of a character). Bytes that can no longer become a character turn into U+FFFD.
 */
export function appendPiece(
  pending: readonly number[],
  piece: Piece,
): { readonly text: string; readonly pending: readonly number[] } {
  if (pending.length === 0 && piece.bytes === null) return { text: piece.text, pending: NO_BYTES };
  const bytes = [...pending, ...(piece.bytes ?? encoder.encode(piece.text))];
  const tail = unfinishedTail(bytes);
  const whole = bytes.length - tail;
  return { text: decodeBytes(bytes.slice(0, whole)), pending: tail === 0 ? NO_BYTES : bytes.slice(whole) };
}
