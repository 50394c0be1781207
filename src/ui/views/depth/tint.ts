/** How dark a token is for the recurrences it had, in the text and in drawings. */

/** Ink of a depth among depths up to `deepest`, under text that has to be read. */
export const tint = (depth: number, deepest: number): number =>
  Number((deepest <= 1 ? 0.1 : 0.05 + (0.3 * (depth - 1)) / (deepest - 1)).toFixed(3));
