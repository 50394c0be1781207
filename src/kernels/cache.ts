/** How keys and values can be kept on the device, and where a slot's numbers lie. */

/** The most exact first. int8: whole numbers up to 127 for each key and value head of a slot, and one scale for them. */
export const CACHE_STORAGES = ["f32", "f16", "int8"] as const;
export type CacheStorage = (typeof CACHE_STORAGES)[number];

/**
 * Words of 4 bytes of a slot in one layer, a multiple of four: keys [K, A], then values [K, A]; in int8 four numbers a word, and
 * behind them the scales of the keys [K] and of the values [K] in f32.
 */
export function slotWords(storage: CacheStorage, nKvHeads: number, headDim: number): number {
  const numbers = 2 * nKvHeads * headDim;
  if (storage === "f32") return numbers;
  if (storage === "f16") return numbers / 2;
  return 4 * Math.ceil((numbers / 4 + 2 * nKvHeads) / 4);
}

/** Numbers behind the queries of a row: keys and values that are not in the cache yet. */
export const waitingWidth = (
  storage: CacheStorage,
  hasHeadNorms: boolean,
  nKvHeads: number,
  headDim: number,
): number => (storage === "int8" ? 2 : hasHeadNorms ? 1 : 0) * nKvHeads * headDim;

/** What `real` means in a kernel that reads or writes such a cache. */
export const realOf = (storage: CacheStorage): "f32" | "f16" => (storage === "f16" ? "f16" : "f32");
