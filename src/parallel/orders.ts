/** The groups of positions that a plan commits in turn. */
import { evenCounts } from "../decoding/canvas/commit";
import { placeOf } from "../decoding/canvas/rank";

/** Positions [0, length) in the random order of `seed`, `perStep` at a time, as the method "random-order" takes them. */
export function orderOf(seed: number, length: number, perStep: number): number[][] {
  const order = Array.from({ length }, (_, p) => p);
  order.sort((a, b) => placeOf(a, { seed }) - placeOf(b, { seed }) || a - b);
  return evenCounts(length, Math.ceil(length / perStep)).map((count) => order.splice(0, count));
}
