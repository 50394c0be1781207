/** Canvas events to views; part of fold.ts. */
import {
  type AnyCanvasEvent,
  type CanvasEvent,
  type DenoiseEvent,
  positionsOf,
  type UnmaskEvent,
} from "./canvas_events";
import { type CanvasCell, type CanvasRound, type CanvasView, EMPTY_CANVAS_ROUND } from "./canvas_view";
import { inRound, knownPiece } from "./round";
import { appendPiece, decodeBytes, NO_BYTES } from "./text";
import { pieceOf, type RunView } from "./view";

function openCanvas(view: RunView, e: CanvasEvent): CanvasView {
  const masked = new Set(positionsOf(e.masked));
  const cells = e.tokens.map((token, position): CanvasCell => {
    const isMasked = masked.has(position);
    return {
      position,
      status: isMasked ? "masked" : "fixed",
      token,
      piece: isMasked ? "" : pieceOf(view, token),
      step: null,
      logprob: null,
      reason: null,
      remasked: 0,
      computedAt: null,
    };
  });
  return {
    start: e,
    cells,
    opened: cells,
    first: Math.min(e.masked[0]?.[0] ?? cells.length, view.start?.promptTokens.length ?? Infinity),
  };
}

/** Text from the first masked position on. Bytes of one character may lie on both sides of a mask; they are not joined. */
function textOf(view: RunView, { cells, first }: CanvasView): string {
  let text = "";
  let pending = NO_BYTES;
  for (const cell of cells.slice(first)) {
    if (cell.status === "masked") {
      text += decodeBytes(pending);
      pending = NO_BYTES;
      continue;
    }
    const added = appendPiece(pending, knownPiece(view, cell.token));
    text += added.text;
    pending = added.pending;
  }
  return text + decodeBytes(pending);
}

function withCells(
  view: RunView,
  positions: readonly number[],
  change: (cell: CanvasCell, i: number) => CanvasCell,
): RunView {
  const { canvas } = view;
  if (!canvas) return view;
  const cells = canvas.cells.slice();
  positions.forEach((position, i) => {
    const cell = cells[position];
    if (cell) cells[position] = change(cell, i);
  });
  const next = { ...canvas, cells };
  const tokens = cells.filter((cell) => cell.status === "committed").length;
  return { ...view, canvas: next, text: textOf(view, next), metrics: { ...view.metrics, tokens } };
}

const inStep = (view: RunView, e: AnyCanvasEvent, change: (round: CanvasRound) => CanvasRound): RunView =>
  inRound(view, e, (round) => ({
    ...round,
    canvas: { ...change(round.canvas ?? EMPTY_CANVAS_ROUND), cells: view.canvas?.cells ?? [] },
  }));

/** What a pass is worth a mark for: a new block, or every row computed after steps that left some out. */
function passMarks(view: RunView, e: DenoiseEvent): RunView["marks"] {
  let before = null;
  // Steps without a pass say nothing of the cache.
  for (let i = view.rounds.length - 1; i >= 0 && !before; i--) {
    const denoise = view.rounds.at(i)?.canvas?.denoise;
    if (denoise && !denoise.reused) before = denoise;
  }
  if (!before) return view.marks;
  let { marks } = view;
  if (e.block[0] !== before.block[0])
    marks = marks.push({ kind: "block", step: e.step, event: view.eventCount });
  if (e.refreshed && !before.refreshed)
    marks = marks.push({ kind: "cache_refresh", step: e.step, event: view.eventCount });
  return marks;
}

function unmask(view: RunView, e: UnmaskEvent): RunView {
  const changed = withCells(view, e.positions, (cell, i) => ({
    ...cell,
    status: "committed",
    token: e.tokens[i]!,
    piece: pieceOf(view, e.tokens[i]!),
    step: e.step,
    logprob: e.logprobs[i]!,
    reason: e.reason,
  }));
  const isFirst = (view.rounds.at(-1)?.canvas?.unmasked.length ?? 0) === 0;
  const next = inStep(changed, e, (round) => ({ ...round, unmasked: [...round.unmasked, e] }));
  const marks =
    e.reason === "all_in"
      ? next.marks.push({ kind: "early_commit", step: e.step, event: view.eventCount })
      : next.marks;
  const rounds = next.metrics.rounds + (isFirst ? 1 : 0);
  return {
    ...inRound(next, e, (round) => ({ ...round, phase: "committed" })),
    marks,
    metrics: { ...next.metrics, rounds },
  };
}

/** The view after one event of a canvas. */
export function foldCanvas(view: RunView, e: AnyCanvasEvent): RunView {
  switch (e.kind) {
    case "canvas":
      return { ...view, canvas: openCanvas(view, e), status: { state: "running" } };
    case "denoise": {
      const next = inStep(
        withCells(view, positionsOf(e.computed), (cell) => ({ ...cell, computedAt: e.step })),
        e,
        (round) => ({ ...round, denoise: e }),
      );
      return { ...next, marks: passMarks(view, e) };
    }
    case "scores":
      return inStep(view, e, (round) => ({ ...round, scores: e }));
    case "judge":
      return inStep(view, e, (round) => ({ ...round, judge: e }));
    case "probe":
      return inStep(view, e, (round) => ({ ...round, probes: [...round.probes, e] }));
    case "unmask":
      return unmask(view, e);
    case "remask": {
      const changed = withCells(view, e.positions, (cell) => ({
        ...cell,
        status: "masked",
        token: view.canvas?.start.mask ?? cell.token,
        piece: "",
        step: null,
        logprob: null,
        reason: null,
        remasked: cell.remasked + 1,
      }));
      const next = inStep(changed, e, (round) => ({ ...round, remasked: [...round.remasked, e] }));
      return { ...next, marks: next.marks.push({ kind: "retract", step: e.step, event: view.eventCount }) };
    }
  }
}
