/** How far logits are from a reference. */

/** Largest difference of a row's logits, relative to the largest of them. */
export function worstError(found: Float32Array, expected: readonly Float64Array[]): number {
  return Math.max(
    ...expected.map((row, t) => {
      const size = row.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      return Math.max(...row.map((v, i) => Math.abs(v - found[t * row.length + i]!))) / size;
    }),
  );
}
