/** Languages over bytes, as trees that may refer to themselves: what answers can be held to. */

/** One byte of a set, and what can be made of that. Parts are shared and never changed once they are in use. */
export type Grammar =
  | { readonly kind: "byte"; readonly has: (byte: number) => boolean }
  /** One after another; none of them for the empty text. */
  | { readonly kind: "all"; readonly parts: readonly Grammar[] }
  /** One of them; no text at all if there is none. */
  | { readonly kind: "any"; readonly parts: readonly Grammar[] }
  /** `item`, which is no empty text, `min` to `max` times; null for no limit. */
  | { readonly kind: "repeat"; readonly item: Grammar; readonly min: number; readonly max: number | null }
  /** Another one by name, which may lead back here. */
  | { readonly kind: "ref"; readonly name: string; target: Grammar | null };

/** Several grammars, strings as their UTF-8 bytes, one after another. */
export const all = (...parts: readonly (Grammar | string)[]): Grammar => {
  const flat = parts.flatMap((part) => (typeof part === "string" ? text(part) : [part]));
  return flat.length === 1 ? flat[0]! : { kind: "all", parts: flat };
};
export const any = (...parts: readonly Grammar[]): Grammar =>
  parts.length === 1 ? parts[0]! : { kind: "any", parts };
export const repeat = (item: Grammar, min: number, max: number | null): Grammar => ({
  kind: "repeat",
  item,
  min,
  max,
});
export const EMPTY: Grammar = all();
export const NEVER: Grammar = any();

const single = Array.from({ length: 256 }, (_, b): Grammar => ({ kind: "byte", has: (byte) => byte === b }));
const text = (value: string): Grammar[] => [...new TextEncoder().encode(value)].map((b) => single[b]!);

/** A byte from `from` to `to`. */
export const range = (from: number, to: number): Grammar => ({
  kind: "byte",
  has: (byte) => byte >= from && byte <= to,
});
/** One of the ASCII characters of a string. */
export const oneOf = (characters: string): Grammar => ({
  kind: "byte",
  has: (byte) => characters.includes(String.fromCharCode(byte)),
});
