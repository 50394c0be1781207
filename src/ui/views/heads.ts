/** Tabs of runs whose drawings are fetched when they are first shown. */
import type { ViewHead } from "./view";

export const STEPS_HEAD: ViewHead = {
  id: "steps",
  label: "All steps",
  help: "One small picture for each step so far (a tree, a canvas, or a rung for each recurrence), with the text it committed. Choose one to go there.",
  isZoomable: false,
};

export const TOKENS_HEAD: ViewHead = {
  id: "tokens",
  label: "Tokens",
  help: "Bar and number: how likely the target found each token where it stands. The line under it tells how the token came to be.",
  isZoomable: false,
  isFor: ["text", "depth", "wave"],
};

export const ACCEPTANCE_HEAD: ViewHead = {
  id: "acceptance",
  label: "Acceptance",
  help: "Counts up to this step. The percentage is accepted out of tested; the dashed line is the sum of the acceptance probabilities.",
  isZoomable: false,
  isFor: ["text"],
};

export const COSTS_HEAD: ViewHead = {
  id: "costs",
  label: "Time",
  help: "Sums up to this step. Software adapters say nothing about the speed of GPUs.",
  isZoomable: false,
};
