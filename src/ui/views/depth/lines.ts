/** Positions of a run of recurrent depth with everything that was measured of them, for drawings and the inspector. */
import type { RecurEvent } from "../../../trace/depth_events";
import type { RunView } from "../../../trace/view";
import { plural } from "../../format";
import { tokenLabel } from "../token_label";
import type { Measured } from "./signals";

/** One recurrence of one position. */
export interface CellOf extends Measured {
  /** Most probable token of the readout; null where none was made. */
  readonly said: number | null;
  /** The most probable ones. */
  readonly top: readonly (readonly [token: number, logprob: number])[];
  readonly exited: boolean;
  /** What a looped model's exit gate said after it. */
  readonly exit: number | null;
}
/** A position that ran, with what became of it. */
export interface DepthLine {
  readonly position: number;
  readonly label: string;
  /** Step it ran in; the prompt's tokens ran in the first. */
  readonly step: number;
  readonly cells: readonly CellOf[];
  readonly depth: number | null;
  readonly maxDepth: number;
  readonly reason: string | null;
  /** Of the router, before the recurrence that it was not let into. */
  readonly refused: number | null;
  /** Probability of each depth from 1: by the router's law, or of stopping there by the exit gate, as far as it ran; null without either. */
  readonly chances: readonly number[] | null;
  /** The token that was committed behind it. */
  readonly next: number | null;
  /** Keys with values that the core's layers keep of it, and would with every recurrence in a place of its own. */
  readonly entries: number;
  readonly mostEntries: number;
}

/** Probabilities of stopping after each loop, g1, (1 - g1) g2, ..., of an exit gate that says g; the last loop there can be takes the rest. */
export function stopChances(gates: readonly number[], most: number): readonly number[] {
  let stay = 1;
  return gates.map((gate, i) => {
    const chance = i + 1 === most ? stay : stay * gate;
    stay *= 1 - gate;
    return chance;
  });
}

function cellsOf(e: RecurEvent, add: (position: number, cell: CellOf) => void): void {
  const exited = new Set(e.exited);
  e.positions.forEach((position, i) => {
    add(position, {
      change: e.relChange[i]!,
      turn: e.cosine[i]!,
      kl: e.kl?.[i] ?? null,
      minPKl: e.minPKl?.[i] ?? null,
      entropy: e.entropy?.[i] ?? null,
      entropyChange: null,
      same: null,
      said: e.argmax?.[i] ?? null,
      top: e.top?.[i] ?? [],
      exited: exited.has(position),
      gate: e.gate?.[i] ?? null,
      exit: e.exit?.[i] ?? null,
      stop: null,
    });
  });
}

/** Cells with what only shows beside those before them. */
function compared(cells: readonly CellOf[]): CellOf[] {
  let same = 0;
  return cells.map((cell, i) => {
    const before = cells[i - 1];
    same = cell.said !== null && before?.said === cell.said ? same + 1 : 1;
    const change =
      before && cell.entropy !== null && before.entropy !== null
        ? Math.abs(cell.entropy - before.entropy)
        : null;
    return { ...cell, entropyChange: change, same: cell.said === null ? null : same };
  });
}

/** Whether all recurrences of a position share one place in each layer. */
const isOneBank = (view: RunView): boolean =>
  ["latest", "first-recurrence"].includes(String(view.start?.params.cache ?? "latest"));

/** Layers of the core, from the entries that the first step left; 0 if it left none. */
function coreLayers(view: RunView): number {
  const first = view.rounds.at(0)?.recursion;
  const places = (first?.depths ?? []).reduce((sum, e) => sum + (isOneBank(view) ? 1 : e.depth), 0);
  return places > 0 ? (first?.recurs.at(-1)?.kvEntries ?? 0) / places : 0;
}

/** The text of a token at a position. */
export function tokenAt(view: RunView, position: number): number | null {
  const prompt = view.prompt.length;
  return position < prompt
    ? (view.prompt[position]?.token ?? null)
    : (view.tokens.at(position - prompt)?.token ?? null);
}

/** Every position that ran up to a step, in order. */
export function depthLines(view: RunView, step: number): readonly DepthLine[] {
  const cells = new Map<number, CellOf[]>();
  const steps = new Map<number, number>();
  for (const round of view.rounds.toArray()) {
    if (round.step > step) break;
    for (const e of round.recursion?.recurs ?? [])
      cellsOf(e, (position, cell) => {
        if (e.recurrence === 1) cells.set(position, []);
        cells.get(position)?.push(cell);
        steps.set(position, round.step);
      });
  }
  const layers = coreLayers(view);
  const hasOne = isOneBank(view);
  return [...cells]
    .sort(([a], [b]) => a - b)
    .map(([position, read]) => {
      const own = compared(read);
      const token = tokenAt(view, position);
      const ended = view.depths.get(position);
      const maxDepth = ended?.maxDepth ?? own.length;
      const gates = own.flatMap((cell) => (cell.exit === null ? [] : [cell.exit]));
      const stops = gates.length > 0 ? stopChances(gates, maxDepth) : null;
      let stopped = 0;
      return {
        position,
        label: token === null ? "" : tokenLabel(view, token),
        step: steps.get(position)!,
        cells: stops ? own.map((cell, i) => ({ ...cell, stop: (stopped += stops[i]!) })) : own,
        depth: ended?.depth ?? null,
        maxDepth,
        reason: ended?.reason ?? null,
        refused: ended?.gate ?? null,
        chances: ended?.law ?? stops,
        next: position + 1 >= view.prompt.length ? tokenAt(view, position + 1) : null,
        entries: layers * (hasOne ? 1 : own.length),
        mostEntries: layers * maxDepth,
      };
    });
}

const WORDS: Readonly<Record<string, string>> = {
  converged: "settled",
  cap: "no more were allowed",
  router: "not let into the next",
  forced: "as many as were asked for",
  chosen: "the depth its router chose",
  gate: "its exit gate was open",
};

/** What became of a position, in a few words. */
export function endOf({ cells, maxDepth, reason, refused }: DepthLine): string {
  const why = reason === null ? "still running" : (WORDS[reason] ?? reason);
  const gate = refused === null ? "" : ` (gate ${refused.toFixed(2)})`;
  return `${cells.length} of ${plural(maxDepth, "recurrence")}, ${why}${gate}`;
}

/** A line for people who cannot see it. */
export const describeLine = (line: DepthLine): string => `${line.label}: ${endOf(line)}`;

/** Mean depth of positions that are done with, the most that any of them could have had, and the keys that are kept. */
export function summaryOf(lines: readonly DepthLine[]): {
  readonly mean: number;
  readonly most: number;
  readonly entries: number;
  readonly mostEntries: number;
} | null {
  const done = lines.filter((line) => line.depth !== null);
  if (done.length === 0) return null;
  const sum = (of: (line: DepthLine) => number): number => done.reduce((total, line) => total + of(line), 0);
  return {
    mean: sum((line) => line.depth!) / done.length,
    most: done.reduce((most, line) => Math.max(most, line.maxDepth), 0),
    entries: sum((line) => line.entries),
    mostEntries: sum((line) => line.mostEntries),
  };
}
