/** Names, colours and words of the states of a position; each colour goes with a shape of its own. */
import type { UnmaskReason } from "../../../trace/canvas_events";
import type { RunView } from "../../../trace/view";
import { plural, probability, quoted } from "../../format";
import { tokenLabel } from "../token_label";
import type { CellState, ShownCell } from "./cells";

export const STATE_NAME: Readonly<Record<CellState, string>> = {
  prompt: "prompt",
  given: "given",
  forced: "forced by you",
  masked: "masked",
  candidate: "masked, what it would be now",
  committed_now: "committed in this step",
  committed: "committed before",
  remasked: "masked again",
  end_fill: "behind the end of the text",
};

/** What the states tell. */
export const STATE_HELP: Readonly<Record<CellState, string>> = {
  prompt: "What the run began with.",
  given: "Fixed before the run: the model sees it, the method never changes it.",
  forced: "A token that you put here.",
  masked: "Nothing stands here yet, and the model was not asked.",
  candidate:
    "Nothing stands here yet; in italics what the model would put here now, which later steps can change.",
  committed_now: "The method has taken the model\u2019s proposal in the shown step.",
  committed: "Taken in an earlier step; later steps see it.",
  remasked: "Was committed, and has been taken back to be guessed anew.",
  end_fill: "Behind the first end token: filled, but no part of the text.",
};

export const STATE_COLOUR: Readonly<Record<CellState, string>> = {
  prompt: "var(--idle)",
  given: "var(--ink-soft)",
  forced: "var(--ink)",
  masked: "var(--idle)",
  candidate: "var(--idle)",
  committed_now: "var(--accepted)",
  committed: "var(--target)",
  remasked: "var(--rejected)",
  end_fill: "var(--idle)",
};

/** Why a position was committed, as the end of a sentence that begins with "committed". */
export const REASON_NAME: Readonly<Record<UnmaskReason, string>> = {
  ranked: "as one of the highest ranked, as many as planned",
  threshold: "for passing the threshold",
  factor: "for passing the factor rule",
  entropy_bound: "within the bound on the entropy of a step",
  ascending: "as one of the highest ranked, of a plan that grows",
  random: "at random, without a look at the proposals",
  guided: "because the guider kept the draft up to here",
  all_in: "because everything left was committed at once",
  end_fill: "as filling behind the end of the text",
};

/** Shapes of commit marks by reason; the map and its legend draw them. */
export type CommitShape = "dot" | "diamond" | "triangle" | "square" | "bar";
export const REASON_SHAPE: Readonly<Record<UnmaskReason, CommitShape>> = {
  ranked: "dot",
  ascending: "dot",
  random: "dot",
  threshold: "diamond",
  factor: "diamond",
  entropy_bound: "diamond",
  guided: "triangle",
  all_in: "square",
  end_fill: "bar",
};
export const SHAPE_NAME: Readonly<Record<CommitShape, string>> = {
  dot: "committed by rank or chance",
  diamond: "committed by a threshold",
  triangle: "committed, kept by the guider",
  square: "committed with everything left",
  bar: "filled behind the end",
};

/** A shape of about radius `r` around the origin, as path data. */
export function shapePath(shape: CommitShape, r: number): string {
  const f = (v: number): string => v.toFixed(2);
  switch (shape) {
    case "dot":
      return `m${f(-r)},0a${f(r)},${f(r)} 0 1,0 ${f(2 * r)},0a${f(r)},${f(r)} 0 1,0 ${f(-2 * r)},0`;
    case "diamond":
      return `m0,${f(-1.3 * r)}l${f(1.3 * r)},${f(1.3 * r)}l${f(-1.3 * r)},${f(1.3 * r)}l${f(-1.3 * r)},${f(-1.3 * r)}Z`;
    case "triangle":
      return `m${f(-r)},${f(-1.1 * r)}l${f(2.2 * r)},${f(1.1 * r)}l${f(-2.2 * r)},${f(1.1 * r)}Z`;
    case "square":
      return `m${f(-r)},${f(-r)}h${f(2 * r)}v${f(2 * r)}h${f(-2 * r)}Z`;
    case "bar":
      return `m${f(-r)},${f(-r / 3)}h${f(2 * r)}v${f(r / 1.5)}h${f(-2 * r)}Z`;
  }
}

/** What a cell shows: its token, or the one it would be; empty where nothing is known. */
export function cellLabel(view: RunView, { cell, opinion, state }: ShownCell): string {
  if (state === "end_fill") return "";
  if (cell.status !== "masked") return tokenLabel(view, cell.token);
  return opinion ? tokenLabel(view, opinion.token) : "";
}

/** A sentence about a cell, for screen readers and titles. */
export function describeCell(view: RunView, shown: ShownCell): string {
  const { cell, state, opinion, cacheAge } = shown;
  const label = tokenLabel(view, opinion?.token ?? cell.token);
  const words = [`Position ${cell.position}`];
  if (cell.status === "masked")
    words.push(
      state === "remasked" ? "masked again" : "masked",
      ...(opinion ? [`would be ${quoted(label)} at probability ${probability(opinion.confidence)}`] : []),
    );
  else words.push(quoted(label), STATE_NAME[state]);
  if (cell.logprob !== null && state !== "end_fill")
    words.push(`probability ${probability(Math.exp(cell.logprob))}`);
  if (cacheAge !== null)
    words.push(cacheAge === 0 ? "computed in this step" : `cached for ${plural(cacheAge, "step")}`);
  return words.join(", ");
}
