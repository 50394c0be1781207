/** The steps of a wave as rows, and where rows and columns of the drawing lie. */
import type { WaveEvent } from "../../../trace/depth_events";
import type { RunView } from "../../../trace/view";

export const EDGE = 24;
export const LINE = 21;
export const LEFT = 30;
/** Room of the bars on the right: rows of the core, tokens frozen. */
const RIGHT = 150;
const RIGHT_NARROW = 84;
export const NARROW = 520;
/** Narrowest column with text, in px. */
export const READABLE = 24;
/** Column that most tokens fit in, in px. */
const LEGIBLE = 34;
/** Widest column, in px. */
const WIDEST = 64;

export interface WaveRow {
  readonly step: number;
  readonly wave: WaveEvent;
  /** Rows of the core, sequential recurrences. */
  readonly coreRows: number;
  readonly coreForwards: number;
}

/** The waves of a run, in order. */
export const waveRows = (view: RunView): readonly WaveRow[] =>
  view.rounds.toArray().flatMap(({ step, recursion, cost }) => {
    const wave = recursion?.wave;
    return wave ? [{ step, wave, coreRows: cost?.coreRows ?? 0, coreForwards: cost?.coreForwards ?? 0 }] : [];
  });

/** Tokens and sequential recurrences, the prompt's not counted. */
export function wavePace(rows: readonly WaveRow[]): {
  readonly tokens: number;
  readonly forwards: number;
  readonly rows: number;
} {
  const sum = (of: (row: WaveRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    tokens: sum(({ wave }) => wave.frozenTo - wave.draftFrom),
    forwards: sum((row) => row.coreForwards),
    rows: sum((row) => row.coreRows),
  };
}

export interface Plot {
  /** The first position that is drawn, and how many are. */
  readonly first: number;
  readonly columns: number;
  /** Of the whole run: its first position and their number. */
  readonly origin: number;
  readonly all: number;
  readonly dx: number;
  /** Where the bars begin, and the length of the longest. */
  readonly right: number;
  readonly bar: number;
  readonly mostRows: number;
}

/**
 * Where everything lies. Where it is too narrow for all positions with their text, only those around the wave of the shown step are
 * drawn, which move with it.
 */
export function plotOf(rows: readonly WaveRow[], width: number, step: number): Plot {
  const origin = rows[0]?.wave.draftFrom ?? 0;
  const last = rows.reduce((most, { wave }) => Math.max(most, wave.draftFrom + wave.width), origin + 1);
  const all = last - origin;
  const isNarrow = width < NARROW;
  const room = width - 2 * EDGE - LEFT - (isNarrow ? RIGHT_NARROW : RIGHT);
  const columns = isNarrow ? Math.max(1, Math.min(all, Math.floor(room / LEGIBLE))) : all;
  const shown = rows.findLast((row) => row.step <= step)?.wave ?? rows[0]?.wave;
  const wave = shown ?? { draftFrom: origin, width: 1 };
  // The whole wave, with what is frozen before it where there is room.
  const before = Math.max(0, Math.floor((columns - wave.width) / 2));
  const first = Math.max(origin, Math.min(wave.draftFrom - before, last - columns));
  const dx = Math.min(WIDEST, room / columns);
  const mostRows = rows.reduce((most, { coreRows }) => Math.max(most, coreRows), 1);
  return {
    first,
    columns,
    origin,
    all,
    dx,
    right: LEFT + columns * dx + 14,
    bar: isNarrow ? 16 : 60,
    mostRows,
  };
}

/** Slanted lines over a cell with its upper left corner at (0.5, 1), as the `d` of a path. */
export function hatch(width: number, height: number): string {
  const pitch = 5;
  let d = "";
  // Each line runs from the upper or right side down to the left or lower one.
  for (let at = pitch; at < width + height; at += pitch) {
    const [right, low] = [Math.min(at, width), Math.min(at, height)];
    d += `M${(0.5 + right).toFixed(1)},${(1 + at - right).toFixed(1)}L${(0.5 + at - low).toFixed(1)},${(1 + low).toFixed(1)}`;
  }
  return d;
}
