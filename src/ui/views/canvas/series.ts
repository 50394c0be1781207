/** Numbers of each step of a run that fills a canvas: what the curves draw and the metrics add up. */
import { mean, sum } from "d3-array";
import { roundOf, type RunView } from "../../../trace/view";
import { canvasRounds } from "./cells";

export interface StepNumbers {
  readonly step: number;
  /** Mean probability of the proposals at masked positions that were looked at; null where none was. */
  readonly confidence: number | null;
  /** Mean gap of the two largest logits there. */
  readonly gap: number | null;
  /** The gap and the bar that an early stop decides by; null without one. */
  readonly stop: { readonly gap: number; readonly bar: number } | null;
  /** Other numbers that the method decided by, by the name of their probe. */
  readonly probes: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Sum of the log-probabilities of what is committed, each as the model gave it when it was committed. */
  readonly score: number;
  readonly committed: number;
  /** Committed and not masked again, up to this step. */
  readonly total: number;
  /** Rows that went through the layers. */
  readonly rows: number;
}

/** Which gap an early stop looks at, by the settings of the run: the mean of the masked positions, or the smallest. */
export const gapName = ({ start }: RunView): "mean" | "smallest" =>
  [start?.params["aggregate"], start?.params["early"]].includes("min") ? "smallest" : "mean";

/** One entry a step, in order. */
export function stepNumbers(view: RunView): readonly StepNumbers[] {
  return canvasRounds(view, view.rounds.length - 1).map(({ step, canvas }): StepNumbers => {
    const { scores, probes } = canvas;
    const stop = probes.map((p) => p.values).find((v) => "gap" in v && "bar" in v);
    const others = probes.filter((p) => p.values !== stop).map((p) => [p.name, p.values] as const);
    const chosen = canvas.cells.filter((c) => c.status === "committed" && c.reason !== "end_fill");
    return {
      step,
      confidence: mean(scores?.logprobs.map(Math.exp) ?? []) ?? null,
      gap: mean(scores?.gaps ?? []) ?? null,
      stop: stop ? { gap: stop.gap!, bar: stop.bar! } : null,
      probes: new Map(others),
      score: sum(chosen, (c) => c.logprob ?? 0),
      committed: canvas.unmasked.reduce((n, e) => n + e.positions.length, 0),
      total: canvas.cells.filter((cell) => cell.status === "committed").length,
      rows: roundOf(view, step)?.cost?.targetRows ?? 0,
    };
  });
}

export interface CanvasTotals {
  readonly positions: number;
  readonly layers: number;
  /** Forward passes of the masked model. */
  readonly forwards: number;
  /** Rows times layers. */
  readonly rowLayers: number;
  /** The same if every pass had computed every row. */
  readonly uncachedRowLayers: number;
  /** Steps the method planned; null where that depends on the model. */
  readonly planned: number | null;
  readonly steps: number;
  /** Committed tokens that the model chose, filling behind the end of the text left out. */
  readonly chosen: number;
  /** Mean probability of those when they were committed; null while there is none. */
  readonly confidence: number | null;
}

/** What a run came to so far; null without a canvas. */
export function canvasTotals(view: RunView): CanvasTotals | null {
  const { canvas, metrics } = view;
  if (!canvas) return null;
  const { layers, planned } = canvas.start;
  const positions = canvas.cells.length;
  const chosen = canvas.cells.filter((c) => c.status === "committed" && c.reason !== "end_fill");
  return {
    positions,
    layers,
    forwards: metrics.targetForwards,
    rowLayers: metrics.targetRows * layers,
    uncachedRowLayers: metrics.targetForwards * positions * layers,
    planned,
    steps: view.rounds.length,
    chosen: chosen.length,
    confidence: mean(chosen, (c) => Math.exp(c.logprob ?? 0)) ?? null,
  };
}
