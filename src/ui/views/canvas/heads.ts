/** What is known of the drawings of a canvas before their code is fetched. */
import type { ViewHead } from "../view";
import type { RunView } from "../../../trace/view";
import { canvasRound } from "./cells";
import { CHANNELS } from "./channels";

/** What the cells of a moment show, and nothing that is not among them. */
function canvasHelp(view: RunView, step: number): string {
  const { canvas } = view;
  const round = canvasRound(view, step);
  if (!canvas || !round) return "Every position behind the prompt is masked, or was given.";
  const { cells, first } = canvas;
  const masked = cells.filter((c) => c.status === "masked");
  const committed = cells.filter((c) => c.status === "committed");
  const looked = new Set(round.scores?.positions);
  const [start, end] = round.denoise?.block ?? [first, cells.length];
  const words = [
    masked.length > 0 &&
      `Italic: masked, and what the model would put there now, its probability, and the next likely token${
        masked.some((c) => !looked.has(c.position)) ? "; * was said in an earlier step" : ""
      }.`,
    committed.some((c) => c.step === step) && "Blue: committed in this step.",
    committed.some((c) => c.step !== step) && "s7: committed in step 7.",
    round.remasked.length > 0 && "Orange dots: committed before, masked again in this step.",
    (start > first || end < cells.length) && "Shaded: the block at work.",
    cells.some((c) => c.computedAt !== null && c.computedAt < step) &&
      "Foot of a cell: its keys and values, full if computed in this step, shorter and paler with age.",
  ];
  return words.filter((w) => w !== false).join(" ");
}

/** What the marks of the map stand for in this run. */
function mapHelp(view: RunView): string {
  const rounds = view.rounds.toArray().flatMap((r) => (r.canvas ? [r.canvas] : []));
  const length = view.canvas?.cells.length ?? 0;
  const first = view.canvas?.first ?? 0;
  const words = [
    "The stronger the ink, the more, on the scale above. Blue shapes: commits.",
    rounds.some((r) => r.remasked.length > 0) && "Orange crosses: masked again.",
    "Toned ground: a token stands there already. Bare: masked and not asked.",
    rounds.some((r) => r.denoise && (r.denoise.block[0] > first || r.denoise.block[1] < length)) &&
      "Vertical lines: the block at work.",
    "The framed row is the shown step; choose any place to go there.",
  ];
  return words.filter((w) => w !== false).join(" ");
}

/** The canvas itself, as cells. */
export const CANVAS_HEAD: ViewHead = {
  id: "canvas",
  label: "Canvas",
  help: "Italic: masked, and what the model would put there now, its probability, and the next likely token; * was said in an earlier step. Blue: committed in this step. s7: committed in step 7. Shaded: the block at work. Foot of a cell: its cache, full if computed in this step, shorter and paler with age.",
  helpAt: canvasHelp,
  isZoomable: false,
  isFor: ["canvas"],
};

/** Steps by positions. */
export const MAP_HEAD: ViewHead = {
  id: "denoised",
  label: "Map",
  about:
    "It tells in which order the places were filled, and what the model knew of each at the time: a row a step, a column a place.",
  help: "The stronger the ink, the more, on the scale above. Blue shapes: commits. Orange crosses: masked again. Toned ground: a token stands there already. Bare: masked and not asked. Vertical lines: the block at work. The framed row is the shown step; choose any place to go there.",
  helpAt: mapHelp,
  isZoomable: false,
  isFor: ["canvas"],
  isWholeRun: true,
  choice: {
    label: "What the map shows",
    options: CHANNELS.map(({ id, label }) => ({ value: id, label })),
  },
};

/** Numbers over the steps. */
export const CURVES_HEAD: ViewHead = {
  id: "scores",
  label: "Curves",
  about:
    "They tell how doubt fell from step to step, how much each step committed, and how much it computed.",
  help: "The toned column is the shown step. The axis goes to the last planned step: what an early stop saves stays empty. A dot is a step that asked the model; those that made no pass have none. The line under each title says what is drawn: a mean over the masked positions that the step looked at, or the smallest of them.",
  isZoomable: false,
  isFor: ["canvas"],
  isWholeRun: true,
};
