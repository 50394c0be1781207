/** What the stage shows, in three short sentences, and which of them the shown moment is about. */
import { methodOf } from "../definitions";
import { kindOf } from "../moment";
import { roundOf, type RoundView, type RunView } from "../../trace/view";
import {
  CANVAS,
  chosen,
  DEPTH,
  FIXED_DEPTH,
  itself,
  PLAIN,
  REMASKED,
  routed,
  TREE,
  WAVE,
  WITHOUT_MODEL,
  withOwn,
  type Lines,
} from "./sentences";

export interface Captions {
  readonly lines: Lines;
  /** Index of the line that tells of the shown moment; null before the first step. */
  readonly now: 0 | 1 | 2 | null;
}

const masksAgain = (view: RunView): boolean =>
  view.start?.method === "remdm" || view.rounds.toArray().some((r) => (r.canvas?.remasked.length ?? 0) > 0);

type Now = Captions["now"];

function canvasNow({ canvas, status }: RunView, isRemasking: boolean): Now {
  if (!canvas) return 0;
  const isDone =
    canvas.cells.every((cell) => cell.status !== "masked") &&
    // A full canvas of such a run may be opened again.
    (!isRemasking || status.state === "ended");
  return isDone ? 2 : canvas.cells.every((cell) => cell.status !== "committed") ? 0 : 1;
}

function depthNow(round: RoundView | undefined): Now {
  if (!round) return null;
  if (round.tokens.length > 0) return 2;
  return (round.recursion?.depths.length ?? 0) > 0 ? 1 : 0;
}

function waveNow(round: RoundView | undefined): Now {
  const wave = round?.recursion?.wave;
  if (!round) return null;
  return wave ? (wave.frozenTo > wave.draftFrom ? 2 : 1) : 0;
}

const TREE_NOW: Readonly<Record<RoundView["phase"], Now>> = {
  open: 0,
  drafted: 0,
  verified: 1,
  committed: 2,
};

/** Whether a router decides the depths of a run; known from its method, else from its first tokens. */
const isRouted = ({ start, rounds }: RunView): boolean =>
  methodOf(start?.method ?? "")?.requires === "routed" ||
  (rounds.at(0)?.recursion?.recurs.some((e) => e.gate !== undefined) ?? false);

/** Whether that router had each token choose, as far as the run tells. */
const isChosen = ({ rounds }: RunView): boolean =>
  rounds.at(0)?.recursion?.depths.some((e) => e.reason === "chosen") ?? false;

/** Whether a run of text drafts; known from its method, else from what it drafted. */
export function drafts({ start, rounds }: RunView): boolean {
  const method = methodOf(start?.method ?? "");
  return method ? method.views.includes("tree") : rounds.toArray().some((r) => r.nodes.length > 0);
}

function linesOfText(view: RunView): Lines {
  if (!drafts(view)) return PLAIN;
  const { draft = null, model, params } = view.start ?? {};
  if (draft === null) return WITHOUT_MODEL;
  return draft === model ? itself(params?.draftRecurrences) : TREE;
}

/** Captions for a moment of a run: by the kind of run it is, and its method. Known from the run's first event on. */
export function captionsOf(view: RunView, step: number): Captions {
  const round = step < 0 ? undefined : roundOf(view, step);
  const params = view.start?.params ?? {};
  const captions = (lines: Lines, now: Now): Captions => ({ lines: withOwn(lines, view.start?.method), now });
  switch (kindOf(view)) {
    case "canvas": {
      const isRemasking = masksAgain(view);
      return captions(isRemasking ? REMASKED : CANVAS, canvasNow(view, isRemasking));
    }
    case "wave":
      return captions(WAVE, waveNow(round));
    case "depth":
      if (isRouted(view)) return captions(isChosen(view) ? chosen(params) : routed(params), depthNow(round));
      return captions(params.criterion === "none" ? FIXED_DEPTH : DEPTH, depthNow(round));
    case "text":
      if (round === undefined) return captions(linesOfText(view), null);
      return captions(linesOfText(view), drafts(view) ? TREE_NOW[round.phase] : 2);
  }
}
