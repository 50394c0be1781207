/** What the numbers of a run count, in words: their documentation, and what the page says when one asks about a number. */

export interface Quantity {
  readonly name: string;
  readonly help: string;
}

export const QUANTITIES = {
  tokens: {
    name: "tokens",
    help: "Tokens that steps committed and that stand in the text now; the prompt and given tokens are not counted.",
  },
  chosen: { name: "tokens", help: "Tokens that the run committed." },
  filled: {
    name: "of these behind the end of the text",
    help: "Positions after the first end token: filled, but no part of the text.",
  },
  steps: { name: "steps", help: "Rounds of the method." },
  plannedSteps: {
    name: "steps",
    help: "Steps made, of those the method set out to make; no such number where it commits as many as it is sure of.",
  },
  targetForwards: { name: "target passes", help: "Forward passes of the model that decides." },
  evaluations: {
    name: "function evaluations",
    help: "Forward passes of the model over the canvas. A step that needs none makes none.",
  },
  targetRows: {
    name: "rows through the target",
    help: "Positions that went through the target, all passes together; a tree of N nodes is N + 1 rows in one pass.",
  },
  draftForwards: { name: "draft passes", help: "Forward passes of the model that drafts." },
  secondForwards: {
    name: "second model\u2019s passes",
    help: "Forward passes of the model that drafts or judges.",
  },
  guider: {
    name: "guider",
    help: "Forward passes of the model that judges the drafts, and positions that went through it.",
  },
  tokensPerForward: {
    name: "tokens a pass",
    help: "Tokens over target passes: plain decoding makes one pass for every token, so more than 1 is gained.",
  },
  rowLayers: {
    name: "row-layers",
    help: "Rows that went through each model times its layers, all models together; the prompt's own pass is not counted.",
  },
  uncachedRowLayers: {
    name: "row-layers",
    help: "Rows computed times layers, of those without a cache, where every step computes every position.",
  },
  rowShare: {
    name: "of the rows computed",
    help: "Rows computed over the rows that steps without a cache would compute.",
  },
  meanConfidence: {
    name: "mean confidence at commit",
    help: "Mean probability that the model gave the tokens in the step that committed them.",
  },
  acceptance: {
    name: "of tested drafts accepted",
    help: "Accepted drafts over drafts whose test was made. Drafts behind a refused one are never tested and not counted.",
  },
  wasted: {
    name: "drafted, of no use",
    help: "Drafted tokens that are on no accepted path: refused, or never reached.",
  },
  passes: {
    name: "passes",
    help: "Forward passes: one for the prompt and its first token, one for each step after it.",
  },
  recurrences: {
    name: "recurrences one after another",
    help: "Recurrences of the core that ran one after another: what cannot be done side by side, and so sets the least time.",
  },
  recurrencesPerToken: {
    name: "recurrences one after another, a token",
    help: "Recurrences that ran one after another over tokens, all that the run counts. A wave's first token comes with the prompt's pass, at full depth; over the drawing of a wave that pass and its token are left out.",
  },
  coreRows: {
    name: "rows through the core",
    help: "Rows in all recurrences together: the work of the core.",
  },
  coreEntries: {
    name: "keys with values in the core",
    help: "Pairs of key and value that the layers of the core keep for the tokens so far.",
  },
  sharedEntries: {
    name: "keys in the shared layers, of all at full depth",
    help: "Pairs of key and value that the shared layers keep, and how many there were if every token ran every recursion.",
  },
  dispatches: {
    name: "dispatches",
    help: "Kernels started on the GPU in all steps; each costs some time of its own.",
  },
  submits: {
    name: "submits and readbacks",
    help: "Command buffers handed to the GPU, and times the page waited for results from it.",
  },
  time: {
    name: "time",
    help: "From the first step to the shown one by the clock of the device it ran on, with the pauses between steps and, in a first run, the compiling of kernels.",
  },
  tokensPerSecond: {
    name: "tokens a second",
    help: "Tokens of the steps after the first over their time, with the pauses between them. The first step is left out: in a first run it holds the compiling of kernels.",
  },
  law: {
    name: "law of the text",
    help: "Whether the text is distributed exactly as if the target had written it token by token, at every temperature.",
  },
  seed: {
    name: "seed",
    help: "All random numbers come from it: the same seed, settings and kind of device give the same tokens.",
  },
  end: { name: "ended by", help: "What ended the run." },
  hash: {
    name: "token hash",
    help: "A number made from all tokens of the text: two runs with the same hash wrote the same text.",
  },
} as const satisfies Readonly<Record<string, Quantity>>;
