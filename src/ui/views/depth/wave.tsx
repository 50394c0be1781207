/** The wave of a diffusion-forcing run: steps downwards, positions to the right, and plain decoding's stairs beside it. */
import type { RunView } from "../../../trace/view";
import { GROUND } from "../ground";
import { fitText } from "../text_width";
import { tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { WAVE_HEAD } from "./head";
import { pressable } from "./press";
import { inkOf, signals } from "./signals";
import { plainDepth, topOf, WaveKey } from "./wave_key";
import { EDGE, hatch, LEFT, LINE, plotOf, type Plot, READABLE, waveRows, type WaveRow } from "./wave_plot";

const BOTTOM = 20;

export function describeWave(view: RunView, { wave, step }: WaveRow): string {
  const frozen = wave.frozenTo - wave.draftFrom;
  const drafts = wave.tokens.map((token) => tokenLabel(view, token)).join(" ");
  return `Step ${step + 1}: ${wave.width} positions, ${frozen} frozen; ${drafts}`;
}

function Row({
  view,
  row,
  before,
  plot,
}: {
  view: RunView;
  row: WaveRow;
  before: WaveRow | undefined;
  plot: Plot;
}) {
  const { wave } = row;
  const { first, dx } = plot;
  return (
    <>
      {wave.tokens.map((token, i) => {
        const position = wave.draftFrom + i;
        if (position < first || position >= first + plot.columns) return null;
        const x = LEFT + (position - first) * dx;
        const isFrozen = position < wave.frozenTo;
        const old = before?.wave.tokens[position - before.wave.draftFrom];
        // The latent of the position itself; the last draft has none yet.
        const change = i + 1 < wave.width ? wave.relChange[i + 1] : undefined;
        const label = fitText(tokenLabel(view, token), dx - 4, 10);
        const isChanged = old !== undefined && old !== token;
        return (
          <g key={position} transform={`translate(${x.toFixed(1)},0)`}>
            <rect
              x={0.5}
              y={1}
              width={Math.max(1, dx - 1).toFixed(1)}
              height={LINE - 2}
              fill={
                isFrozen ? "var(--accepted)" : change === null || change === undefined ? "none" : "var(--ink)"
              }
              opacity={isFrozen ? 0.16 : change ? inkOf(signals.change, change) : 1}
              {...(!isFrozen &&
                (change === null || change === undefined) && { stroke: "var(--rule-strong)" })}
            />
            {isChanged && (
              <path d={hatch(dx - 1, LINE - 2)} stroke="var(--ink)" strokeWidth={0.8} opacity={0.55} />
            )}
            {dx >= READABLE && (
              <text
                x={3}
                y={LINE / 2 + 4}
                fontSize={10.5}
                fill={isFrozen ? "var(--accepted)" : "var(--ink)"}
                fontWeight={isFrozen ? 620 : 400}
                {...(isChanged && GROUND)}
              >
                {label}
              </text>
            )}
          </g>
        );
      })}
      <text x={LEFT - 8} y={LINE / 2 + 4} textAnchor="end" fontSize={10.5} fill="var(--ink-soft)">
        {row.step + 1}
      </text>
    </>
  );
}

/** Rows of the core and tokens frozen in a step. */
function Bars({ row, plot }: { readonly row: WaveRow; readonly plot: Plot }) {
  const { right, bar, mostRows } = plot;
  const frozen = row.wave.frozenTo - row.wave.draftFrom;
  const second = right + bar + 26;
  return (
    <g fontSize={10.5} fill="var(--ink-soft)">
      <rect
        x={right.toFixed(1)}
        y={LINE / 2 - 3}
        width={((bar * row.coreRows) / mostRows).toFixed(1)}
        height={6}
        fill="var(--ink-soft)"
        opacity={0.7}
      />
      <text x={(right + bar + 4).toFixed(1)} y={LINE / 2 + 4}>
        {row.coreRows}
      </text>
      {Array.from({ length: Math.min(frozen, 4) }, (_, i) => (
        <rect
          key={i}
          x={(second + i * 8).toFixed(1)}
          y={LINE / 2 - 3}
          width={6}
          height={6}
          fill="var(--accepted)"
        />
      ))}
      {frozen > 4 && (
        <text x={(second + 34).toFixed(1)} y={LINE / 2 + 4}>
          {frozen}
        </text>
      )}
    </g>
  );
}

/** Where the wave begins in each row, behind its anchor, and where it ends. */
function Edges({ plot, rows }: { readonly plot: Plot; readonly rows: readonly WaveRow[] }) {
  // What is left or right of the drawn positions stands at their edge.
  const at = (position: number): string =>
    (LEFT + Math.max(0, Math.min(plot.columns, position - plot.first)) * plot.dx).toFixed(1);
  const stairs = (of: (row: WaveRow) => number): string =>
    rows
      .map((row, i) => `${i === 0 ? "M" : "H"}${at(of(row))}${i === 0 ? ",0" : ""}V${(i + 1) * LINE}`)
      .join("");
  return (
    <g fill="none" stroke="var(--ink)" pointerEvents="none">
      <path d={stairs(({ wave }) => wave.draftFrom)} strokeWidth={1.8} />
      <path d={stairs(({ wave }) => wave.draftFrom + wave.width)} strokeWidth={0.9} />
    </g>
  );
}

/** One column a token, with a rung for each recurrence that the prompt had: what plain decoding does one after another. */
function Ladders({ plot, rows, depth }: { plot: Plot; rows: number; depth: number }) {
  let rails = "";
  let rungs = "";
  const rung = Math.min(10, plot.dx / 2);
  const end = (rows * LINE).toFixed(1);
  for (let column = 0; column < plot.columns; column++) {
    const position = plot.first - plot.origin + column;
    const [from, to] = [position * depth, (position + 1) * depth];
    if (from >= rows) break;
    const x = LEFT + column * plot.dx;
    const foot = to <= rows ? (to * LINE).toFixed(1) : end;
    rails += `M${x.toFixed(1)},${(from * LINE).toFixed(1)}V${foot}${to <= rows ? `h${plot.dx.toFixed(1)}` : ""}`;
    for (let r = Math.floor(from) + 1; r < Math.min(to, rows); r++)
      rungs += `M${x.toFixed(1)},${r * LINE}h${rung.toFixed(1)}`;
  }
  return (
    <g fill="none" stroke="var(--rejected)" pointerEvents="none">
      <path d={rails} strokeWidth={1.4} strokeDasharray="4 3" />
      <path d={rungs} strokeWidth={1} opacity={0.7} />
    </g>
  );
}

function WaveDrawing({ view, step, size, onHover, onPin }: DrawingProps) {
  const rows = waveRows(view);
  const plot = plotOf(rows, size.width, step);
  const depth = plainDepth(view);
  /** Rows of the drawing that plain decoding would take for a token. */
  const inner = rows[0]?.coreForwards ?? 1;
  const top = topOf(view, size.width);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={`A wave of positions in ${rows.length} steps`}
      fontFamily="var(--sans)"
    >
      <WaveKey {...{ view, step, size }} />
      <g transform={`translate(${EDGE},${top})`} className="figures">
        {rows.map((row, i) => {
          const target = { kind: "position", step: row.step, position: row.wave.anchor } as const;
          return (
            <g
              key={row.step}
              className="stamp"
              transform={`translate(0,${i * LINE})`}
              opacity={row.step > step ? 0.4 : 1}
              aria-label={describeWave(view, row)}
              data-testid="wave-row"
              {...pressable(target, onHover, onPin)}
            >
              <rect
                className="tree-hit"
                width={(plot.right + plot.bar + 60).toFixed(1)}
                height={LINE}
                fill="transparent"
                stroke={row.step === step ? "var(--rule-strong)" : "none"}
              />
              <Row view={view} row={row} before={rows[i - 1]} plot={plot} />
              <Bars row={row} plot={plot} />
            </g>
          );
        })}
        {rows.length > 0 && <Edges plot={plot} rows={rows} />}
        {rows.length > 0 && depth > 0 && <Ladders plot={plot} rows={rows.length} depth={depth / inner} />}
      </g>
      {rows.length === 0 && (
        // Under the key, which lies over what is above its own height.
        <text x={EDGE} y={top + LINE} fontSize={13} fill="var(--ink-soft)">
          The prompt runs first, in step 1: the wave begins in step 2.
        </text>
      )}
    </svg>
  );
}

export const waveView: ViewDefinition = {
  ...WAVE_HEAD,
  Drawing: WaveDrawing,
  key: { Drawing: WaveKey, heightAt: (view, _step, width) => topOf(view, width) },
  inSight(view, step, width) {
    const at = waveRows(view).findIndex((row) => row.step === step);
    const top = topOf(view, width);
    return at < 0 ? null : { top: top + Math.max(0, at - 2) * LINE, bottom: top + (at + 1) * LINE };
  },
  heightAt: (view, _step, width) => topOf(view, width) + LINE * Math.max(1, waveRows(view).length) + BOTTOM,
};
