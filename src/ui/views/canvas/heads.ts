/** What is known of the drawings of a canvas before their code is fetched. */
import type { ViewHead } from "../view";
import { CHANNELS } from "./channels";

/** The canvas itself, as cells. */
export const CANVAS_HEAD: ViewHead = {
  id: "canvas",
  label: "Canvas",
  help: "Italic: masked, and what the model would put there now, its probability, and the next likely token; * was said in an earlier step. Blue: committed in this step. s7: committed in step 7. Shaded: the block at work. Foot of a cell: its cache, full if computed in this step, shorter and paler with age.",
  isZoomable: false,
  isFor: ["canvas"],
};

/** Steps by positions. */
export const MAP_HEAD: ViewHead = {
  id: "denoised",
  label: "Map",
  help: "The stronger the ink, the more, on the scale above. Blue shapes: commits. Orange crosses: masked again. Toned ground: a token stands there already. Bare: masked and not asked. Vertical lines: the block at work. The framed row is the shown step; choose any place to go there.",
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
  help: "The toned column is the shown step. The axis goes to the last planned step: what an early stop saves stays empty. The line under each title says what is drawn: a mean over the masked positions that the step looked at, or the smallest of them.",
  isZoomable: false,
  isFor: ["canvas"],
  isWholeRun: true,
};
