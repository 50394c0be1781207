/** The groups of positions that a plan commits in turn. */
import { evenCounts } from "../decoding/canvas/commit";
import { placeOf } from "../decoding/canvas/rank";

/**
 * Positions [0, length) of a canvas behind a prompt of `promptLength` tokens, in the random order of `seed`, `perStep` at a
 * time, as the method "random-order" takes them: it draws places for positions counted from the prompt's start.
 */
export function orderOf(seed: number, length: number, perStep: number, promptLength = 0): number[][] {
  const order = Array.from({ length }, (_, p) => p);
  const place = (p: number): number => placeOf(promptLength + p, { seed });
  order.sort((a, b) => place(a) - place(b) || a - b);
  return evenCounts(length, Math.ceil(length / perStep)).map((count) => order.splice(0, count));
}
