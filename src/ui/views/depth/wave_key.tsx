/** What stays in sight over the rows of a wave: its scale, its marks, what a token cost, the heads of the columns. */
import type { RunView } from "../../../trace/view";
import { plural } from "../../format";
import { textWidth } from "../text_width";
import type { DrawingProps } from "../view";
import { SignalKey } from "./shade";
import { CHANGE_BY_STEP, thresholdOf } from "./signals";
import { EDGE, hatch, LEFT, NARROW, plotOf, wavePace, waveRows } from "./wave_plot";

/** Where the marks begin, and from one line of them to the next. */
const MARKS = 60;
const MARK_LINE = 16;
const FONT = 10.5;

/** Recurrences of the prompt, which plain decoding would run for every token. */
export const plainDepth = (view: RunView): number => view.rounds.at(0)?.cost?.coreForwards ?? 0;

const ART = {
  fresh: <rect y={-8} width={14} height={9} fill="none" stroke="var(--rule-strong)" />,
  frozen: <rect y={-8} width={14} height={9} fill="var(--accepted)" opacity={0.3} />,
  changed: (
    <g transform="translate(0,-9)">
      <path d={hatch(13, 9)} stroke="var(--ink)" strokeWidth={0.8} opacity={0.55} />
    </g>
  ),
  edges: (
    <>
      <path d="M4,-9V1" stroke="var(--ink)" strokeWidth={1.8} />
      <path d="M11,-9V1" stroke="var(--ink)" strokeWidth={0.9} />
    </>
  ),
  plain: (
    <g fill="none" stroke="var(--rejected)">
      <path d="M3,-9V1" strokeWidth={1.4} strokeDasharray="4 3" />
      <path d="M3,-6h9M3,-2h9" strokeWidth={1} opacity={0.7} />
    </g>
  ),
} as const;

interface Mark {
  readonly art: keyof typeof ART;
  readonly name: string;
  readonly x: number;
  readonly line: number;
}

/** The marks with their places, in as many lines as a width asks for; none before there is a wave. */
function marksOf(view: RunView, width: number): readonly Mark[] {
  if (waveRows(view).length === 0) return [];
  const names: [keyof typeof ART, string][] = [
    ["fresh", "new latent"],
    ["frozen", "frozen"],
    ["changed", "another token"],
    ["edges", "anchor, end of the wave"],
  ];
  if (plainDepth(view) > 0)
    names.push(["plain", `plain decoding, ${plural(plainDepth(view), "recurrence")} a token`]);
  let [x, line] = [0, 0];
  return names.map(([art, name]) => {
    const own = 20 + textWidth(name, FONT);
    if (x > 0 && x + own > width - 2 * EDGE) [x, line] = [0, line + 1];
    const mark = { art, name, x, line };
    x += own + 16;
    return mark;
  });
}

/** Height of it all, where rows begin. */
export const topOf = (view: RunView, width: number): number =>
  MARKS + 38 + MARK_LINE * (marksOf(view, width).at(-1)?.line ?? 0);

/** What a token cost, over the right end. */
function Pace({ view, width }: { readonly view: RunView; readonly width: number }) {
  const { tokens, forwards, rows } = wavePace(waveRows(view));
  if (tokens === 0) return null;
  const depth = plainDepth(view);
  const inARow = (forwards / tokens).toFixed(2);
  return (
    <g textAnchor="end" className="figures" transform={`translate(${width - EDGE},0)`}>
      <text y={19} fontSize={12} fill="var(--ink)">
        {width < NARROW
          ? `${inARow} in a row a token`
          : `${inARow} recurrences in a row a token after the prompt\u2019s pass${width >= 760 && depth > 0 ? `, plain decoding ${depth}` : ""}`}
      </text>
      {width >= NARROW && (
        <text y={35} fontSize={11} fill="var(--ink-soft)">
          {`${(rows / tokens).toFixed(2)} rows of the core a token`}
        </text>
      )}
    </g>
  );
}

export function WaveKey({ view, step, size: { width } }: DrawingProps) {
  const rows = waveRows(view);
  const plot = plotOf(rows, width, step);
  const isNarrow = width < NARROW;
  return (
    <>
      <g transform={`translate(${EDGE},10)`}>
        <SignalKey
          signal="change"
          threshold={thresholdOf(view, "change")}
          isNarrow={isNarrow}
          title={CHANGE_BY_STEP}
        />
      </g>
      <g fontSize={FONT} fill="var(--ink-soft)" transform={`translate(${EDGE},${MARKS})`}>
        {marksOf(view, width).map(({ art, name, x, line }) => (
          <g key={name} transform={`translate(${x.toFixed(1)},${line * MARK_LINE})`}>
            {ART[art]}
            <text x={20}>{name}</text>
          </g>
        ))}
      </g>
      <Pace view={view} width={width} />
      {rows.length > 0 && (
        <g
          fontSize={FONT}
          fill="var(--ink-soft)"
          className="figures"
          transform={`translate(${EDGE},${topOf(view, width) - 8})`}
        >
          <text x={LEFT - 8} textAnchor="end">
            step
          </text>
          <text x={LEFT}>
            {plot.columns < plot.all
              ? `positions ${plot.first} to ${plot.first + plot.columns - 1} of ${plot.origin} to ${plot.origin + plot.all - 1}`
              : `position ${plot.first}`}
          </text>
          <text x={plot.right.toFixed(1)}>{isNarrow ? "rows" : "rows of the core"}</text>
          <text x={(plot.right + plot.bar + (isNarrow ? 26 : 36)).toFixed(1)}>frozen</text>
        </g>
      )}
    </>
  );
}
