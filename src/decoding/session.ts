/**
 * What decoding methods see of a model and its memory. Implemented on the GPU in src/runtime and by a float64
 * fake in tests/helpers; a method cannot tell which it runs on.
 *
 * A method records the work of one round once (a Program) and then runs it again and again: token ids, positions,
 * the tree and the committed text live behind handles, so a round can start before the last one was read back.
 * The round contract: text x[0..n-1] is committed, x[n-1] is the anchor, caches hold positions 0..n-2.
 * @see docs/decisions for why rounds are recorded
 */
import type { ModelFacts } from "../models/model";
import type { SamplerSettings, VerifyEvent } from "../trace/events";

export type { ModelFacts };

export type VerifyRule = VerifyEvent["rule"];

export type ModelRole = "target" | "draft";

declare const brand: unique symbol;
interface Handle<Name extends string> {
  readonly [brand]: Name;
}
/** Rows to feed to a model: tokens with positions, slots and visibility. */
export type Rows = Handle<"rows">;
/** One law per row, as normalised log-probabilities after sampling settings. */
export type Laws = Handle<"laws">;
/** A draft tree under construction or finished. */
export type Tree = Handle<"tree">;

/** For each token of the vocabulary some tokens that may follow it. Lives as long as its program. */
export type Successors = Handle<"successors">;
/** Tokens guessed for the positions after the text. None at first; lives as long as its program. */
export type Guesses = Handle<"guesses">;

/** Tokens that may be drawn; all of them until something is set. Lives as long as its program. */
export interface AllowedTokens {
  /** For the rounds that are run from now on: one bit a token, u32 [ceil(V / 32)]. */
  set(bits: Uint32Array<ArrayBuffer>): void;
}

/** A handle whose contents a Program can return to the CPU. */
export interface Readable<T> {
  readonly [brand]: "readable";
  /** Never set; carries the type. */
  readonly __value?: T;
}

/** The most probable tokens of each row: ids and natural-log probabilities, [rows, k] row-major. */
export interface TopTokens {
  readonly rows: number;
  readonly k: number;
  readonly tokens: Uint32Array;
  readonly logprobs: Float32Array;
}

/** Nodes as in trace/events.ts DraftNode; `count` includes the anchor. An absent node (a level drawn short) has parent -2. */
export interface TreeContents {
  readonly count: number;
  readonly token: Uint32Array;
  readonly parent: Int32Array;
  readonly depth: Uint32Array;
  readonly sibling: Uint32Array;
  readonly logq: Float32Array;
  readonly phi: Float32Array;
  readonly perturbed: Float32Array;
  /** Number of the node when it was drafted, which its slot in the draft model's cache goes by; -1 if it was never fed. */
  readonly origin: Int32Array;
}

/** What a round decided. Arrays over nodes have the tree's `count` entries; entry 0 (the anchor) is unused. */
export interface RoundOutcome {
  /** False if the text had already ended before this round ran (it was submitted ahead): ignore everything else. */
  readonly active: boolean;
  /** Round number, from 0. Its random numbers have it as their `step`, or later ones in a session that begins so. */
  readonly step: number;
  /** Committed tokens before the round. */
  readonly n: number;
  /** Tokens committed, after cutting at an end token or the limit. */
  readonly tokens: Uint32Array;
  /** Log of the target law at each of `tokens`. */
  readonly logprobs: Float32Array;
  /** Accepted node ids, anchor first; before any cut. */
  readonly path: Uint32Array;
  readonly extra: "bonus" | "residual" | "argmax" | "sample";
  readonly stop: "none" | "end_token" | "max_tokens" | "context_full";
  readonly logp: Float32Array;
  readonly r: Float32Array;
  readonly d: Float32Array;
  readonly acceptProb: Float32Array;
  /** Negative where none was drawn. */
  readonly u: Float32Array;
  /** 0 not reached, 1 accepted, 2 rejected. */
  readonly verdict: Uint32Array;
}

/** How children are chosen. All of it happens on the device. */
export type Expansion =
  /** The `children` best of log q + Gumbel noise at every frontier node: sampling without replacement (RSD-C, chain). */
  | { readonly kind: "per_node"; readonly children: number }
  /** Stochastic beam search: the `width` best perturbed path values over all frontier nodes (RSD-S). */
  | { readonly kind: "beam"; readonly width: number }
  /**
   * The `children` best at every frontier node are listed, and of all that are listed the `width` of largest value go
   * on: the path's probability (EAGLE-2), or the estimated chance that the draw is ever tested (DySpec), which must be
   * `least` or more; by reach, those of largest value times own probability, the value of a first child. What was listed can
   * be had by `ranked`.
   */
  | {
      readonly kind: "best";
      readonly by: "probability" | "reach";
      readonly children: number;
      readonly width: number;
      readonly least: number;
    }
  /** The `counts[i]` best of log q + Gumbel noise at frontier node i; one entry for each of them (Sequoia). */
  | { readonly kind: "planned"; readonly counts: readonly number[] }
  /** `children` draws from q at every frontier node, with replacement: equal ones are nodes of their own (SpecInfer). */
  | { readonly kind: "independent"; readonly children: number }
  /**
   * One more draw on each of the paths that end in the frontier. Paths that have been equal so far go on below one
   * node: the first of equal siblings is the parent of what comes after any of them (SpecTr).
   */
  | { readonly kind: "paths" };

/** A tree of fixed shape: the parent of each node and which of the parent's successors it is; entry 0 is the anchor's. */
export interface TreeTemplate {
  readonly parent: readonly number[];
  readonly rank: readonly number[];
}

/** By token, its `k` successors, most probable first. */
export type SuccessorRows = ReadonlyMap<number, readonly number[]>;

/** How all nodes of a tree are chosen at once, without chance and without a draft model. */
export type Choice =
  /** From a table, following a template with siblings together, by rank from 0. */
  | { readonly kind: "template"; readonly successors: Successors; readonly template: TreeTemplate }
  /**
   * A chain of what followed an earlier occurrence of the text's last tokens: of as many of them as possible, at most
   * `longest`; the latest with whatever follows it, or the earliest that a whole chain follows.
   */
  | { readonly kind: "lookup"; readonly longest: number; readonly which: "latest" | "earliest" }
  /** A chain of guesses; once the round is committed, what the target said after each becomes the next guess. */
  | { readonly kind: "guesses"; readonly guesses: Guesses };

export interface Recorder {
  /** The last `count` committed tokens as rows; the last row is the anchor. With fewer committed, leading rows are idle. */
  committedTail(count: 1 | 2): Rows;
  /** Rows of the tree's nodes at one level (0 is the anchor), or of all nodes. */
  levelRows(tree: Tree, level: number): Rows;
  allRows(tree: Tree): Rows;
  /**
   * One forward pass; writes keys and values to the rows' slots. Returns one law per row under `sampler`.
   * With temperature 0 the law of role "target" is one-hot and that of role "draft" is the softmax at temperature 1.
   * With `learn`, once the round is committed, the most probable tokens after each row (before sampling settings) are
   * the successors of its token; of several rows with one token, one on the accepted path wins, then the last. Needs
   * all rows of a tree.
   * @param allowed the only tokens with a probability
   */
  forward(
    model: ModelRole,
    rows: Rows,
    sampler: SamplerSettings,
    learn?: Successors,
    allowed?: AllowedTokens,
  ): Laws;
  /** Room for a set of tokens of the target's vocabulary. */
  allowedTokens(): AllowedTokens;
  /** The target's own law at the last of rows that were just fed to it: temperature 1, no settings. One more pass of the head. */
  plain(rows: Rows): Laws;
  /** The k <= 64 most probable tokens of each row. */
  top(laws: Laws, k: number): Readable<TopTokens>;

  /** A tree holding only the anchor. `levels[l]` is the number of nodes at depth l + 1, fixed. */
  tree(levels: readonly number[]): Tree;
  /**
   * Adds one level below the deepest one. `laws` has one row for each node of that level, in node order (for the
   * anchor: the last row of a committedTail forward). `noisy: false` takes the best without noise (greedy).
   */
  expand(tree: Tree, laws: Laws, how: Expansion, noisy: boolean): void;
  /**
   * A finished tree of the `count` candidates of largest value, `least` or more, that were ever listed for a tree
   * grown by "best" levels with as many children each, whether drafting went on below them or not.
   */
  ranked(tree: Tree, count: number, least: number): Tree;
  nodes(tree: Tree): Readable<TreeContents>;

  /** Tables of `k` successors (at most 64) for each token; empty at first but for the rows of `start`. */
  successors(k: number, start?: SuccessorRows): Successors;
  /** Room for `count` guesses. */
  guesses(count: number): Guesses;
  /** Fills a tree that holds only the anchor; nodes that nothing is known for are absent. */
  choose(tree: Tree, how: Choice): void;

  /** Draws one token from the last row's law (argmax if temperature is 0), commits it, advances the round. */
  commitSample(laws: Laws): Readable<RoundOutcome>;
  /** After {@link commitSample}: what another law gives the token that was drawn, as a natural logarithm. */
  drawn(laws: Laws): Readable<number>;
  /**
   * Verifies the tree, commits the accepted path and one more token, compacts the slots of the models used in this
   * program, advances the round. `target` has one row per node; draft laws are those given to `expand`.
   */
  commitTree(tree: Tree, target: Laws, rule: VerifyRule): Readable<RoundOutcome>;
}

/** Device-independent counts of one run of a program. */
export interface ProgramCost {
  readonly targetForwards: number;
  readonly targetRows: number;
  readonly draftForwards: number;
  readonly draftRows: number;
  readonly dispatches: number;
  /** Bytes read back per run. */
  readonly readbackBytes: number;
}

export type ReadableMap = Readonly<Record<string, Readable<unknown>>>;
export type Values<M extends ReadableMap> = {
  readonly [K in keyof M]: M[K] extends Readable<infer T> ? T : never;
};

export interface Program<T> {
  readonly cost: ProgramCost;
  /**
   * Submits `times` rounds (default 1) in one submit and resolves with what each read back, in one readback.
   * May be called again before the promise resolves: rounds run in the order of the calls.
   */
  run(times?: number): Promise<readonly T[]>;
}

export interface Session {
  readonly target: ModelFacts;
  readonly draft: ModelFacts | null;
  /** Most tokens a text can have, prompt included, when trees of up to `treeNodes` nodes are used. */
  readonly maxContext: number;
  /** Runs a checked prompt (see prompt.ts) through every model the session holds, all but its last token. */
  prefill(tokens: readonly number[]): Promise<void>;
  /** Records the work of one round. Pipelines are compiled before the promise resolves. */
  record<M extends ReadableMap>(build: (ops: Recorder) => M): Promise<Program<Values<M>>>;
  /** Frees everything the session holds on the device. */
  dispose(): void;
}
