/** The cache strip under the stage. */
import { useRef } from "react";
import { useMoment } from "../moment";
import { slotsView } from "../views/slots";
import { useSize } from "./use_size";

export function SlotStrip() {
  const moment = useMoment();
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const { Drawing } = slotsView;
  const height = size ? (slotsView.heightAt?.(moment.view, moment.step, size.width) ?? 40) : 40;
  return (
    <section className="slots" aria-label="Cache slots">
      <h2 className="section-name">Cache slots</h2>
      <ul className="slots-key" aria-hidden="true">
        <li data-fate="prefix">earlier text</li>
        <li data-fate="kept">kept</li>
        <li data-fate="moved">moved here</li>
        <li data-fate="dropped">dropped</li>
      </ul>
      <div ref={frame} style={{ height }}>
        {size && <Drawing view={moment.view} step={moment.step} size={{ width: size.width, height }} />}
      </div>
    </section>
  );
}
