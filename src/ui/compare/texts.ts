/** The tokens of a run's text, whether it fills a canvas or grows. */
import type { RunView } from "../../trace/view";

export interface TextToken {
  readonly token: number;
  readonly text: string;
}

/** Tokens behind the prompt that stand in the text, in order; masks and what fills up the end are none. */
export function textTokens(view: RunView): readonly TextToken[] {
  if (!view.canvas) return view.tokens.toArray().map(({ token, text }) => ({ token, text }));
  return view.canvas.cells
    .slice(view.canvas.first)
    .filter((cell) => cell.status !== "masked" && cell.reason !== "end_fill")
    .map(({ token, piece }) => ({ token, text: piece }));
}
