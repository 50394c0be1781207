/** All steps at once: one stamp a round, with what it committed. */
import { tokensOfRound } from "../../trace/view";
import { describeRound, roundsUpTo, Stamp, textOfRound } from "./thumbnail";
import { fitText } from "./text_width";
import { STEPS_HEAD } from "./heads";
import type { DrawingProps, ViewDefinition } from "./view";

const CELL = { width: 150, height: 116, stamp: 70 };
const EDGE = 24;

const columnsAt = (width: number): number => Math.max(2, Math.floor((width - 2 * EDGE) / CELL.width));

function StepsDrawing({ view, step, size, onPin }: DrawingProps) {
  const rounds = roundsUpTo(view, step);
  const columns = columnsAt(size.width);
  const cellWidth = (size.width - 2 * EDGE) / columns;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={`All steps up to ${step + 1}`}
      fontFamily="var(--sans)"
    >
      {rounds.map((round, i) => {
        const x = EDGE + (i % columns) * cellWidth;
        const y = 14 + Math.floor(i / columns) * CELL.height;
        const inner = cellWidth - 26;
        return (
          <g
            key={round.step}
            className="stamp"
            transform={`translate(${x.toFixed(1)},${y})`}
            role={onPin ? "button" : "img"}
            aria-label={describeRound(round)}
            {...(onPin && { tabIndex: 0, onClick: () => onPin({ kind: "node", step: round.step, node: 0 }) })}
          >
            <rect
              className="tree-hit"
              x={-8}
              y={-6}
              width={cellWidth - 10}
              height={CELL.height - 10}
              rx={6}
              fill="transparent"
            />
            <text y={10} fontSize={10.5} fill="var(--ink-soft)" className="figures">
              {round.step + 1}
            </text>
            <text
              x={inner}
              y={10}
              fontSize={10.5}
              fill="var(--ink-soft)"
              textAnchor="end"
              className="figures"
            >
              {`+${tokensOfRound(round)}`}
            </text>
            <g transform="translate(0,16)">
              <Stamp round={round} width={inner} height={CELL.stamp} />
            </g>
            <text y={CELL.stamp + 30} fontSize={12} fill="var(--ink)">
              {fitText(textOfRound(round).trim(), inner, 12)}
            </text>
          </g>
        );
      })}
      {rounds.length === 0 && (
        <text x={EDGE} y={30} fontSize={13} fill="var(--ink-soft)">
          The prompt alone: no step yet.
        </text>
      )}
    </svg>
  );
}

export const stepsView: ViewDefinition = {
  ...STEPS_HEAD,
  Drawing: StepsDrawing,
  inSight: (_view, step, width) => {
    const row = Math.floor(Math.max(0, step) / columnsAt(width));
    return { top: row * CELL.height, bottom: 14 + (row + 1) * CELL.height };
  },
  heightAt: (_view, step, width) => 28 + Math.max(1, Math.ceil((step + 1) / columnsAt(width))) * CELL.height,
};
