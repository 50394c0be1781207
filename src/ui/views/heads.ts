/** Tabs of runs whose drawings are fetched when they are first shown. */
import type { ViewHead } from "./view";

export const STEPS_HEAD: ViewHead = {
  id: "steps",
  label: "All steps",
  about: "It tells how the run went: where one pass gave many tokens, and where it gave few.",
  help: "One small picture for each step so far (a tree, a canvas, or a rung for each recurrence), with the text it committed. Choose one to go there.",
  isZoomable: false,
};

export const TOKENS_HEAD: ViewHead = {
  id: "tokens",
  label: "Tokens",
  about: "It tells how sure the model was of each token of the text, and where each one came from.",
  help: "Bar and number: how likely the target found each token where it stands. The line under it tells how the token came to be.",
  isZoomable: false,
  isFor: ["text", "depth", "wave"],
};

export const ACCEPTANCE_HEAD: ViewHead = {
  id: "acceptance",
  label: "Acceptance",
  about:
    "It tells how well the drafts fit the target: how many of those tested were accepted, against what the two laws promise.",
  help: "Counts up to this step. The percentage is accepted out of tested; the dashed line is the sum of the acceptance probabilities.",
  isZoomable: false,
  isFor: ["text"],
};

export const COSTS_HEAD: ViewHead = {
  id: "costs",
  label: "Time",
  about: "It tells where the time of the run went, by the kind of work.",
  help: "Sums up to this step. Software adapters say nothing about the speed of GPUs.",
  isZoomable: false,
};
