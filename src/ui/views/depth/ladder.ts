/** The readout ladder of a position: what was measured and what would be said after each of its recurrences. */
import type { RunView } from "../../../trace/view";
import { plural } from "../../format";
import { tokenLabel } from "../token_label";
import { depthLines, endOf, tokenAt } from "./lines";
import { CHANGE_BY_STEP, decidingSignal, signals, thresholdOf, type SignalScale } from "./signals";

export interface Rung {
  /** Recurrences that the latent has had. */
  readonly recurrences: number;
  /** Of the signal; null where it was not measured. */
  readonly value: number | null;
  readonly said: string | null;
  /** Probability of that token, where it is known. */
  readonly p: number | null;
  /** Whether it is the token that was committed behind the position. */
  readonly isFinal: boolean;
}
export interface Ladder {
  readonly label: string;
  /** How many recurrences there were, and why no more. */
  readonly end: string;
  readonly rungs: readonly Rung[];
  /** Recurrences that there could have been. */
  readonly most: number;
  readonly scale: SignalScale;
  /** Where the signal lets a token stop. */
  readonly threshold: number | null;
}

/** The ladder of a position of a wave: a rung a step. */
function waveLadder(view: RunView, step: number, position: number): Ladder | null {
  const next = tokenAt(view, position + 1);
  const rungs = view.rounds.toArray().flatMap((round): Rung[] => {
    const wave = round.step <= step ? round.recursion?.wave : null;
    const i = wave ? position - wave.anchor : -1;
    if (!wave || i < 0 || i >= wave.width) return [];
    const said = wave.tokens[i]!;
    return [
      {
        recurrences: wave.recurrences[i]!,
        value: wave.relChange[i]!,
        said: tokenLabel(view, said),
        p: null,
        isFinal: said === next,
      },
    ];
  });
  if (rungs.length === 0) return null;
  const token = tokenAt(view, position);
  return {
    label: token === null ? "" : tokenLabel(view, token),
    end: view.depths.get(position)
      ? `frozen after ${plural(rungs.at(-1)!.recurrences, "recurrence")}`
      : "still in the wave",
    rungs,
    most: rungs.at(-1)!.recurrences,
    scale: { ...signals.change, title: CHANGE_BY_STEP },
    threshold: thresholdOf(view, "change"),
  };
}

/** The ladder of a position in the steps up to one; null if it has not run. */
export function ladderOf(view: RunView, step: number, position: number): Ladder | null {
  const wave = waveLadder(view, step, position);
  if (wave) return wave;
  const line = depthLines(view, step).find((l) => l.position === position);
  if (!line) return null;
  const signal = decidingSignal(view);
  return {
    label: line.label,
    end: endOf(line),
    rungs: line.cells.map((cell, i) => {
      const [best] = cell.top;
      return {
        recurrences: i + 1,
        value: cell[signal],
        said: cell.said === null ? null : tokenLabel(view, cell.said),
        p: best && best[0] === cell.said ? Math.exp(best[1]) : null,
        isFinal: cell.said !== null && cell.said === line.next,
      };
    }),
    most: line.maxDepth,
    scale: signals[signal],
    threshold: thresholdOf(view, signal),
  };
}
