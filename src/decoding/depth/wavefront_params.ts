/** Options of the diffusion-forcing sampler. */
import { choice, integer, number, toggle } from "../../base/params";
import { MOST_RECURRENCES } from "./params";

export const wavefrontParams = {
  innerRecurrence: integer({
    default: 1,
    min: 1,
    max: MOST_RECURRENCES,
    label: "Recurrences a step",
    help: "How often the core runs over the whole wave before tokens are drafted anew. The paper takes 4; models that settle fast need 1 or 2. No more than the prompt had.",
  }),
  exitThreshold: number({
    default: 0.03,
    min: 0,
    max: 2,
    step: 0.01,
    scale: { by: "log", least: 0.001 },
    label: "Frozen below",
    help: "A latent is done when it moved less than this, relative to its size, from one step to the next; with \u201cpace at rest\u201d, when its move differs so little from the one before. Larger is faster and strays from plain decoding.",
  }),
  maxWavefront: integer({
    default: 64,
    min: 2,
    max: 128,
    label: "Widest wave",
    help: "Most positions that are refined together. Each costs a row in every recurrence.",
  }),
  headway: integer({
    default: 1,
    min: 1,
    max: 8,
    label: "New positions a step",
    help: "How many join the wave in every step. Beyond the first their tokens are drawn at random until the next step drafts them.",
  }),
  freeze: choice({
    default: "latent-diff",
    choices: [
      { value: "latent-diff", label: "Latent at rest" },
      { value: "latent-acceleration", label: "Latent's pace at rest" },
      { value: "token-stability", label: "Token at rest" },
      { value: "fixed", label: "After fixed steps" },
    ],
    label: "Freeze when",
    help: "A latent that hardly moves; one whose steps hardly differ from one another, as it may do while it still drifts; a token drafted the same for as many steps as the prompt had recurrences' worth; or after that many steps, whatever happened.",
  }),
  freezeRule: choice({
    default: "prefix",
    choices: [
      { value: "prefix", label: "All before it too" },
      { value: "furthest", label: "The furthest" },
    ],
    label: "Which freeze",
    help: "The paper freezes a position when it and all before it are done. The released code freezes up to the furthest one that is, over others that are not.",
  }),
  requireUnchanged: toggle({
    default: false,
    label: "Token unchanged",
    help: "Also asks that a position's token is the one its latent was computed with. Not in the paper; it removes the rare case of a latent that rests on another token.",
  }),
  emaEmbeds: number({
    default: 0.1,
    min: 0,
    max: 0.9,
    step: 0.05,
    label: "Momentum of embeddings",
    help: "Share of the embedding that a position had in the step before.",
  }),
  stateNoise: number({
    default: 0,
    min: 0,
    max: 0.9,
    step: 0.05,
    label: "Noise in latents",
    help: "Share of fresh noise mixed into a latent before each step. The released default is 0.5; the paper reports its results with none.",
  }),
  noiseSchedule: choice({
    default: "damped",
    choices: [
      { value: "damped", label: "Less with each recurrence" },
      { value: "constant", label: "Constant" },
      { value: "variance", label: "Variance kept" },
    ],
    label: "Noise falls",
    help: "Damped divides the share by one more than the recurrences a latent has had; so does the last, with square roots, which keeps the variance.",
  }),
  initNew: choice({
    default: "random",
    choices: [
      { value: "random", label: "Noise" },
      { value: "previous", label: "Position before" },
    ],
    label: "New latents start as",
    help: "Noise keyed by seed and position, or what the position before has at the time.",
  }),
  prefillRecurrence: integer({
    default: 0,
    min: 0,
    max: MOST_RECURRENCES,
    label: "Recurrences of the prompt",
    help: "How often the core runs over the prompt; 0 takes as many as training used on average. The paper takes 32.",
  }),
  recurrenceCap: integer({
    default: 32,
    min: 1,
    max: 256,
    label: "At most",
    help: "A latent with so many recurrences counts as done, so that a core that never rests still ends, also with \u201cas released\u201d; the release ends after 4,096 steps instead. Not in the paper.",
  }),
  asReleased: toggle({
    default: false,
    label: "As released",
    help: "Does what the released code does: freezes up to the furthest latent at rest, shrinks the embeddings of new positions, freezes nothing in the step after a freeze (its comparison is off by some positions then; here: no comparison), and looks for ends late.",
  }),
};
