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
      const first = canvas.masked()[0];
      const block =
        first === undefined
          ? Math.max(0, current)
          : Math.floor((first - canvas.promptLength) / sizeOf(canvas));
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

/**
 * The whole canvas at once, but for what stands before the block of the first mask: that is finished and stays so.
 * @see Hu et al. 2025, FlashDLM, section 3.1 (FreeCache freezes finished blocks)
 */
export function behindFrozen(length: number): Schedule {
  const whole = blocks(0, () => null);
  return {
    planned: (canvas) => whole.planned(canvas),
    region(canvas) {
      const region = whole.region(canvas);
      const first = canvas.masked()[0] ?? region.end;
      const block = length === 0 ? 0 : Math.floor((first - canvas.promptLength) / length);
      return { ...region, block, start: region.start + block * length };
    },
  };
}
