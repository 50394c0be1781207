/** What the stage shows, in three short sentences, and which of them the shown moment is about. */
import type { ParamValues } from "../base/params";
import { roundOf, type RoundView, type RunView } from "../trace/view";
import { plural } from "./format";

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

const ITSELF = (draftRecurrences: unknown): Captions["lines"] => [
  typeof draftRecurrences === "number"
    ? `The model drafts for itself, with ${plural(draftRecurrences, "recurrence")} of its layers a token.`
    : "The model drafts for itself, with few recurrences of its layers a token.",
  "At its full depth it reads all drafts in one pass: filled nodes are accepted, crossed ones refused.",
  "The accepted path joins the text, with one more token from the full depth.",
];
const DEPTH: Captions["lines"] = [
  "The same layers run again and again over one token: its latent moves less each time.",
  "When the latent has settled the token stops, at its bar; dots are runs that it was spared.",
  "The next token is drawn from where it stopped, joins the text and begins its own runs.",
];
const FIXED_DEPTH: Captions["lines"] = [
  DEPTH[0],
  "Every token runs them equally often, whether its latent still moves or not.",
  "The next token is drawn from the last run, joins the text and begins its own runs.",
];
const WAVE: Captions["lines"] = [
  "A wave of positions is worked on at once, each drafted from the half-finished one before it.",
  "Every step runs the layers over the whole wave again: drafts change, underlined, and latents come to rest.",
  "Positions at rest are frozen from the front, in blue, and join the text; new ones join behind.",
];
const FORCED = "Here all tokens run them equally often, whatever the router says.";
/** How a router's gates are used, by the option `routing`. */
const ROUTED: Readonly<Record<string, string>> = {
  threshold:
    "A gate that reaches the threshold, the tick, lets the token in again; the others are done and keep fewer keys.",
  "topk-text":
    "The largest gates of the whole text are let in again, also by tokens that come later: an analysis, no way to write.",
};
const ROUTER = ({ routing, forceDepth }: ParamValues): Captions["lines"] => [
  "Every token runs the shared layers once; a router gives it a gate for each further time.",
  typeof forceDepth === "number" && forceDepth > 0
    ? FORCED
    : (ROUTED[String(routing)] ??
      "The router decides which tokens run them again; the others are done and keep fewer keys."),
  "The last layer reads the token where it stopped; the next one is drawn and joins the text.",
];

/** Methods that take back what they committed, and go on when nothing is masked. */
const REMASKED: Captions["lines"] = [
  CANVAS[0],
  "Each step commits some guesses, shown in blue, and masks some of the committed ones again, shown in orange, to guess them anew.",
  "After the last step no mask is left, and the text is done.",
];
const masksAgain = (view: RunView): boolean =>
  view.start?.method === "remdm" || view.rounds.toArray().some((r) => (r.canvas?.remasked.length ?? 0) > 0);

/** Captions of a run whose tokens have depths of their own; null for others. */
function depthCaptions(view: RunView, round: RoundView | undefined): Captions | null {
  const first = view.rounds.at(0)?.recursion;
  if (!first) return null;
  const now = (isDeciding: boolean, isDone: boolean) =>
    round === undefined ? null : isDone ? 2 : isDeciding ? 1 : 0;
  const params = view.start?.params ?? {};
  const shown = round?.recursion;
  if (params.maxWavefront !== undefined || view.rounds.at(1)?.recursion?.wave) {
    const wave = shown?.wave;
    return { lines: WAVE, now: now(wave != null, wave != null && wave.frozenTo > wave.draftFrom) };
  }
  const isRouted = first.recurs.some((e) => e.gate !== undefined);
  const lines = isRouted ? ROUTER(params) : params.criterion === "none" ? FIXED_DEPTH : DEPTH;
  return { lines, now: now((shown?.depths.length ?? 0) > 0, (round?.tokens.length ?? 0) > 0) };
}

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
  const ofDepth = depthCaptions(view, round);
  if (ofDepth) return ofDepth;
  const hasTrees = view.rounds.toArray().some((r) => r.nodes.length > 0);
  if (!hasTrees) return { lines: PLAIN, now: round === undefined ? null : 2 };
  const { draft, model, params } = view.start ?? { draft: null };
  const lines = draft == null ? WITHOUT_MODEL : draft === model ? ITSELF(params.draftRecurrences) : TREE;
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
