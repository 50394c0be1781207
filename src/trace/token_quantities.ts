/** Words for the numbers of one token, position or round; {@link QUANTITIES} has those of runs. */
import type { Quantity } from "./quantities";

export const TOKEN_QUANTITIES = {
  p: {
    name: "target probability, p",
    help: "How likely the target finds this token here, after the sampling settings.",
  },
  pAtDepth: {
    name: "probability, p",
    help: "How likely the model found this token here, at the depth where the latent before it stopped or was frozen, after the sampling settings.",
  },
  q: {
    name: "draft probability, q",
    help: "How likely the draft model found this token here when it drew it.",
  },
  r: {
    name: "r",
    help: "What refused siblings left of the target's probability: each took its own share away, the rest is scaled to sum to 1.",
  },
  kSeq: {
    name: "r",
    help: "The target's probability over the factor \u03c1 that is fitted so that all drafts together keep the target's law.",
  },
  d: {
    name: "d",
    help: "The draft's probability with the tokens already drawn here left out and the rest scaled to sum to 1.",
  },
  acceptProb: {
    name: "accepted below",
    help: "The draft is accepted if a number drawn evenly from 0 to 1 is below this: by this rule the text keeps the target's law.",
  },
  u: { name: "uniform draw, u", help: "The random number of this test, drawn evenly from 0 to 1." },
  gap: {
    name: "gap of the best two logits",
    help: "How far the logit of the best token is above that of the second: large where the model is decided.",
  },
  margin: {
    name: "margin of the best two",
    help: "How much more probable the best token is than the second.",
  },
  entropy: {
    name: "entropy",
    help: "How undecided the model is: 0 if it is sure of one token, the logarithm of the number of tokens if all are alike.",
  },
  committedAt: {
    name: "probability when committed",
    help: "What the model gave this token in the step that committed it.",
  },
  cacheAge: {
    name: "keys and values",
    help: "When this position last went through the layers; in between, other positions see what it left then.",
  },
  judged: {
    name: "its probability of the draft",
    help: "How likely the left-to-right model finds the draft after the tokens before it.",
  },
  favourites: {
    name: "favourites",
    help: "The token the model found most likely in these steps, and its least and largest probability meanwhile.",
  },
  L: { name: "tokens a round, L", help: "Tokens that a round commits, on average over this run." },
  N: {
    name: "rows a round, N",
    help: "Rows of the target in one pass over a tree: its nodes and the last committed token.",
  },
  c: {
    name: "c(N)",
    help: "Time of a pass over N rows through the target, in passes of one row.",
  },
  draftCost: { name: "d", help: "Time of the drafting of a round, in target passes of one row." },
  gain: {
    name: "gain, L / (c(N) + d)",
    help: "Tokens of a round over its cost in plain steps: above 1 the tree pays on this device.",
  },
} as const satisfies Readonly<Record<string, Quantity>>;
