/** The token hash of run_end and links: tells whether two runs gave the same tokens. Not for security. */

/**
 * FNV-1a, 32 bits, over token ids taken as four bytes each, least significant first; eight lower-case hex digits.
 * The hash of no tokens is "811c9dc5".
 * @see Fowler, Noll, Vo; RFC 9923
 */
export function hashTokens(tokens: Iterable<number>): string {
  let h = 0x811c9dc5;
  for (const token of tokens) {
    for (let shift = 0; shift < 32; shift += 8) h = Math.imul(h ^ ((token >>> shift) & 0xff), 0x01000193);
  }
  return (h >>> 0).toString(16).padStart(8, "0");
}
