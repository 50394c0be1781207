/** A canvas in the size of a stamp: what one step left of it, one path for each state so that hundreds stay cheap. */
import { memo } from "react";
import type { CanvasCell } from "../../../trace/canvas_view";
import type { RoundView } from "../../../trace/view";

type StampState = "given" | "masked" | "before" | "now" | "back" | "end";

const PAINT: Readonly<Record<StampState, { fill: string; opacity: number; scale: number }>> = {
  given: { fill: "var(--rule-strong)", opacity: 0.8, scale: 1 },
  masked: { fill: "var(--idle)", opacity: 0.9, scale: 0.28 },
  before: { fill: "var(--target)", opacity: 0.75, scale: 0.92 },
  now: { fill: "var(--accepted)", opacity: 1, scale: 1 },
  back: { fill: "var(--rejected)", opacity: 1, scale: 0.6 },
  end: { fill: "var(--idle)", opacity: 0.5, scale: 0.5 },
};

function stateOf(cell: CanvasCell, step: number, back: ReadonlySet<number>): StampState {
  if (cell.status === "fixed") return "given";
  if (cell.status === "masked") return back.has(cell.position) ? "back" : "masked";
  if (cell.reason === "end_fill") return "end";
  return cell.step === step ? "now" : "before";
}

interface StampProps {
  readonly round: RoundView;
  readonly width: number;
  readonly height: number;
}

/** Content of a stamp, to be put into an svg: positions in rows, in order of the text. */
export const CanvasStamp = memo(function CanvasStamp({ round, width, height }: StampProps) {
  const { cells, remasked } = round.canvas ?? { cells: [], remasked: [] };
  const columns = Math.max(1, Math.ceil(Math.sqrt((cells.length * width) / height)));
  const pitch = Math.min(width / columns, height / Math.max(1, Math.ceil(cells.length / columns)));
  const back = new Set(remasked.flatMap((e) => e.positions));
  const paths = new Map<StampState, string>();
  for (const cell of cells) {
    const state = stateOf(cell, round.step, back);
    const side = (pitch - (pitch > 4 ? 1 : 0.4)) * PAINT[state].scale;
    const x = ((cell.position % columns) + 0.5) * pitch - side / 2;
    const y = (Math.floor(cell.position / columns) + 0.5) * pitch - side / 2;
    const d = `M${x.toFixed(1)},${y.toFixed(1)}h${side.toFixed(1)}v${side.toFixed(1)}h${(-side).toFixed(1)}Z`;
    paths.set(state, (paths.get(state) ?? "") + d);
  }
  return (
    <>
      {[...paths].map(([state, d]) => (
        <path key={state} d={d} fill={PAINT[state].fill} opacity={PAINT[state].opacity} />
      ))}
    </>
  );
});
