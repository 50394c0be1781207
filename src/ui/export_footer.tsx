/** What a saved picture says under the drawing, so that it can be read without the page: legend, settings, link. */
import type { ReactNode } from "react";
import { roundOf } from "../trace/view";
import { labelOf, modelsLabel } from "./definitions";
import { BLANK_SIGNS } from "./format";
import type { Moment } from "./moment";
import { extraOf } from "./views/tree_layout";
import { Glyph, SIGN_NAME, type Sign } from "./views/glyphs";
import { textWidth, wrapText } from "./views/text_width";
import { helpOf, type ViewHead } from "./views/view";

const EDGE = 24;
const SIZE = 11;
const LINE = 16;

/** Signs that the tree of a moment has, in the order of the legend. */
function signsOf({ view, step }: Moment, id: string): readonly Sign[] {
  const round = id === "tree" && step >= 0 ? roundOf(view, step) : undefined;
  if (!round) return [];
  const extra = extraOf(round);
  const found = new Set<Sign>(round.nodes.map((n) => n.state));
  if (extra) found.add(extra.origin);
  return (Object.keys(SIGN_NAME) as Sign[]).filter((s) => found.has(s));
}

/** Which run and which moment of it. */
export function settingsLine({ view, step, total }: Moment): string {
  const { start } = view;
  if (!start) return "";
  const params = Object.entries(start.params).map(([name, value]) => `${name} ${String(value)}`);
  const prompt = start.prompt.replace(/\s+/g, " ").trim();
  return [
    labelOf(start.method),
    modelsLabel(start),
    ...params,
    `temperature ${start.sampler.temperature}`,
    `seed ${start.seed}`,
    step < 0 ? "before the first step" : `step ${step + 1} of ${total}`,
    `prompt \u201c${prompt.length > 60 ? `${prompt.slice(0, 59)}\u2026` : prompt}\u201d`,
  ].join(", ");
}

/** The words under the drawing, without what only the page can do. */
const wordsOf = (head: ViewHead, { view, step }: Moment): string =>
  helpOf(head, view, step).replace(/ Click [^.]*\./, "");

export interface Footer {
  readonly height: number;
  readonly content: ReactNode;
}

/** The footer of a picture `width` px wide, to be drawn from its own top. */
export function footerOf(head: ViewHead, moment: Moment, width: number, link: string): Footer {
  const room = width - 2 * EDGE;
  const signs = signsOf(moment, head.id);
  const placed: { sign: Sign; x: number; row: number }[] = [];
  let [x, row] = [0, 0];
  for (const sign of signs) {
    const own = 18 + textWidth(SIGN_NAME[sign], SIZE) + 16;
    if (x > 0 && x + own > room) [x, row] = [0, row + 1];
    placed.push({ sign, x, row });
    x += own;
  }
  const legendRows = signs.length === 0 ? 0 : row + 1;
  const lines = [
    ...wrapText(`${wordsOf(head, moment)} ${BLANK_SIGNS}.`, room, SIZE),
    ...wrapText(settingsLine(moment), room, SIZE),
    // A link has no spaces to break at; it breaks where the line ends.
    ...(link.match(new RegExp(`.{1,${Math.max(20, Math.floor(room / (SIZE * 0.6)))}}`, "g")) ?? []),
  ];
  const height = 14 + (legendRows + lines.length) * LINE + 8;
  return {
    height,
    content: (
      <g fontFamily="var(--sans)" fontSize={SIZE} fill="var(--ink-soft)">
        <path d={`M${EDGE},0.5H${width - EDGE}`} stroke="var(--rule-strong)" />
        {placed.map((p) => (
          <g key={p.sign} transform={`translate(${(EDGE + 6 + p.x).toFixed(1)},${18 + p.row * LINE})`}>
            <g transform="translate(0,-4)">
              <Glyph sign={p.sign} r={5} />
            </g>
            <text x={12}>{SIGN_NAME[p.sign]}</text>
          </g>
        ))}
        {lines.map((line, i) => (
          <text key={i} x={EDGE} y={18 + (legendRows + i) * LINE}>
            {line}
          </text>
        ))}
      </g>
    ),
  };
}
