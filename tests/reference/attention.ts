/** Float64 twin of the attention kernels: softmax over the slots each row sees, grouped queries. */

export interface AttentionShape {
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly scale?: number;
}

/**
 * `q` [T, H, A], `cache` [slots, 2, K, A], `seen[t]` the slots row t sees -> [T, H, A]; zeros for a row that sees none.
 * @see Ainslie et al. 2023 (grouped queries)
 */
export function attention(
  q: ArrayLike<number>,
  cache: ArrayLike<number>,
  seen: readonly (readonly number[])[],
  { nHeads, nKvHeads, headDim, scale = 1 / Math.sqrt(headDim) }: AttentionShape,
): Float64Array {
  const out = new Float64Array(seen.length * nHeads * headDim);
  seen.forEach((slots, t) => {
    for (let h = 0; h < nHeads; h++) {
      const at = (t * nHeads + h) * headDim;
      const kv = Math.floor((h * nKvHeads) / nHeads);
      const cell = (slot: number, which: 0 | 1): number => ((slot * 2 + which) * nKvHeads + kv) * headDim;
      const logits = slots.map((slot) => {
        let sum = 0;
        for (let c = 0; c < headDim; c++) sum += q[at + c]! * cache[cell(slot, 0) + c]!;
        return sum * scale;
      });
      const max = Math.max(...logits);
      const weights = logits.map((l) => Math.exp(l - max));
      const total = weights.reduce((a, b) => a + b, 0);
      slots.forEach((slot, i) => {
        for (let c = 0; c < headDim; c++) out[at + c]! += (weights[i]! / total) * cache[cell(slot, 1) + c]!;
      });
    }
  });
  return out;
}
