/**
 * What denoising methods see of a masked model and its memory. Implemented on the GPU in src/runtime and by a float64
 * fake in tests/helpers; a method cannot tell which it runs on.
 *
 * A canvas of T positions is held by the method. A pass sends some of its positions through the model: their keys and
 * values replace those in the slots of the same number, and the rows attend to every slot of the canvas, fresh or
 * stored earlier. What comes back is a few numbers for each position asked about, in one readback.
 */
import type { MaskedFacts, ModelFacts } from "../../models/model";

export type { MaskedFacts };

export interface CanvasFacts extends ModelFacts, MaskedFacts {
  readonly maskToken: number;
  /** Layers that a row goes through. */
  readonly layerCount: number;
}

/** One forward pass over part of a canvas. */
export interface CanvasPass {
  /** The tokens the rows are to see, one a position; the mask where undecided. Its length is that of the canvas. */
  readonly tokens: readonly number[];
  /** Positions [0, promptLength) are the prompt; matters to models whose prompt sees only itself. */
  readonly promptLength: number;
  /** Positions whose rows are computed and stored, ascending. With logit shift 1 the session adds the rows it needs. */
  readonly query: readonly number[];
  /** Positions to report on, ascending. */
  readonly scored: readonly number[];
  /** Tokens never proposed, and left out of every statistic; at most four. */
  readonly banned: readonly number[];
  /** Proposals are drawn from softmax(z / temperature); 0 takes the most probable token. */
  readonly temperature: number;
  /** Together with seed and position addresses the noise of the proposals. */
  readonly step: number;
  /** How many of the most probable tokens to report for each scored position; 0 for none. */
  readonly top: number;
}

/** Statistics of the law at each scored position; all arrays are parallel to `positions`. */
export interface Scores {
  readonly positions: readonly number[];
  /** The token drawn. */
  readonly proposal: readonly number[];
  /** Natural log of its probability in the plain softmax, at temperature 1. */
  readonly logprob: readonly number[];
  /** The two most probable tokens; the same token twice where no other is possible. */
  readonly best: readonly number[];
  readonly second: readonly number[];
  /** Difference of their logits. */
  readonly gap: readonly number[];
  /** Difference of their probabilities. */
  readonly margin: readonly number[];
  /** Of the plain softmax, in nats. */
  readonly entropy: readonly number[];
  /** The most probable tokens of each position, most probable first; empty unless asked for. */
  readonly top: readonly (readonly (readonly [token: number, logprob: number])[])[];
}

/** Device-independent counts of one pass. */
export interface PassCost {
  /** Rows that went through the layers, those that only fill up a group not counted. */
  readonly rows: number;
  readonly dispatches: number;
}

export interface PassResult {
  readonly scores: Scores;
  readonly cost: PassCost;
}

/** What a causal model says of a stretch of text; arrays are parallel to its tokens. */
export interface Judgement {
  /** Natural log of the probability of each token after all before it. */
  readonly logprob: readonly number[];
  /** Of the most probable token at the same place. */
  readonly bestLogprob: readonly number[];
  /** 0 for the most probable token, 1 for the next, and so on. */
  readonly rank: readonly number[];
  readonly cost: PassCost;
}

export interface CanvasSession {
  readonly model: CanvasFacts;
  /** A causal model with the same vocabulary that judges text; null if there is none. */
  readonly guider: ModelFacts | null;
  /** Most positions a canvas can have. */
  readonly maxContext: number;
  readonly seed: number;
  /**
   * One pass: one submit, one readback. Passes run in the order of the calls.
   * @throws DecoscopeError "method" if a scored position has no finite logit
   */
  denoise(pass: CanvasPass): Promise<PassResult>;
  /**
   * What the guider says of text[from], text[from + 1], ..., each after all tokens before it, in one pass. It keeps what
   * it computed: tokens before `from` that earlier calls saw are not computed again. Needs `from` of at least 1.
   * @throws DecoscopeError "method" without a guider
   */
  judge(text: readonly number[], from: number): Promise<Judgement>;
  /** Frees everything the session holds on the device. */
  dispose(): void;
}
