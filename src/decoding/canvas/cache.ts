/**
 * Which rows a pass computes. What is not computed keeps the keys and values of an earlier pass: exact only where those
 * could not have changed, so every policy here but `uncached` is an approximation.
 */
import type { CachePolicy, Moment } from "./parts";

const span = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, i) => start + i);
const everything = ({ canvas }: Moment): number[] => span(0, canvas.length);
const union = (...lists: readonly (readonly number[])[]): number[] =>
  [...new Set(lists.flat())].sort((a, b) => a - b);

/** Every row in every pass. */
export const uncached: CachePolicy = { query: everything };

/**
 * A full pass when a block begins, then only rows from the block's start on.
 * @see Wu et al. 2025, Fast-dLLM, section 3.2
 */
export const prefixCache: CachePolicy = {
  query: (m) => (m.region.step === 0 ? everything(m) : span(m.region.start, m.canvas.length)),
};

/**
 * A full pass when a block begins, then only the rows of the block.
 * @see Wu et al. 2025, Fast-dLLM, section 3.2 (DualCache)
 */
export const dualCache: CachePolicy = {
  query: (m) => (m.region.step === 0 ? everything(m) : span(m.region.start, m.region.end)),
};

/** Rows whose token, or whose successor's token where logits are shifted, became known in the step before this one. */
const justKnown = ({ canvas, step, model }: Moment): number[] => {
  const committed = span(0, canvas.length).filter((p) => canvas.committedAt[p] === step - 1 && step > 0);
  return model.logitShift === 0
    ? committed
    : union(
        committed,
        committed.map((p) => Math.max(0, p - 1)),
      );
};

/**
 * How a delayed cache treats the prompt: computed in refreshes only; in every pass; or in the very first pass alone
 * (exact where prompt rows see nothing but the prompt).
 */
export type PromptRows = "stored" | "live" | "once";

/** Rows of a full pass. */
const refreshRows = (m: Moment, prompt: PromptRows): number[] =>
  prompt === "once" && m.step > 0 ? span(m.canvas.promptLength, m.canvas.length) : everything(m);

/** Rows of the prompt in a pass that is no refresh. */
const promptRows = ({ canvas }: Moment, prompt: PromptRows): number[] =>
  prompt === "live" ? span(0, canvas.promptLength) : [];

const isRefresh = ({ region }: Moment, refreshEvery: number): boolean =>
  region.step < 2 || (refreshEvery > 0 && region.step % refreshEvery === 0);

/**
 * The prompt in the first pass, everything else in every pass: exact where prompt rows see nothing but the prompt.
 * @see Ma et al. 2025, dKV-Cache, section 3.3 (dKV-Cache-Prefill)
 */
export const prefillCache: CachePolicy = { query: (m) => refreshRows(m, "once") };

export interface DelayedOptions {
  /** A full pass every so many steps of a block; 0 never after the first two. */
  readonly refreshEvery: number;
  /** Whether a committed token is computed once more, now that the pass sees it. Without, it stays what it was as a mask. */
  readonly delay: boolean;
  readonly prompt: PromptRows;
}

/**
 * Masked rows in every pass, and each committed token once more, one step late: its keys and values change most when
 * the token becomes known. Where row i speaks of position i + 1, it is stored once both tokens are known.
 * @see Ma et al. 2025, dKV-Cache, section 3.3 (dKV-Cache-Decode; with `prompt` "once" dKV-Cache-PD), appendix on Dream
 */
export const delayedCache = ({ refreshEvery, delay, prompt }: DelayedOptions): CachePolicy => ({
  query(m) {
    if (isRefresh(m, refreshEvery)) return refreshRows(m, prompt);
    return union(promptRows(m, prompt), m.canvas.masked(), delay ? justKnown(m) : []);
  },
});

export interface GreedyOptions {
  readonly refreshEvery: number;
  /** Masked neighbours computed beside the positions at work. */
  readonly window: number;
  /** Whose neighbours: of the positions decoded in the step before, as the paper has it, or of those decoded now. */
  readonly centre: "previous" | "next";
  readonly prompt: PromptRows;
}

/** The nearest masked positions around `centres`, at most `count`; of two equally near the left one. */
function nearest(masked: readonly number[], centres: readonly number[], count: number): number[] {
  const distance = (p: number): number => Math.min(...centres.map((c) => Math.abs(c - p)));
  return [...masked].sort((a, b) => distance(a) - distance(b) || a - b).slice(0, count);
}

/**
 * Only the positions decoded now, those decoded in the step before, and a window of masked ones: the cost of a step does
 * not grow with the canvas. Needs an order that is known before the pass.
 * @see Ma et al. 2025, dKV-Cache, section 3.4 (dKV-Cache-Greedy)
 */
export const greedyCache = ({ refreshEvery, window, centre, prompt }: GreedyOptions): CachePolicy => ({
  query(m, ahead) {
    if (isRefresh(m, refreshEvery)) return refreshRows(m, prompt);
    if (!ahead) throw new Error("this cache needs an order that is known before the pass");
    const before = justKnown(m);
    const others = m.canvas.masked(m.region.start, m.region.end).filter((p) => !ahead.includes(p));
    const centres = centre === "previous" && before.length > 0 ? before : ahead;
    return union(promptRows(m, prompt), ahead, before, nearest(others, centres, window));
  },
});

/**
 * One full pass, then everything from the block's start on: what is finished is never computed again. With `staleTail`
 * off, the tokens that the last step of a block committed are computed once more, since their rows were still masks.
 * @see Hu et al. 2025, FlashDLM, section 3.1 (FreeCache)
 */
export const freeCache = (staleTail: boolean): CachePolicy => ({
  query(m) {
    if (m.step === 0) return everything(m);
    return union(staleTail ? [] : justKnown(m), span(m.region.start, m.canvas.length));
  },
});
