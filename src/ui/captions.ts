/** What the stage shows, in three short sentences, and which of them the shown moment is about. */
import { roundOf, type RunView } from "../trace/view";

export interface Captions {
  readonly lines: readonly [string, string, string];
  /** Index of the line that tells of the shown moment; null before the first step. */
  readonly now: 0 | 1 | 2 | null;
}

const TREE: Captions["lines"] = [
  "A small, quick model drafts a tree of likely continuations.",
  "The large model reads the whole tree in one pass: filled nodes are accepted, crossed ones refused.",
  "The accepted path joins the text, with one more token from the large model itself.",
];
const WITHOUT_MODEL: Captions["lines"] = [
  "A draft is put together without a second model.",
  TREE[1],
  "The accepted path joins the text, with one more token from the model itself.",
];
const PLAIN: Captions["lines"] = [
  "One pass of the model says how likely every next token is.",
  "One token is drawn by these chances.",
  "It joins the text, and the next step begins: one pass a token.",
];
const CANVAS: Captions["lines"] = [
  "The text starts as a row of masks; one pass guesses all of them at once.",
  "Each step commits some guesses, shown in blue; the others stay masked and are guessed again.",
  "When no mask is left, the text is done.",
];

/** Methods that take back what they committed, and go on when nothing is masked. */
const REMASKED: Captions["lines"] = [
  CANVAS[0],
  "Each step commits some guesses, shown in blue, and masks some of the committed ones again, shown in orange, to guess them anew.",
  "After the last step no mask is left, and the text is done.",
];
const masksAgain = (view: RunView): boolean =>
  view.start?.method === "remdm" || view.rounds.toArray().some((r) => (r.canvas?.remasked.length ?? 0) > 0);

/** Captions for a moment of a run, by the kind of run it is. */
export function captionsOf(view: RunView, step: number): Captions {
  const round = step < 0 ? undefined : roundOf(view, step);
  if (view.canvas) {
    const isDone =
      view.canvas.cells.every((cell) => cell.status !== "masked") &&
      // A full canvas of such a run may be opened again.
      (!masksAgain(view) || view.status.state === "ended");
    const isEmpty = view.canvas.cells.every((cell) => cell.status !== "committed");
    return { lines: masksAgain(view) ? REMASKED : CANVAS, now: isDone ? 2 : isEmpty ? 0 : 1 };
  }
  const hasTrees = view.rounds.toArray().some((r) => r.nodes.length > 0);
  if (!hasTrees) return { lines: PLAIN, now: round === undefined ? null : 2 };
  const lines = view.start?.draft == null ? WITHOUT_MODEL : TREE;
  switch (round?.phase) {
    case undefined:
      return { lines, now: null };
    case "open":
    case "drafted":
      return { lines, now: 0 };
    case "verified":
      return { lines, now: 1 };
    case "committed":
      return { lines, now: 2 };
  }
}
