/** Which part of the canvas a step works on: all of it, or one block after another. */
import type { Canvas } from "./canvas";
import type { Schedule } from "./parts";

/**
 * Blocks of `length` positions from left to right, each filled before the next begins; a length of 0 is one block, the
 * whole canvas. Positions behind the block are seen but not committed.
 * @param planned steps for a block with so many masked positions; null where that depends on the model
 * @see Nie et al. 2025, LLaDA, section 2.4 (semi-autoregressive remasking)
 */
export function blocks(length: number, planned: (size: number) => number | null): Schedule {
  let current = -1;
  let step = 0;
  let size = 0;
  const sizeOf = (canvas: Canvas): number => (length === 0 ? canvas.length - canvas.promptLength : length);
  const range = (canvas: Canvas, block: number): [number, number] => {
    const start = canvas.promptLength + block * sizeOf(canvas);
    return [start, Math.min(canvas.length, start + sizeOf(canvas))];
  };
  return {
    planned(canvas) {
      const count = Math.ceil((canvas.length - canvas.promptLength) / sizeOf(canvas));
      const steps = Array.from({ length: count }, (_, block) => {
        const masked = canvas.masked(...range(canvas, block)).length;
        return masked === 0 ? 0 : planned(masked);
      });
      return steps.reduce((sum, n) => (sum === null || n === null ? null : sum + n), 0);
    },
    region(canvas) {
      let block = Math.max(0, current);
      while (canvas.masked(...range(canvas, block)).length === 0) block++;
      const [start, end] = range(canvas, block);
      if (block === current) step++;
      else {
        current = block;
        step = 0;
        size = canvas.masked(start, end).length;
      }
      return { start, end, block, step, size, planned: planned(size) };
    },
  };
}
