/** What is known of the drawing of recurrences before its code is fetched. */
import type { ViewHead } from "../view";

export const DEPTH_HEAD: ViewHead = {
  id: "depth",
  label: "Recurrences",
  help: "A line for each token of the text, a cell for each time the core ran over it. Ink: how far the latent moved, by the scale above. Text in a cell: what the model would say next if it stopped there, blue where that is what it said in the end. A bar ends a line where the token stopped; dots are recurrences it was spared.",
  isZoomable: false,
  isFor: ["depth"],
};
