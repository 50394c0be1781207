/** The cache strip under the stage. */
import { useRef } from "react";
import { useMoment } from "../moment";
import { slotsView } from "../views/slots";
import { SlotsKey, type Fate } from "./SlotsKey";
import { useSize } from "./use_size";

const FATES: readonly Fate[] = [
  {
    id: "prefix",
    name: "earlier text",
    help: "Keys and values of the text before this round; the number counts them.",
  },
  { id: "kept", name: "kept", help: "Drafts on the accepted path that stood in their place already." },
  {
    id: "moved",
    name: "moved here",
    help: "Keys and values of accepted drafts, copied so that those of the text stand side by side.",
  },
  { id: "dropped", name: "dropped", help: "Slots of drafts that were not accepted: free for the next tree." },
];

export function SlotStrip() {
  const moment = useMoment();
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const { Drawing } = slotsView;
  const height = size ? (slotsView.heightAt?.(moment.view, moment.step, size.width) ?? 40) : 40;
  return (
    <section className="slots" aria-label="Cache slots">
      <h2 className="section-name">Cache slots</h2>
      <SlotsKey fates={FATES} />
      <div ref={frame} style={{ height }}>
        {size && <Drawing view={moment.view} step={moment.step} size={{ width: size.width, height }} />}
      </div>
    </section>
  );
}
