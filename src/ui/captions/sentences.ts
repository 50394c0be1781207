/** The sentences about what the stage shows: three for each kind of run, and for a method what is its own in them. */
import type { ParamValues } from "../../base/params";
import { plural } from "../format";

export type Lines = readonly [string, string, string];
/** What a method has to say instead of the sentences of its kind; null keeps one. */
type Own = readonly [string | null, string | null, string | null];

export const TREE: Lines = [
  "A small, quick model drafts a tree of likely continuations.",
  "The large model reads the whole tree in one pass: filled nodes are accepted, crossed ones refused.",
  "The accepted path joins the text, with one more token from the large model itself.",
];
export const WITHOUT_MODEL: Lines = [
  "A draft is put together without a second model.",
  TREE[1],
  "The accepted path joins the text, with one more token from the model itself.",
];
export const PLAIN: Lines = [
  "One pass of the model says how likely every next token is.",
  "One token is drawn by these chances.",
  "It joins the text, and the next step begins: one pass a token.",
];
export const CANVAS: Lines = [
  "The text starts as a row of masks; one pass guesses all of them at once.",
  "Each step commits some guesses, shown in blue; the others stay masked and are guessed again.",
  "When no mask is left, the text is done.",
];
/** Methods that take back what they committed, and go on when nothing is masked. */
export const REMASKED: Lines = [
  CANVAS[0],
  "Each step commits some guesses, shown in blue, and masks some of the committed ones again, shown in orange, to guess them anew.",
  "After the last step no mask is left, and the text is done.",
];
export const DEPTH: Lines = [
  "The same layers run again and again over one token: its latent moves less each time.",
  "When the latent has settled the token stops, at its bar; dots are runs that it was spared.",
  "The next token is drawn from where it stopped, joins the text and begins its own runs.",
];
export const FIXED_DEPTH: Lines = [
  DEPTH[0],
  "Every token runs them equally often, whether its latent still moves or not.",
  "The next token is drawn from the last run, joins the text and begins its own runs.",
];
export const WAVE: Lines = [
  "A wave of positions is worked on at once, each drafted from the half-finished one before it.",
  "Every step runs the layers over the whole wave again: drafts change, and latents come to rest.",
  "Positions at rest are frozen from the front, in blue, and join the text; new ones join behind.",
];

export const itself = (draftRecurrences: unknown): Lines => [
  typeof draftRecurrences === "number"
    ? `The model drafts for itself, with ${plural(draftRecurrences, "recurrence")} of its layers a token.`
    : "The model drafts for itself, with few recurrences of its layers a token.",
  "At its full depth it reads all drafts in one pass: filled nodes are accepted, crossed ones refused.",
  "The accepted path joins the text, with one more token from the full depth.",
];

const FORCED = "Here all tokens run them equally often, whatever the router says.";
/** How a router's gates are used, by the option `routing`. */
const ROUTED: Readonly<Record<string, string>> = {
  threshold:
    "A gate that reaches the threshold, the tick, lets the token in again; the others are done and keep fewer keys.",
  "topk-text":
    "The largest gates of the whole text are let in again, also by tokens that come later: an analysis, no way to write.",
};
export const routed = ({ routing, forceDepth }: ParamValues): Lines => [
  "Every token runs the shared layers once; a router gives it a gate for each further time.",
  typeof forceDepth === "number" && forceDepth > 0
    ? FORCED
    : (ROUTED[String(routing)] ??
      "The router decides which tokens run them again; the others are done and keep fewer keys."),
  "The last layer reads the token where it stopped; the next one is drawn and joins the text.",
];
/** Routers that have each token choose its depth once. */
export const chosen = ({ forceDepth }: ParamValues): Lines => [
  "A router looks at each token once and gives every depth a probability.",
  typeof forceDepth === "number" && forceDepth > 0
    ? FORCED
    : "The token runs the shared layers as often as its likeliest depth says; the others are done and keep fewer keys.",
  "The last layer reads the token where it stopped; the next one is drawn and joins the text.",
];

/** What is a method's own, by its id. Methods that are not named are told by their kind. */
const OWN: Readonly<Record<string, Own>> = {
  jacobi: [
    "The model's own last answers are the guesses for a block of next tokens; no other model drafts.",
    "One pass renews all guesses: those the model agrees with from the left are accepted, the first it does not ends the run.",
    null,
  ],
  "prompt-lookup": [
    "If the last tokens stood in the text before, what followed them there is copied as the draft.",
    null,
    null,
  ],
  "token-recycling": [
    "What the model thought likely after each token is kept; the draft tree is unrolled from this table.",
    null,
    null,
  ],
  "speculative-chain": [
    "A small, quick model drafts several tokens in a row.",
    "The large model reads all of them in one pass: they are accepted from the left until the first is refused, crossed.",
    "The accepted drafts join the text, with one more token from the large model itself.",
  ],
  "rsd-c": [
    "A small, quick model drafts a tree: after each node so many different tokens, drawn without replacement.",
    null,
    null,
  ],
  "rsd-s": [
    "A small, quick model drafts a tree: the likeliest of whole sequences, drawn without replacement.",
    null,
    null,
  ],
  specinfer: [
    "A small, quick model drafts a tree of fixed shape; siblings are drawn independently and can be equal.",
    "The large model reads the whole tree in one pass: a refused draft, crossed, takes its share out of the law before the next is tested.",
    null,
  ],
  spectr: [
    "A small, quick model drafts several sequences independently; where they begin alike they share a node.",
    "The large model reads them in one pass; at each position one candidate is kept, or all are refused, crossed.",
    null,
  ],
  sequoia: [
    "A small, quick model fills a tree whose shape was planned from measured acceptance.",
    null,
    null,
  ],
  dyspec: [
    "The tree grows by the draw most likely to be tested: deep where the small model is sure, wide where it is not.",
    null,
    null,
  ],
  "eagle-tree": [
    "The small model goes on from its most confident paths; the best nodes of all levels are kept for the test.",
    null,
    null,
  ],
  "random-order": [
    null,
    "Each step commits the guesses at the next places of an order drawn beforehand, shown in blue; the others stay masked.",
    null,
  ],
  "low-confidence": [
    null,
    "Each step commits the surest guesses, shown in blue; the others stay masked and are guessed again.",
    null,
  ],
  "fast-dllm": [
    null,
    "Each step commits all guesses that are sure enough to be kept together, shown in blue, and at least one.",
    null,
  ],
  prophet: [
    null,
    "Each step commits sure guesses, shown in blue, and measures how far the best token of each open place leads the second.",
    "When this lead passes a bar that falls with time, all that is left is committed at once.",
  ],
  "dkv-cache": [
    "The text starts as a row of masks; one pass guesses all of them and keeps the keys and values.",
    "Each step commits some guesses, shown in blue; what was committed before is read from the cache, not computed again.",
    "When no mask is left, the text is done; the squares below the canvas tell how many rows each step computed.",
  ],
  "guided-diffusion": [
    "The text starts as a row of masks; one pass guesses all of them at once, each on its own.",
    "A second model reads the guesses from left to right and lets a beginning pass: it is committed, shown in blue.",
    null,
  ],
  radd: [
    "The text starts as a row of masks; time runs down in equal steps, and chance says which masks open in each.",
    "A step that opens masks makes a pass and commits, shown in blue; a step that opens none needs no pass.",
    null,
  ],
  "eoser-ass": [
    null,
    "Each step commits twice as many guesses as the one before, shown in blue; early on, end tokens count for little.",
    null,
  ],
};

/** The sentences of a kind of run with those that are a method's own. */
export const withOwn = (kind: Lines, method: string | undefined): Lines => {
  const own = OWN[method ?? ""];
  return own ? [own[0] ?? kind[0], own[1] ?? kind[1], own[2] ?? kind[2]] : kind;
};
/** Methods with sentences of their own. */
export const methodsWithOwn: readonly string[] = Object.keys(OWN);
