/** The cache strip: what one round did to the slots of each model. */
import type { SlotsEvent } from "../../trace/events";
import { roundOf, type RoundView } from "../../trace/view";
import { plural } from "../format";
import type { DrawingProps, ViewDefinition } from "./view";

const ROW = 40;
const CELL_HEIGHT = 14;
const LABEL = 64;
const LARGEST_CELL = 15;

/** What became of a slot that the round wrote. */
export type SlotFate = "kept" | "moved_into" | "dropped";

const FATES: readonly SlotFate[] = ["dropped", "kept", "moved_into"];
/** Cells narrower than this have no room for an outline: all of one fate are drawn together, which also keeps hundreds cheap. */
const TOGETHER = 5;

/** Fate of each written slot, by place after `base`. */
export function slotFates(s: SlotsEvent): readonly SlotFate[] {
  const destinations = new Set(s.moves.map(([, to]) => to - s.base));
  return Array.from({ length: s.written }, (_, i) =>
    i >= s.kept ? "dropped" : destinations.has(i) ? "moved_into" : "kept",
  );
}

export function describeSlots(s: SlotsEvent): string {
  const moved = s.moves.length;
  return `${s.written} written, ${Math.min(s.kept, s.written)} kept, ${moved} moved, ${Math.max(0, s.written - s.kept)} dropped`;
}

function Row({
  slots,
  width,
  name,
}: {
  readonly slots: SlotsEvent;
  readonly width: number;
  readonly name: string;
}) {
  const fates = slotFates(slots);
  const prefix = Math.min(90, Math.max(34, width * 0.12));
  const room = width - LABEL - prefix - 8;
  const cell = Math.min(LARGEST_CELL, room / Math.max(1, slots.written));
  const gap = cell > 6 ? 2 : 0.6;
  const start = LABEL + prefix + 6;
  const middle = (slot: number): number => start + (slot - slots.base) * cell + (cell - gap) / 2;
  return (
    <g
      role="img"
      aria-label={`${name} cache: ${plural(slots.base, "earlier slot")}, ${describeSlots(slots)}`}
    >
      <text y={CELL_HEIGHT / 2 + 16} fontSize={11.5} fill="var(--ink-soft)">
        {name}
      </text>
      <g transform="translate(0,12)">
        <rect
          x={LABEL}
          width={prefix}
          height={CELL_HEIGHT}
          rx={1.5}
          fill="var(--wash)"
          stroke="var(--rule-strong)"
        />
        <text
          x={LABEL + prefix / 2}
          y={CELL_HEIGHT - 3.5}
          textAnchor="middle"
          fontSize={10}
          fill="var(--ink-soft)"
          className="figures"
        >
          {slots.base}
        </text>
        {cell < TOGETHER &&
          FATES.map((fate) => (
            <path
              key={fate}
              d={fates
                .map((other, i) =>
                  other === fate
                    ? `M${(start + i * cell).toFixed(1)},0.5h${Math.max(0.6, cell - gap).toFixed(1)}v${CELL_HEIGHT - 1}h${(-Math.max(0.6, cell - gap)).toFixed(1)}Z`
                    : "",
                )
                .join("")}
              fill={fate === "dropped" ? "var(--idle)" : fate === "kept" ? "var(--accepted)" : "var(--bonus)"}
              opacity={fate === "dropped" ? 0.4 : 1}
            />
          ))}
        {(cell < TOGETHER ? [] : fates).map((fate, i) => (
          <rect
            key={i}
            x={start + i * cell + 0.5}
            y={0.5}
            width={Math.max(1, cell - gap - 1)}
            height={CELL_HEIGHT - 1}
            rx={1.5}
            fill={fate === "dropped" ? "none" : fate === "kept" ? "var(--accepted)" : "var(--bonus)"}
            stroke={fate === "dropped" ? "var(--idle)" : fate === "kept" ? "var(--accepted)" : "var(--bonus)"}
            strokeWidth={1}
            strokeDasharray={fate === "dropped" ? "2 1.6" : undefined}
          />
        ))}
        {slots.moves.map(([from, to]) => {
          const a = middle(from);
          const b = middle(to);
          const lift = Math.min(10, 4 + Math.abs(a - b) * 0.12);
          return (
            <path
              key={`${from}-${to}`}
              d={`M${a.toFixed(1)},-0.5C${a.toFixed(1)},${-lift} ${b.toFixed(1)},${-lift} ${b.toFixed(1)},-1.5`}
              fill="none"
              stroke="var(--bonus)"
              strokeWidth={1.2}
              markerEnd="url(#slot-arrow)"
            />
          );
        })}
      </g>
    </g>
  );
}

function emptyReason(round: RoundView | undefined): string {
  if (!round) return "Only the prompt has been written to the cache.";
  return round.phase === "committed"
    ? "This step wrote nothing to the cache."
    : "What becomes of the slots is known when the step ends.";
}

function SlotsDrawing({ view, step, size }: DrawingProps) {
  const round = step < 0 ? undefined : roundOf(view, step);
  const rows = [
    { name: "Target", slots: round?.slots.target },
    { name: "Draft", slots: round?.slots.draft },
  ].flatMap(({ name, slots }) => (slots ? [{ name, slots }] : []));
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={step < 0 ? "Cache slots" : `Cache slots in step ${step + 1}`}
      fontFamily="var(--sans)"
    >
      <defs>
        <marker id="slot-arrow" viewBox="0 0 6 6" refX={3} refY={5} markerWidth={5} markerHeight={5}>
          <path d="M0,0L6,0L3,6Z" fill="var(--bonus)" />
        </marker>
      </defs>
      {rows.map(({ name, slots }, i) => (
        <g key={name} transform={`translate(0,${i * ROW})`}>
          <Row slots={slots} name={name} width={size.width} />
        </g>
      ))}
      {rows.length === 0 && (
        <text y={22} fontSize={12} fill="var(--ink-soft)">
          {emptyReason(round)}
        </text>
      )}
    </svg>
  );
}

export const slotsView: ViewDefinition = {
  id: "state",
  label: "Cache slots",
  help: "Blue: kept where it was written. Purple with an arrow: moved so that the accepted path is contiguous. Dashed: dropped. The grey bar is the text before the step.",
  isZoomable: false,
  isFor: ["text"],
  Drawing: SlotsDrawing,
  // The same in every step, so that nothing jumps while a run plays.
  heightAt: (view) => ROW * (view.start?.draft ? 2 : 1),
};
