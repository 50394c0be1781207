/** What the inspector says about a position of a canvas, as plain data: no React, no colours. */
import type { UnmaskReason } from "../trace/canvas_events";
import type { CanvasCell } from "../trace/canvas_view";
import { pieceOf, roundOf, type RunView } from "../trace/view";
import { canvasRounds, indexOf, type Opinion, opinionIn } from "./views/canvas/cells";

/** A token of the list of a position. */
export interface TopRow {
  readonly token: number;
  readonly text: string;
  /** Its probability. */
  readonly p: number;
  /** What stands there, or is proposed. */
  readonly isChosen: boolean;
}

/** What the model found most likely at one step. */
export interface Past {
  readonly step: number;
  readonly token: number;
  readonly text: string;
  /** Probability of that token. */
  readonly p: number;
}

/** Steps in a row in which the same token was the most likely one. */
export interface Favourite {
  readonly from: number;
  readonly to: number;
  readonly token: number;
  readonly text: string;
  readonly least: number;
  readonly most: number;
}

export interface JudgedPosition {
  readonly token: number;
  readonly text: string;
  readonly p: number;
  /** How many tokens the second model finds more probable. */
  readonly rank: number;
  readonly isKept: boolean;
}

export interface InspectedPosition {
  readonly position: number;
  readonly step: number;
  readonly cell: CanvasCell;
  readonly isPrompt: boolean;
  /** Text of what stands there, or would; null if nothing is known. */
  readonly text: string | null;
  /** The newest opinion up to the step; null where the trace has none. */
  readonly opinion: Opinion | null;
  readonly rows: readonly TopRow[];
  readonly past: readonly Past[];
  readonly favourites: readonly Favourite[];
  /** Its commit, if it stands committed in this step. */
  readonly commit: { readonly step: number; readonly reason: UnmaskReason; readonly p: number } | null;
  /** What a second model said of it in this step. */
  readonly judged: JudgedPosition | null;
  /** Steps since its keys and values were computed; null if never. */
  readonly cacheAge: number | null;
}

/** Runs of the same token among what was thought of a position. */
export function favouritesOf(past: readonly Past[]): readonly Favourite[] {
  const runs: Favourite[] = [];
  for (const { step, token, text, p } of past) {
    const last = runs.at(-1);
    if (last?.token === token)
      runs[runs.length - 1] = {
        ...last,
        to: step,
        least: Math.min(last.least, p),
        most: Math.max(last.most, p),
      };
    else runs.push({ from: step, to: step, token, text, least: p, most: p });
  }
  return runs;
}

/**
 * What there is to say of a position at a step of `view`, which may go on beyond it. Null if the run has no such
 * position or no such step.
 */
export function inspectPosition(view: RunView, step: number, position: number): InspectedPosition | null {
  const { canvas } = view;
  const round = step < 0 ? null : (roundOf(view, step)?.canvas ?? null);
  const cell = (step < 0 ? canvas?.opened : round?.cells)?.[position];
  if (!canvas || !cell) return null;
  const rounds = canvasRounds(view, step);
  const opinions = rounds.flatMap(({ canvas: c }) => opinionIn(c.scores, position) ?? []);
  const opinion = opinions.at(-1) ?? null;
  const past = opinions.map((o): Past => {
    const [token, logprob] = o.top[0] ?? [o.token, Math.log(o.confidence)];
    return { step: o.step, token, text: pieceOf(view, token), p: Math.exp(logprob) };
  });
  const stands = cell.status === "masked" ? (opinion?.token ?? null) : cell.token;
  const { judge } = round ?? { judge: null };
  const judged = judge ? indexOf(judge.positions, position) : -1;
  return {
    position,
    step,
    cell,
    isPrompt: cell.status === "fixed" && position < canvas.first,
    text: stands === null ? null : pieceOf(view, stands),
    opinion,
    rows:
      opinion?.top.map(([token, logprob]) => ({
        token,
        text: pieceOf(view, token),
        p: Math.exp(logprob),
        isChosen: token === stands,
      })) ?? [],
    past,
    favourites: favouritesOf(past),
    commit:
      cell.status === "committed"
        ? { step: cell.step!, reason: cell.reason!, p: Math.exp(cell.logprob!) }
        : null,
    judged:
      judge && judged >= 0
        ? {
            token: judge.tokens[judged]!,
            text: pieceOf(view, judge.tokens[judged]!),
            p: Math.exp(judge.logprobs[judged]!),
            rank: judge.ranks[judged]!,
            isKept: judged < judge.accepted,
          }
        : null,
    cacheAge: cell.computedAt === null || step < 0 ? null : step - cell.computedAt,
  };
}
