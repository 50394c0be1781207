/** Which part of the canvas a step works on: all of it, or one block after another. */
import type { Canvas } from "./canvas";
import type { Schedule } from "./parts";

const lengthOf = (canvas: Canvas, length: number): number =>
  length === 0 ? canvas.length - canvas.promptLength : length;
/** Positions [start, end) of a block. */
function rangeOf(canvas: Canvas, length: number, block: number): [number, number] {
  const start = canvas.promptLength + block * lengthOf(canvas, length);
  return [start, Math.min(canvas.length, start + lengthOf(canvas, length))];
}

/** Masked positions of each block of `length`; a length of 0 is one block. */
export function blockSizes(canvas: Canvas, length: number): number[] {
  const count = Math.ceil((canvas.length - canvas.promptLength) / lengthOf(canvas, length));
  return Array.from({ length: count }, (_, block) => canvas.masked(...rangeOf(canvas, length, block)).length);
}

/**
 * Blocks of `length` positions from left to right, each filled before the next begins; a length of 0 is one block, the
 * whole canvas. Positions behind the block are seen but not committed.
 * @param planned steps for a block of that number with so many masked positions; null where that depends on the model
 * @see Nie et al. 2025, LLaDA, section 2.4 (semi-autoregressive remasking)
 */
export function blocks(length: number, planned: (size: number, block: number) => number | null): Schedule {
  let current = -1;
  let step = 0;
  let size = 0;
  return {
    planned(canvas) {
      const steps = blockSizes(canvas, length).map((masked, block) =>
        masked === 0 ? 0 : planned(masked, block),
      );
      return steps.reduce((sum, n) => (sum === null || n === null ? null : sum + n), 0);
    },
    advance(canvas) {
      const first = canvas.masked()[0];
      const block =
        first === undefined
          ? Math.max(0, current)
          : Math.floor((first - canvas.promptLength) / lengthOf(canvas, length));
      const [start, end] = rangeOf(canvas, length, block);
      if (block === current) step++;
      else {
        current = block;
        step = 0;
        size = canvas.masked(start, end).length;
      }
      return { start, end, block, step, size, planned: planned(size, block) };
    },
  };
}

/**
 * The whole canvas at once, but for what stands before the block of the first mask: that is finished and stays so.
 * @see Hu et al. 2025, FlashDLM, section 3.1 (FreeCache freezes finished blocks)
 */
export function behindFrozen(length: number): Schedule {
  const whole = blocks(0, () => null);
  return {
    planned: (canvas) => whole.planned(canvas),
    advance(canvas) {
      const region = whole.advance(canvas);
      const first = canvas.masked()[0] ?? region.end;
      const block = length === 0 ? 0 : Math.floor((first - canvas.promptLength) / length);
      return { ...region, block, start: region.start + block * length };
    },
  };
}
