/** The cache strip under the stage of runs that fill a canvas. */
import { useRef } from "react";
import { useMoment } from "../moment";
import { canvasStripView } from "../views/canvas/strip";
import { SlotsKey, type Fate } from "./SlotsKey";
import { useSize } from "./use_size";
import "../styles/canvas.css";

const FATES: readonly Fate[] = [
  {
    id: "computed",
    name: "computed in this step",
    help: "Positions that went through the layers in the shown step: their keys and values are new.",
  },
  {
    id: "stored",
    name: "kept from an earlier one",
    help: "Positions whose keys and values an earlier step left; the older, the lower and paler.",
  },
  { id: "block", name: "block at work", help: "Positions that the method may commit now." },
];

export function CanvasStrip() {
  const moment = useMoment();
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const { Drawing } = canvasStripView;
  const height = canvasStripView.heightAt?.(moment.view, moment.step, 0) ?? 44;
  return (
    <section className="slots" aria-label="Cache of the canvas">
      <h2 className="section-name">Cache</h2>
      <SlotsKey fates={FATES} />
      <div ref={frame} style={{ height }}>
        {size && <Drawing view={moment.view} step={moment.step} size={{ width: size.width, height }} />}
      </div>
    </section>
  );
}
