/** Float64 twin of pack_cache: what a head's numbers are after they were stored, and how far off that may be. */

/** `head` [A] as whole numbers of 127 steps of its largest magnitude; `step` is the size of one. */
export function packed(head: ArrayLike<number>): { readonly values: Float64Array; readonly step: number } {
  const largest = Math.max(...Array.from(head, Math.abs));
  const step = largest / 127;
  const values = Float64Array.from(head, (v) => (largest === 0 ? 0 : Math.round(v / step) * step));
  return { values, step };
}
