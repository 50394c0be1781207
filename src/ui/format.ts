/** How numbers and pieces of text are written on the page; the same everywhere, so that columns line up. */

const NO_VALUE = "\u2013";

/** A probability with two or three places; "<0.001" below that, so that a small number is never shown as none. */
export function probability(p: number): string {
  if (!Number.isFinite(p)) return NO_VALUE;
  if (p > 0 && p < 0.0005) return "<0.001";
  return p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/** A probability as short as a label in a drawing needs: ".31", "1", "<.01". */
export function shortProbability(p: number): string {
  if (p >= 0.995) return "1";
  if (p > 0 && p < 0.005) return "<.01";
  return p.toFixed(2).slice(1);
}

export const exp = (logprob: number): number => Math.exp(logprob);

export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}\u202f%`;

/** Between groups of three figures. The browser's own formats take 20 ms to be made ready, as the page starts. */
const GROUPS = /\B(?=(\d{3})+$)/g;
export const count = (n: number): string => n.toFixed(0).replace(GROUPS, ",");

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** "a, b and c". */
export const listed = (names: readonly string[], last: "and" | "or" = "and"): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;

export function ratio(x: number | null, places = 2): string {
  return x === null || !Number.isFinite(x) ? NO_VALUE : x.toFixed(places);
}

/** Milliseconds with a unit that keeps two or three figures. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 10) return `${ms.toFixed(0)} ms`;
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${(ms * 1000).toFixed(0)} \u00b5s`;
}

/** Bytes in decimal units, as browsers and hubs count them. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ["kB", "MB", "GB"];
  let v = n;
  let unit = "B";
  for (const u of units) {
    if (v < 1000) break;
    v /= 1000;
    unit = u;
  }
  return `${v < 10 ? v.toFixed(1) : v.toFixed(0)} ${unit}`;
}

/** Parameters of a model: "1.2 M", "360 M". */
export function parameters(n: number): string {
  if (n >= 1e9) return `${(n / 1e9).toFixed(1)} B`;
  if (n >= 1e6) return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} M`;
  return `${Math.round(n / 1e3)} K`;
}

/** Stands for a space where nothing else is there to be seen. */
const SPACE_SIGN = "\u2423";

/** What the signs of {@link visiblePiece} stand for, for legends. */
export const BLANK_SIGNS = "\u2423 space, \u21b5 line end, \u21e5 tab";

/** Whether a piece is nothing but spaces, tabs and line ends. */
export const isWhitespace = (piece: string): boolean => /^[ \t\r\n]+$/.test(piece);

/**
 * A token's piece as one visible run of characters: a space becomes a middle dot, or a sign of its own where the piece is nothing
 * but whitespace; line ends and tabs get signs, nothing at all becomes the empty-set sign.
 */
export function visiblePiece(piece: string): string {
  if (piece === "") return "\u2205";
  return piece
    .replace(/ /g, isWhitespace(piece) ? SPACE_SIGN : "\u00b7")
    .replace(/\r?\n/g, "\u21b5")
    .replace(/\t/g, "\u21e5")
    .replace(/[\u0000-\u001f\u007f]/g, "\u25af");
}

/** A piece in quotes, for sentences and labels. */
export const quoted = (piece: string): string =>
  `\u201c${isWhitespace(piece) ? visiblePiece(piece) : piece.replace(/\n/g, "\u21b5")}\u201d`;

export function truncate(text: string, length: number): string {
  const points = Array.from(text);
  return points.length <= length ? text : `${points.slice(0, length - 1).join("")}\u2026`;
}
