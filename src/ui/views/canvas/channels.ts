/** What the map of steps and positions can show: a number for a position in a step, its unit and its range. */
import { max } from "d3-array";
import type { ScoresEvent } from "../../../trace/canvas_events";
import type { CanvasRound } from "../../../trace/canvas_view";
import { indexOf } from "./cells";

export interface Channel {
  readonly id: string;
  readonly label: string;
  /** What the numbers are, with their unit, for the legend. */
  readonly unit: string;
  /** Largest number that is always on the scale; null if that depends on the run. */
  readonly most: number | null;
  /** How a number of the scale is written. */
  readonly format: (value: number) => string;
  /** Null where the step says nothing of the position. */
  readonly value: (round: CanvasRound, step: number, position: number) => number | null;
}

const places =
  (n: number) =>
  (value: number): string =>
    value.toFixed(n);

/** Numbers that scores have for the positions they speak of. */
const scored =
  (of: (scores: ScoresEvent, i: number) => number) =>
  ({ scores }: CanvasRound, _step: number, position: number): number | null => {
    const i = scores ? indexOf(scores.positions, position) : -1;
    return scores && i >= 0 ? of(scores, i) : null;
  };

export const CHANNELS: readonly Channel[] = [
  {
    id: "confidence",
    label: "Confidence",
    unit: "probability of the proposed token",
    most: 1,
    format: places(2),
    value: scored((s, i) => Math.exp(s.logprobs[i]!)),
  },
  {
    id: "gap",
    label: "Gap",
    unit: "difference of the two largest logits",
    most: null,
    format: places(1),
    value: scored((s, i) => s.gaps[i]!),
  },
  {
    id: "margin",
    label: "Margin",
    unit: "difference of the two largest probabilities",
    most: 1,
    format: places(2),
    value: scored((s, i) => s.margins[i]!),
  },
  {
    id: "entropy",
    label: "Entropy",
    unit: "entropy of the law, nats",
    most: null,
    format: places(1),
    value: scored((s, i) => Math.max(0, s.entropies[i]!)),
  },
  {
    id: "cache_age",
    label: "Cache age",
    unit: "steps since the row was computed",
    most: null,
    format: places(0),
    value: ({ cells }, step, position) => {
      const at = cells[position]?.computedAt ?? null;
      return at === null ? null : step - at;
    },
  },
  {
    id: "order",
    label: "Commit order",
    unit: "step of the commit",
    most: null,
    format: places(0),
    value: ({ cells }, _step, position) => {
      const cell = cells[position];
      return cell?.status === "committed" && cell.step !== null ? cell.step + 1 : null;
    },
  },
];

export const channelOf = (id: string | undefined): Channel =>
  CHANNELS.find((c) => c.id === id) ?? CHANNELS[0]!;

/** Upper end of a channel's scale for these rounds; above 0. */
export function scaleEnd(
  channel: Channel,
  rounds: readonly { readonly step: number; readonly canvas: CanvasRound }[],
): number {
  if (channel.most !== null) return channel.most;
  const most = max(rounds, ({ step, canvas }) =>
    max(canvas.cells, ({ position }) => channel.value(canvas, step, position)),
  );
  return Math.max(1, Math.ceil(most ?? 1));
}
