/**
 * The parts of JSON as grammars. Whatever they make can be read by JSON.parse: numbers stay finite, strings are whole characters.
 * @see RFC 8259; RFC 3629, section 4 for the bytes of a character
 */
import { all, any, EMPTY, NEVER, oneOf, range, repeat, type Grammar } from "./grammar";

/** Digits that integers have at most, so that they are exact as numbers. */
const MOST_DIGITS = 15;
/** Spaces after a line break. */
const MOST_INDENT = 16;

/** White space where a writer may like some: none, a space, or a new line. Endless white space is where models get lost. */
export const SPACE = any(EMPTY, all(" "), all("\n", repeat(all(" "), 0, MOST_INDENT)));

const digit = range(0x30, 0x39);
const hex = oneOf("0123456789abcdefABCDEF");
const tail = range(0x80, 0xbf);

/** A character of a string that needs no escape, by its first byte. */
const plain: Grammar = {
  kind: "byte",
  has: (b) => b >= 0x20 && b <= 0x7f && b !== 0x22 && b !== 0x5c,
};
const escaped = all(
  "\\",
  any(
    oneOf('"\\/bfnrt'),
    // No halves of characters outside the first plane.
    all("u", any(all(oneOf("0123456789abcefABCEF"), hex), all(oneOf("dD"), oneOf("01234567"))), hex, hex),
  ),
);
const character = any(
  plain,
  escaped,
  all(range(0xc2, 0xdf), tail),
  all(range(0xe0, 0xe0), range(0xa0, 0xbf), tail),
  all(any(range(0xe1, 0xec), range(0xee, 0xef)), tail, tail),
  all(range(0xed, 0xed), range(0x80, 0x9f), tail),
  all(range(0xf0, 0xf0), range(0x90, 0xbf), tail, tail),
  all(range(0xf1, 0xf3), tail, tail, tail),
  all(range(0xf4, 0xf4), range(0x80, 0x8f), tail, tail),
);

/** A string of `min` to `max` characters. */
export const string = (min = 0, max: number | null = null): Grammar =>
  all('"', repeat(character, min, max), '"');

const whole = any(all("0"), all(range(0x31, 0x39), repeat(digit, 0, MOST_DIGITS - 1)));
export const number = all(
  any(EMPTY, all("-")),
  whole,
  any(EMPTY, all(".", repeat(digit, 1, MOST_DIGITS))),
  any(EMPTY, all(oneOf("eE"), any(EMPTY, oneOf("+-")), repeat(digit, 1, 2))),
);

/** Numbers of as many digits as `from` and `to`, which have equally many, from one to the other. */
function sameLength(from: string, to: string): Grammar {
  if (/^0*$/.test(from) && /^9*$/.test(to)) return repeat(digit, from.length, from.length);
  const [first, last] = [Number(from[0]), Number(to[0])];
  const rest = from.length - 1;
  const nines = "9".repeat(rest);
  const zeros = "0".repeat(rest);
  if (first === last) return all(String(first), sameLength(from.slice(1), to.slice(1)));
  const between = first + 1 <= last - 1 ? range(0x31 + first, 0x2f + last) : NEVER;
  return any(
    all(String(first), sameLength(from.slice(1), nines)),
    all(between, repeat(digit, rest, rest)),
    all(String(last), sameLength(zeros, to.slice(1))),
  );
}

function natural(from: number, to: number): Grammar {
  const parts: Grammar[] = [];
  for (let length = 1; length <= MOST_DIGITS; length++) {
    const lo = Math.max(from, length === 1 ? 0 : 10 ** (length - 1));
    const hi = Math.min(to, 10 ** length - 1);
    if (lo <= hi) parts.push(sameLength(String(lo), String(hi)));
  }
  return any(...parts);
}

/** Whole numbers from `from` to `to`, as far as they have up to 15 digits. */
export const integer = (from = -Infinity, to = Infinity): Grammar =>
  any(all("-", natural(Math.max(1, -to), -from)), natural(Math.max(0, from), to));

/** A value as JSON.stringify writes it. */
export const literal = (value: unknown): Grammar => all(JSON.stringify(value));

export interface Member {
  readonly name: string;
  readonly value: Grammar;
  readonly isRequired: boolean;
}

/** A key of plain ASCII that is none of `names`: written without escapes, so that it cannot be one in disguise. */
function otherKey(names: readonly string[]): Grammar {
  const isPlain = (b: number): boolean => plain.kind === "byte" && plain.has(b) && b < 0x7f;
  const rest = all(repeat({ kind: "byte", has: isPlain }, 0, null), '"');
  const after = (left: readonly string[]): Grammar => {
    const next = new Map<string, string[]>();
    for (const name of left)
      if (name !== "") next.set(name[0]!, [...(next.get(name[0]!) ?? []), name.slice(1)]);
    const known = [...next.keys()].map((c) => c.charCodeAt(0)).filter(isPlain);
    return any(
      ...(left.includes("") ? [] : [all('"')]),
      all({ kind: "byte", has: (b) => isPlain(b) && !known.includes(b) }, rest),
      ...known.map((b) => all(String.fromCharCode(b), after(next.get(String.fromCharCode(b))!))),
    );
  };
  return all('"', after(names));
}

/** An object with `members` in this order, and others behind them if `others` says what they may be. */
export function object(members: readonly Member[], others: Grammar | null): Grammar {
  const comma = all(",", SPACE);
  const pair = (key: Grammar, value: Grammar): Grammar => all(key, ":", SPACE, value);
  const extra = others && pair(otherKey(members.map(({ name }) => name)), others);
  const more = extra ? repeat(all(comma, extra), 0, null) : EMPTY;
  // What may follow once earlier members were decided on: before the first that is written, and after one.
  let atStart = extra ? any(EMPTY, all(extra, more)) : EMPTY;
  let after = more;
  for (const { name, value, isRequired } of [...members].reverse()) {
    const written = pair(literal(name), value);
    const [skipAtStart, skip] = isRequired ? [NEVER, NEVER] : [atStart, after];
    atStart = any(all(written, after), skipAtStart);
    after = any(all(comma, written, after), skip);
  }
  return all("{", SPACE, atStart, SPACE, "}");
}

/** An array of `min` to `max` items. */
export function array(item: Grammar, min = 0, max: number | null = null): Grammar {
  if (max !== null && max < min) return NEVER;
  const more = repeat(
    all(",", SPACE, item),
    Math.max(0, min - 1),
    max === null ? null : Math.max(0, max - 1),
  );
  const some = max === 0 ? NEVER : all(item, more);
  return all("[", SPACE, min === 0 ? any(EMPTY, some) : some, SPACE, "]");
}

/** Any value, or any object, however deep. */
export function anything(): { readonly value: Grammar; readonly object: Grammar; readonly array: Grammar } {
  const value: Grammar = { kind: "ref", name: "value", target: null };
  const parts = { value, object: object([], value), array: array(value) };
  value.target = any(parts.object, parts.array, string(), number, all("true"), all("false"), all("null"));
  return parts;
}
