/** What is known of the drawing of recurrences before its code is fetched. */
import type { ViewHead } from "../view";

export const DEPTH_HEAD: ViewHead = {
  id: "depth",
  label: "Recurrences",
  help: "A line for each token of the text, a cell for each time the core ran over it. Ink: the chosen signal, by the scale above; dashed: not measured. Text in a cell: what the model would say next if it stopped there, blue where that is what it said in the end. A bar ends a line where the token stopped; dots are recurrences it was spared. Right: keys with values that the core keeps of the token, in the outline of what all recurrences would keep.",
  helpAt(view) {
    const first = view.rounds.at(0)?.recursion;
    if (first?.recurs.some((e) => e.gate !== undefined))
      return `${DEPTH_HEAD.help} The line in a cell is the router's gate, the tick the threshold; outlined: not let in.`;
    if (first?.depths.some((e) => e.law !== undefined))
      return `${DEPTH_HEAD.help} The lines are the router\u2019s law over the depths, as long as each is probable; filled: the depth that the token chose.`;
    if (first?.recurs.some((e) => e.exit !== undefined))
      return `${DEPTH_HEAD.help} The lines are the probabilities of stopping there by the model\u2019s exit gate; filled: where the token stopped.`;
    return DEPTH_HEAD.help;
  },
  choice: {
    label: "Signal",
    options: [
      { value: "decides", label: "What decides" },
      { value: "change", label: "Change of the latent" },
      { value: "turn", label: "Turn of the latent" },
      { value: "kl", label: "KL of the readouts" },
      { value: "minPKl", label: "KL of probable tokens" },
      { value: "entropy", label: "Entropy of the readout" },
      { value: "entropyChange", label: "Change of the entropy" },
      { value: "same", label: "Same best token" },
      { value: "gate", label: "Gate of the router" },
      { value: "stop", label: "Stopped by the exit gate" },
    ],
  },
  isZoomable: false,
  isFor: ["depth"],
};

export const WAVE_HEAD: ViewHead = {
  id: "wave",
  label: "Wavefront",
  help: "A row for each step, time downwards; a column for each position. Text: the token drafted there in the step, hatched where it is another than in the step before. Ink: how far the latent of the position moved since, by the scale above; outlined: a new latent. Blue: frozen in the step. The thick line is where the wave begins, behind its anchor, the thin one where it ends. Right: rows of the core and tokens frozen in the step. The dashed ladders are plain decoding: one for each token, as high as the prompt\u2019s depth, a rung for each recurrence that has to wait for the one before.",
  isZoomable: false,
  isFor: ["wave"],
  isWholeRun: true,
};

export const WORDS_HEAD: ViewHead = {
  id: "words",
  label: "Depth by word",
  about: "It tells which tokens took more recurrences than others.",
  help: "The text as far as it has run, each token the darker the more recurrences it had, with a bar as long as its share of the deepest. Where a router decides, the text once more for each recursion: in ink the tokens that it let in, faint the others; the bar is the share of keys it keeps.",
  isZoomable: false,
  isFor: ["depth", "wave"],
};
