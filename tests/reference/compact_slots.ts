/** Float64 twin of the compact_slots kernel: keeps the accepted path of a tree and forgets its other nodes. */

/**
 * Copies that make the path contiguous, in the order in which they must run: node path[k] from slot base + path[k]
 * to slot base + k. Path ids increase, so a destination is never the source of a later copy.
 */
export function slotMoves(base: number, path: readonly number[]): [source: number, destination: number][] {
  return path.flatMap((id, k): [number, number][] => (id === k ? [] : [[base + id, base + k]]));
}

/** Runs the copies of {@link slotMoves} on `slots` in place. */
export function compactSlots(slots: unknown[], base: number, path: readonly number[]): void {
  for (const [source, destination] of slotMoves(base, path)) slots[destination] = slots[source];
}
