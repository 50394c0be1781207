/** The cache strip under the stage of runs that fill a canvas. */
import { useRef } from "react";
import { useMoment } from "../moment";
import { canvasStripView } from "../views/canvas/strip";
import { useSize } from "./use_size";

export function CanvasStrip() {
  const moment = useMoment();
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const { Drawing } = canvasStripView;
  const height = canvasStripView.heightAt?.(moment.view, moment.step, 0) ?? 44;
  return (
    <section className="slots" aria-label="Cache of the canvas">
      <h2 className="section-name">Cache</h2>
      <ul className="slots-key" aria-hidden="true">
        <li data-fate="computed">computed in this step</li>
        <li data-fate="stored">kept from an earlier one</li>
        <li data-fate="block">block at work</li>
      </ul>
      <div ref={frame} style={{ height }}>
        {size && <Drawing view={moment.view} step={moment.step} size={{ width: size.width, height }} />}
      </div>
    </section>
  );
}
