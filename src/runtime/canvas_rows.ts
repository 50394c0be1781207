/** Row descriptors of positions of a canvas: the slot of a position has its number, and everything is visible. */
import { NONE, Row, ROW_WORDS } from "../kernels/layouts";
import type { MaskedFacts } from "../models/model";

export interface CanvasText {
  /** One token a position, the mask where undecided. */
  readonly tokens: readonly number[];
  /** Positions [0, promptLength) are the prompt. */
  readonly promptLength: number;
}

/**
 * Descriptors u32 [room, ROW_WORDS] of rows for `positions` in their order; what is left of `room` becomes idle rows.
 * A row sees every slot of the canvas, rows of an isolated prompt those of the prompt, rows of models that go by blocks
 * those up to the end of their block.
 * @see kernels/layouts.ts
 */
export function canvasRows(
  { tokens, promptLength }: CanvasText,
  positions: readonly number[],
  { attention, blockSize }: Pick<MaskedFacts, "attention" | "blockSize">,
  room = positions.length,
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(ROW_WORDS * room);
  for (let i = 0; i < room; i++) {
    const at = i * ROW_WORDS;
    const position = positions[i];
    if (position === undefined) {
      words[at + Row.TOKEN] = NONE;
      words[at + Row.SLOT] = NONE;
      continue;
    }
    const isIsolated = attention === "prompt_isolated" && position < promptLength;
    words[at + Row.TOKEN] = tokens[position]!;
    words[at + Row.POSITION] = position;
    words[at + Row.SLOT] = position;
    const end = blockSize === null ? tokens.length : (Math.floor(position / blockSize) + 1) * blockSize;
    words[at + Row.BOUND] = isIsolated ? promptLength : Math.min(end, tokens.length);
  }
  return words;
}
