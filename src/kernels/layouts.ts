/**
 * Layouts of the buffers that kernels share; the same numbers stand in shaders/include/layouts.wgsl, and a test compares
 * them. All are arrays of u32; fields marked f32 hold its bits.
 */

/** "Nothing here": no slot, no node, no end token. */
export const NONE = 0xffffffff;

/** State of one text, one buffer of CTL_WORDS words. */
export const Ctl = {
  /** Committed tokens n; the anchor is x[n-1]. */
  N: 0,
  /** Rounds done; the `step` of random addresses. */
  STEP: 1,
  /** Why the text ended: 0 it has not, 1 end token, 2 token limit, 3 context full. Kernels that advance the text then do nothing. */
  DONE: 2,
  /** Largest n allowed by the token limit. */
  LIMIT: 3,
  SEED: 4,
  /** Largest n a text can have: the context of the models. */
  CONTEXT: 5,
  /** Draft nodes accepted in the last round (A). */
  ACCEPTED: 6,
  /** n at the start of the last round minus 1: the slot of its anchor. */
  BASE: 7,
  /** End tokens, four words, unused ones NONE. */
  END: 8,
} as const;
export const CTL_WORDS = 16;

/** One row of a forward pass. */
export const Row = {
  TOKEN: 0,
  POSITION: 1,
  /** Where its key and value go; NONE writes nothing (an idle row). */
  SLOT: 2,
  /** All slots below are visible. */
  BOUND: 3,
  /** Slot of bit 0 of the row's visibility bits. */
  WINDOW: 4,
  /** Explicit visibility instead: first entry and length in the slot list; used by the list form of attention only. */
  LIST_START: 5,
  LIST_LENGTH: 6,
  /** In place of these three where keys are kept in banks: the row's bank, slots of a bank, 1 to see no other bank. */
  BANK: 4,
  BANK_SLOTS: 5,
  BANK_EXACT: 6,
  UNUSED: 7,
} as const;
export const ROW_WORDS = 8;
/** Words of visibility bits per row: slots WINDOW .. WINDOW + 255. */
export const ROW_BIT_WORDS = 8;
/** Most nodes of a tree, the anchor included. */
export const MAX_TREE_NODES = 32 * ROW_BIT_WORDS;

/** A tree with room for `cap` nodes: field f of node i is word f * cap + i. Levels are contiguous, siblings too. */
export const Node = {
  TOKEN: 0,
  /** NONE for the anchor, and for an absent node (a level drawn short). */
  PARENT: 1,
  DEPTH: 2,
  SIBLING: 3,
  FIRST_CHILD: 4,
  CHILD_COUNT: 5,
  /** f32, as in trace/events.ts DraftNode. */
  LOGQ: 6,
  /** f32 */
  PHI: 7,
  /** f32 */
  PERTURBED: 8,
  /** Number it was drafted under: row of its draft law, slot of the draft model counted from the anchor's; NONE if never fed. */
  ORIGIN: 9,
} as const;
export const NODE_FIELDS = 10;
export const treeWords = (cap: number): number => NODE_FIELDS * cap;

/** What a round decided: a head of OUTCOME_HEAD words, then arrays of `cap` words each. */
export const Outcome = {
  /** 1 unless the text had ended before. */
  ACTIVE: 0,
  STEP: 1,
  /** Committed tokens before the round. */
  N: 2,
  /** Tokens committed, after the cut at an end token or limit. */
  EMITTED: 3,
  /** Accepted draft nodes, before the cut. */
  ACCEPTED: 4,
  /** 0 bonus, 1 residual, 2 argmax, 3 sample. */
  EXTRA: 5,
  /** As Ctl.DONE after the round. */
  STOP: 6,
  /** Last accepted node, and how many of its children were tested and rejected. */
  FINAL_NODE: 7,
  FINAL_REJECTED: 8,
  /** The token after the path, before the cut. */
  FINAL_TOKEN: 9,
} as const;
export const OUTCOME_HEAD = 16;
export const OutcomeArray = {
  /** Accepted nodes, anchor first: ACCEPTED + 1 entries. */
  PATH: 0,
  TOKENS: 1,
  /** f32, log of the target law at each token of TOKENS. */
  LOGPROBS: 2,
  /** f32 by node: log of the target law at the node's token. */
  LOGP: 3,
  /** f32 by node: target (residual) and draft probability when it was tested. */
  R: 4,
  D: 5,
  /** f32 by node */
  ACCEPT: 6,
  /** f32 by node, -1 where none was drawn */
  U: 7,
  /** By node: 0 not reached, 1 accepted, 2 rejected. */
  VERDICT: 8,
  /** PATH by the numbers its nodes were drafted under. */
  ORIGINS: 9,
} as const;
export const OUTCOME_ARRAYS = 10;
export const outcomeWords = (cap: number): number => OUTCOME_HEAD + OUTCOME_ARRAYS * cap;
/** Word at which array `a` starts. */
export const outcomeArray = (a: number, cap: number): number => OUTCOME_HEAD + a * cap;

/** Log-probability of an excluded token; finite since WGSL may assume infinities away. */
export const MASKED = -1.0e30;
