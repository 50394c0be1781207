/** What is known of the drawing of recurrences before its code is fetched. */
import type { ViewHead } from "../view";

export const DEPTH_HEAD: ViewHead = {
  id: "depth",
  label: "Recurrences",
  help: "A line for each token of the text, a cell for each time the core ran over it. Ink: how far the latent moved, by the scale above. Text in a cell: what the model would say next if it stopped there, blue where that is what it said in the end. A bar ends a line where the token stopped; dots are recurrences it was spared. Where a router decides, the line in a cell is its gate and the tick the threshold; outlined: not let in.",
  isZoomable: false,
  isFor: ["depth"],
};

export const WAVE_HEAD: ViewHead = {
  id: "wave",
  label: "Wavefront",
  help: "A row for each step, time downwards; a column for each position. Text: the token drafted there in the step, underlined where it is another than in the step before. Ink: how far the latent of the position moved since, by the scale above; outlined: a new latent. Blue: frozen in the step. Right: rows of the core, tokens frozen. The stairs beside it are plain decoding at the prompt's depth, one recurrence a row.",
  isZoomable: false,
  isFor: ["wave"],
  isWholeRun: true,
};

export const WORDS_HEAD: ViewHead = {
  id: "words",
  label: "Depth by word",
  help: "The text as far as it has run, each token the darker the more recurrences it had. Where a router decides, the text once more for each recursion: in ink the tokens that it let in, faint the others; the bar is the share of keys it keeps.",
  isZoomable: false,
  isFor: ["depth", "wave"],
};
