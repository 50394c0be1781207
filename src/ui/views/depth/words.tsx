/** The text tinted by depth, and of mixtures of recursions the words that each recursion let in, with the keys they left. */
import type { RunView } from "../../../trace/view";
import { truncate } from "../../format";
import { textWidth } from "../text_width";
import { tokenLabel } from "../token_label";
import type { DrawingProps, ViewDefinition } from "../view";
import { WORDS_HEAD } from "./head";
import { pressable } from "./press";
import { tint } from "./tint";
import { NARROW } from "./wave_plot";

const EDGE = 24;
const LINE = 25;
const SIZE = 14;
const LEGEND = 46;
const HEADING = 36;
const GAP = 14;

export interface Word {
  readonly position: number;
  readonly label: string;
  readonly step: number;
  /** Null while it runs. */
  readonly depth: number | null;
  readonly maxDepth: number;
}

/** Every position whose depth is known up to a step, in order. */
export function depthWords(view: RunView, step: number): readonly Word[] {
  const known = new Map<number, Word>();
  const prompt = view.prompt.length;
  const tokens = view.tokens.toArray();
  for (const round of view.rounds.toArray()) {
    if (round.step > step) break;
    for (const e of round.recursion?.depths ?? []) {
      const token = e.position < prompt ? view.prompt[e.position] : tokens[e.position - prompt];
      if (!token) continue;
      const label = truncate(tokenLabel(view, token.token), 20);
      const { position, depth, maxDepth } = e;
      known.set(position, { position, label, step: round.step, depth, maxDepth });
    }
  }
  return [...known.values()].sort((a, b) => a.position - b.position);
}

/** How many words ran each recursion and the keys in its bank; null for runs without a router. */
export function recursionSets(
  view: RunView,
  step: number,
): readonly { readonly words: number; readonly entries: number }[] | null {
  const words = depthWords(view, step);
  const most = words.reduce((max, word) => Math.max(max, word.maxDepth), 0);
  const banks: number[] = [];
  let isRouted = false;
  for (const round of view.rounds.toArray()) {
    if (round.step > step) break;
    for (const e of round.recursion?.recurs ?? []) {
      if (e.bankEntries === undefined) continue;
      isRouted = true;
      banks[e.recurrence - 1] = e.bankEntries;
    }
  }
  if (!isRouted) return null;
  return Array.from({ length: most }, (_, i) => ({
    words: words.filter((word) => word.depth! > i).length,
    entries: banks[i] ?? 0,
  }));
}

interface Placed {
  readonly word: Word;
  readonly x: number;
  readonly line: number;
  readonly width: number;
}
function place(words: readonly Word[], width: number): { placed: readonly Placed[]; lines: number } {
  let [x, line] = [0, 0];
  const placed = words.map((word) => {
    const own = textWidth(word.label, SIZE) + 8;
    if (x > 0 && x + own > width) [x, line] = [0, line + 1];
    const at = { word, x, line, width: own };
    x += own;
    return at;
  });
  return { placed, lines: words.length > 0 ? line + 1 : 0 };
}

function Legend({
  most,
  deepest,
  words,
  isWave,
}: {
  readonly most: number;
  readonly deepest: number;
  readonly words: readonly Word[];
  readonly isWave: boolean;
}) {
  const depths = Array.from({ length: deepest }, (_, i) => i + 1);
  const shown = deepest <= 8 ? depths : depths.filter((d) => d === 1 || d % 4 === 0);
  const mean = words.reduce((sum, word) => sum + (word.depth ?? 0), 0) / words.length;
  return (
    <g fontSize={10.5} fill="var(--ink-soft)" className="figures">
      <text y={9} fill="var(--ink)">
        {isWave
          ? `Recurrences a token, mean ${mean.toFixed(2)}: prompt ${words[0]!.maxDepth}, wave at most ${most}`
          : `Recurrences of each token, the prompt\u2019s too: mean ${mean.toFixed(2)}, at most ${most}`}
      </text>
      {shown.map((depth, i) => (
        <g key={depth} transform={`translate(${i * 38},16)`}>
          <rect width={14} height={11} fill="var(--ink)" opacity={tint(depth, deepest)} />
          <rect y={9} width={(14 * depth) / deepest} height={2} fill="var(--ink)" />
          <rect width={14} height={11} fill="none" stroke="var(--rule-strong)" strokeWidth={0.6} />
          <text x={18} y={9.5}>
            {depth}
          </text>
        </g>
      ))}
    </g>
  );
}

function layout(view: RunView, step: number, width: number) {
  const words = depthWords(view, step);
  const text = place(words, width - 2 * EDGE);
  const sets = recursionSets(view, step);
  const strip = LEGEND + 10 + text.lines * LINE;
  const block = HEADING + text.lines * LINE + GAP;
  return { words, text, sets, strip, block };
}

function WordsDrawing({ view, step, size, selection = null, onHover, onPin }: DrawingProps) {
  const { words, text, sets, strip, block } = layout(view, step, size.width);
  const most = words.reduce((max, word) => Math.max(max, word.maxDepth), 1);
  // The prompt ran a depth of its own; latents of a wave are done with after as many recurrences as its cap says.
  const isWave = view.rounds.at(1)?.recursion?.wave != null;
  /** The deepest there is: inks are spread over what occurs. */
  const deepest = words.reduce((max, word) => Math.max(max, word.depth ?? 0), 1);
  const full = sets?.[0];
  const nCore = full && full.words > 0 ? full.entries / full.words : 0;
  const total = sets?.reduce((sum, set) => sum + set.entries, 0) ?? 0;
  const bar = Math.min(220, size.width - 2 * EDGE);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={`Depths of ${words.length} tokens up to step ${step + 1}`}
      fontFamily="var(--sans)"
    >
      {words.length === 0 ? (
        <text x={EDGE} y={34} fontSize={13} fill="var(--ink-soft)">
          No token has its depth yet.
        </text>
      ) : (
        <g transform={`translate(${EDGE},12)`}>
          <Legend most={most} deepest={deepest} words={words} isWave={words.at(-1)!.step > 0 && isWave} />
        </g>
      )}
      {text.placed.map(({ word, x, line, width }) => (
        <g
          key={word.position}
          className="stamp"
          transform={`translate(${(EDGE + x).toFixed(1)},${LEGEND + 6 + line * LINE})`}
          aria-label={`${word.label}: ${word.depth} of ${word.maxDepth}`}
          data-testid="depth-word"
          {...pressable({ kind: "position", step, position: word.position }, onHover, onPin)}
        >
          <rect
            className="tree-hit"
            width={(width - 2).toFixed(1)}
            height={LINE - 4}
            fill="var(--ink)"
            fillOpacity={tint(word.depth ?? 0, deepest)}
            stroke={
              selection?.kind === "position" && selection.position === word.position
                ? "var(--accepted)"
                : "none"
            }
            strokeWidth={1.5}
          />
          <rect
            y={LINE - 6}
            width={(((width - 2) * (word.depth ?? 0)) / deepest).toFixed(1)}
            height={2}
            fill="var(--ink)"
          />
          <text x={3} y={15} fontSize={SIZE} fill="var(--ink)">
            {word.label}
          </text>
        </g>
      ))}
      {sets?.map((set, i) => (
        <g key={i} transform={`translate(${EDGE},${strip + GAP + i * block})`} data-testid="recursion-words">
          <g fontSize={12} className="figures">
            <text y={10} fill="var(--ink)">
              {`Recursion ${i + 1}: ${set.words} of ${words.length} tokens`}
              <tspan fill="var(--ink-soft)">
                {set.entries > 0 ? `, ${set.entries} keys kept` : ", keys of the first"}
              </tspan>
            </text>
            <rect y={17} width={bar} height={6} fill="none" stroke="var(--rule-strong)" strokeWidth={0.8} />
            <rect
              y={17}
              width={((bar * set.entries) / Math.max(1, nCore * words.length)).toFixed(1)}
              height={6}
              fill="var(--accepted)"
            />
          </g>
          {text.placed.map(({ word, x, line }) => (
            <text
              key={word.position}
              x={(x + 3).toFixed(1)}
              y={HEADING + 10 + line * LINE}
              fontSize={SIZE}
              fill="var(--ink)"
              opacity={word.depth! > i ? 1 : 0.16}
            >
              {word.label}
            </text>
          ))}
        </g>
      ))}
      {sets && words.length > 0 && (
        <text
          x={EDGE}
          y={strip + GAP + sets.length * block + 4}
          fontSize={12}
          fill="var(--ink)"
          className="figures"
        >
          {size.width < NARROW
            ? `${total} of ${nCore * most * words.length} keys in the shared layers`
            : `${total} keys in the shared layers; with every token in every recursion ${nCore * most * words.length}`}
        </text>
      )}
    </svg>
  );
}

export const wordsView: ViewDefinition = {
  ...WORDS_HEAD,
  Drawing: WordsDrawing,
  // Of a text without sets, its newest line; where there are sets, one would hide the others.
  inSight(view, step, width) {
    const { text, strip, sets } = layout(view, step, width);
    return sets || text.lines === 0 ? null : { top: strip - LINE, bottom: strip };
  },
  heightAt: (view, step, width) => {
    const { strip, block, sets } = layout(view, step, width);
    return Math.max(60, strip + 24 + (sets ? GAP + sets.length * block : 0));
  },
};
