/** The cache strip of a canvas: which rows the pass computed, how old the others are, and the block at work. */
import { max } from "d3-array";
import { plural } from "../../format";
import type { DrawingProps, ViewDefinition } from "../view";
import { canvasRound, type ShownCell, shownCells } from "./cells";
import { freshness } from "./cache_bar";

const HEIGHT = 44;
const BAR = { y: 13, height: 14 };
const LARGEST = 15;

/** Runs of neighbours with the same age. */
function stretches(cells: readonly ShownCell[]): { start: number; end: number; age: number | null }[] {
  const found: { start: number; end: number; age: number | null }[] = [];
  for (const { cell, cacheAge } of cells) {
    const last = found.at(-1);
    if (last && last.age === cacheAge) last.end++;
    else found.push({ start: cell.position, end: cell.position + 1, age: cacheAge });
  }
  return found;
}

/** Below this width in px words are few. */
const NARROW = 480;

/** What the strip says in words, in fewer where it is narrow. */
function describe(cells: readonly ShownCell[], isReused: boolean, isNarrow: boolean): string {
  if (isReused && isNarrow) return "No pass was needed.";
  if (isReused) return "No pass was needed: nothing has changed since the last one.";
  const fresh = cells.filter((c) => c.cacheAge === 0).length;
  const oldest = max(cells, (c) => c.cacheAge) ?? 0;
  return fresh === cells.length
    ? `All ${plural(fresh, "row")} computed in this step.`
    : isNarrow
      ? `${fresh} of ${plural(cells.length, "row")} computed; others up to ${plural(oldest, "step")} old.`
      : `${fresh} of ${plural(cells.length, "row")} computed in this step; the oldest of the others is ${plural(oldest, "step")} old.`;
}

function StripDrawing({ view, step, size }: DrawingProps) {
  const cells = shownCells(view, step);
  const round = canvasRound(view, step);
  const oldest = max(cells, (c) => c.cacheAge) ?? 0;
  const cell = Math.min(LARGEST, size.width / Math.max(1, cells.length));
  const gap = cell > 5 ? 1.5 : 0;
  const [start, end] = round?.denoise?.block ?? [0, 0];
  const words = round?.denoise
    ? describe(cells, round.denoise.reused, size.width < NARROW)
    : "No row has been computed yet.";
  const f = (v: number): string => v.toFixed(1);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="img"
      aria-label={`Cache of the canvas${step < 0 ? "" : ` in step ${step + 1}`}: ${words}`}
      fontFamily="var(--sans)"
    >
      {end > start && (
        <path
          d={`M${f(start * cell + 0.6)},${BAR.y - 3}V${BAR.y - 8}H${f(end * cell - gap - 0.6)}V${BAR.y - 3}`}
          fill="none"
          stroke="var(--ink)"
          strokeWidth={1.2}
        />
      )}
      {stretches(cells).map(({ start: from, end: to, age }) => {
        const share = age === null ? 0 : freshness(age, oldest);
        return Array.from({ length: gap > 0 ? to - from : 1 }, (_, i) => {
          const width = gap > 0 ? cell - gap : (to - from) * cell;
          // Old rows are lower as well as paler.
          const height = Math.max(2.5, BAR.height * (age === 0 ? 1 : share * 0.8));
          return (
            <rect
              key={`${from + i}`}
              x={Number(f((from + i) * cell))}
              y={Number(f(BAR.y + BAR.height - height))}
              width={Number(f(width))}
              height={Number(f(height))}
              fill={age === null ? "none" : age === 0 ? "var(--target)" : "var(--idle)"}
              stroke={age === null ? "var(--rule-strong)" : "none"}
              opacity={age === null || age === 0 ? 1 : Number((0.35 + 0.5 * share).toFixed(2))}
            />
          );
        });
      })}
      <path
        d={`M0,${BAR.y + BAR.height + 0.5}H${f(cells.length * cell - gap)}`}
        stroke="var(--rule-strong)"
        strokeWidth={1}
      />
      <text y={HEIGHT - 3} fontSize={11} fill="var(--ink-soft)">
        {words}
      </text>
    </svg>
  );
}

export const canvasStripView: ViewDefinition = {
  id: "canvas_cache",
  label: "Cache of the canvas",
  help: "One bar a position. Full and dark: computed in this step. Lower and paler: its keys and values were kept from an earlier one. The bracket is the block at work: only there may masks be filled.",
  isZoomable: false,
  isFor: ["canvas"],
  Drawing: StripDrawing,
  heightAt: () => HEIGHT,
};
