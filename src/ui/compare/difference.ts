/** What two texts have in common, token by token. */

/**
 * Which entries of `a` and of `b` are part of a longest common subsequence. O(|a| |b|) in time and space: made for texts of
 * some hundred tokens.
 */
export function commonParts<T>(
  a: readonly T[],
  b: readonly T[],
): { readonly a: readonly boolean[]; readonly b: readonly boolean[] } {
  const width = b.length + 1;
  // length[i * width + j]: of the longest common subsequence of a from i and b from j.
  const length = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] =
        a[i] === b[j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
  const inA = a.map(() => false);
  const inB = b.map(() => false);
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      inA[i++] = true;
      inB[j++] = true;
    } else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return { a: inA, b: inB };
}
