/** The text token by token: how each came to be and how likely the target found it. */
import { max } from "d3-array";
import type { TextOrigin, TokenView } from "../../trace/view";
import { shortProbability, truncate } from "../format";
import { isSame, type Selection } from "../stores/layout";
import { SIGN_COLOUR, signWords } from "./glyphs";
import { textWidth } from "./text_width";
import { tokenLabel } from "./token_label";
import { TOKENS_HEAD } from "./heads";
import type { DrawingProps, ViewDefinition } from "./view";

const EDGE = 24;
const ROW = 58;
const LABEL_SIZE = 14;
const NUMBER_SIZE = 10.5;
const BAR = 16;
const LONGEST = 20;

interface Cell {
  readonly token: TokenView;
  readonly label: string;
  readonly number: string;
  readonly x: number;
  readonly row: number;
  readonly width: number;
}

/** Cells in rows as words in lines; a label never breaks. */
export function layTokens(view: DrawingProps["view"], width: number): readonly Cell[] {
  let x = 0;
  let row = 0;
  return view.tokens.toArray().map((token) => {
    const label = truncate(tokenLabel(view, token.token), LONGEST);
    const number = token.logprob === null ? "\u2013" : shortProbability(Math.exp(token.logprob));
    const own = Math.max(22, textWidth(label, LABEL_SIZE) + 10, textWidth(number, NUMBER_SIZE) + 10);
    if (x > 0 && x + own > width) {
      x = 0;
      row++;
    }
    const cell = { token, label, number, x, row, width: own };
    x += own;
    return cell;
  });
}

/** The underline of an origin, as in the text above. */
function Underline({ origin, width }: { readonly origin: TextOrigin; readonly width: number }) {
  const colour = SIGN_COLOUR[origin];
  if (origin === "bonus")
    return <path d={`M0,-1.4H${width}M0,1.6H${width}`} stroke={colour} strokeWidth={1.2} />;
  const dashes =
    origin === "residual" ? "5 3" : origin === "target" ? "2 2" : origin === "given" ? "1 3" : undefined;
  return <path d={`M0,0H${width}`} stroke={colour} strokeWidth={2.4} strokeDasharray={dashes} />;
}

const selectionOf = (t: TokenView): Selection =>
  t.node === null
    ? { kind: "extra", step: t.step, position: t.position }
    : { kind: "node", step: t.step, node: t.node };

function TokensDrawing({ view, step, size, selection = null, onHover, onPin }: DrawingProps) {
  const cells = layTokens(view, size.width - 2 * EDGE);
  const first = view.rounds.at(0);
  const probabilityName = first?.recursion ? "probability" : "target probability";
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={`Tokens up to step ${step + 1}`}
      fontFamily="var(--sans)"
    >
      {cells.map(({ token, label, number, x, row, width }) => {
        const chosen = selectionOf(token);
        const p = token.logprob === null ? 0 : Math.exp(token.logprob);
        return (
          <g
            key={token.position}
            className="stamp"
            transform={`translate(${(EDGE + x).toFixed(1)},${22 + row * ROW})`}
            role="img"
            aria-label={`${label}, ${signWords(token.origin, first).name}${token.logprob === null ? "" : `, ${probabilityName} ${number}`}`}
            {...(onHover &&
              onPin && {
                onPointerEnter: () => onHover(chosen),
                onPointerLeave: () => onHover(null),
                onClick: () => onPin(chosen),
              })}
          >
            <rect
              className="tree-hit"
              x={-2}
              y={-BAR - 2}
              width={width - 2}
              height={ROW - 8}
              rx={4}
              fill={isSame(chosen, selection) ? "var(--wash)" : "transparent"}
            />
            <rect
              x={0}
              y={-p * BAR}
              width={Math.min(12, width - 8)}
              height={p * BAR}
              fill={SIGN_COLOUR[token.origin]}
              opacity={0.75}
            />
            <path d={`M0,0.5H${width - 7}`} stroke="var(--rule)" />
            <text y={15} fontSize={LABEL_SIZE} fill="var(--ink)" fontWeight={token.step === step ? 620 : 430}>
              {label}
            </text>
            <g transform="translate(0,20.5)">
              <Underline origin={token.origin} width={width - 7} />
            </g>
            <text y={34} fontSize={NUMBER_SIZE} fill="var(--ink-soft)" className="figures">
              {number}
            </text>
          </g>
        );
      })}
      {cells.length === 0 && (
        <text x={EDGE} y={40} fontSize={13} fill="var(--ink-soft)">
          No token has been committed up to this step.
        </text>
      )}
    </svg>
  );
}

export const tokensView: ViewDefinition = {
  ...TOKENS_HEAD,
  Drawing: TokensDrawing,
  inSight: (view, _step, width) => {
    const row = layTokens(view, width - 2 * EDGE).at(-1)?.row ?? 0;
    return { top: row * ROW, bottom: (row + 1) * ROW + 12 };
  },
  heightAt: (view, _step, width) =>
    ((max(layTokens(view, width - 2 * EDGE), (c) => c.row) ?? 0) + 1) * ROW + 24,
};
