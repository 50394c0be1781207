/**
 * What a run tells the world: plain records, structured-cloneable, never changed after they were yielded.
 * Pictures, metrics, links, files, tests and the headless runner all read these and nothing else.
 * Documented for other engines in docs/trace.md; legal order in grammar.ts.
 */
import type { ErrorRecord } from "../base/errors";
import type { ParamValues } from "../base/params";
import type { AnyCanvasEvent } from "./canvas_events";
import type { AnyDepthEvent } from "./depth_events";

/** Raised when a reader of an older version could misread a trace. */
export const TRACE_VERSION = 1;

/** The user's sampler, applied to target logits in this order. */
export interface SamplerSettings {
  /** 0 is greedy. */
  readonly temperature: number;
  /** Keep the k most probable tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the smallest set of most probable tokens with at least this mass; 1 keeps all. */
  readonly topP: number;
  /** Drop tokens less probable than this fraction of the most probable; 0 keeps all. */
  readonly minP: number;
  /** Divide positive logits of tokens in the text by this and multiply negative ones; 1 is off. */
  readonly repetitionPenalty: number;
}

interface Base {
  /** Round of the method, from 0; run_start has step 0, run_end that of the last round. */
  readonly step: number;
  /** Milliseconds since the run started. */
  readonly ms: number;
}

/** A token with the natural logarithm of its probability. */
export type TokenLogprob = readonly [token: number, logprob: number];

/**
 * Tokens that stand after the prompt before the first round: a run that goes on from a place of another one (a branch),
 * or fills in what is left between given tokens.
 */
export interface RunBegin {
  /**
   * Step whose random numbers the first round draws; round s draws those of `step + s`. For a branch one more than the
   * step it leaves, so that with the tokens its parent has there it draws what its parent drew.
   */
  readonly step: number;
  /** From the prompt's end on. Null for a position that is to be filled in; only in runs with a canvas. */
  readonly tokens: readonly (number | null)[];
  /** Indices into `tokens`, ascending: those somebody chose. The others are the parent's own. */
  readonly forced: readonly number[];
}

/** In how many bits a model's numbers are kept on the device, in the engine's own words: "int8". */
export interface KeptModel {
  readonly model: string;
  /** Its weights. */
  readonly storage: string;
  /** Keys and values of its texts. */
  readonly cacheStorage: string;
}

export interface RunStartEvent extends Base {
  readonly kind: "run_start";
  readonly version: number;
  readonly method: string;
  readonly model: string;
  readonly draft: string | null;
  readonly params: ParamValues;
  readonly sampler: SamplerSettings;
  readonly seed: number;
  readonly maxNewTokens: number;
  /** The text the prompt was made from. */
  readonly prompt: string;
  readonly promptTokens: readonly number[];
  /** What stands after the prompt from the start; null for nothing. It counts towards maxNewTokens and the hash. */
  readonly begin: RunBegin | null;
  /** The run's models that are not kept in f32; left out if there is none. */
  readonly kept?: readonly KeptModel[];
  /** Description of the device, for people; not parsed. */
  readonly adapter: string;
}
/** The prompt was run through the models. */
export interface PrefillEvent extends Base {
  readonly kind: "prefill";
  readonly tokens: number;
}
/** The most probable tokens of one law, most probable first. */
export interface CandidatesEvent extends Base {
  readonly kind: "candidates";
  /** Whose law, after sampling settings. */
  readonly of: "target" | "draft";
  /** Tree node after whose path the law stands; null outside trees. */
  readonly node: number | null;
  /** Position in the text that the candidates compete for. */
  readonly position: number;
  readonly top: readonly TokenLogprob[];
}
/** One node of a draft tree. Node 0 is the anchor, the last committed token, and is listed too. */
export interface DraftNode {
  readonly id: number;
  /** -1 for the anchor; otherwise smaller than `id`. */
  readonly parent: number;
  readonly depth: number;
  /** Draw order among the children of its parent, from 0; verification visits in this order. */
  readonly sibling: number;
  readonly token: number;
  /** Log of the draft law at this draw (without replacement: renormalised over tokens not drawn yet); 0 for the anchor. */
  readonly logq: number;
  /** Log of the draft law over the whole path from the anchor. */
  readonly phi: number;
  /**
   * What decided what was kept: Gumbel-perturbed `phi`; `phi` without sampling; in trees grown by reach the log of the
   * estimated chance that this draw is ever tested.
   */
  readonly perturbed: number;
}
/** A draft tree stands, before the target saw it. */
export interface DraftEvent extends Base {
  readonly kind: "draft";
  readonly law: "point" | "chain" | "iid" | "wor" | "iidPaths";
  readonly nodes: readonly DraftNode[];
}
/** What verification said of one node. */
export interface NodeVerdict {
  readonly id: number;
  /** Log of the target law at this token after its parent's path. */
  readonly logp: number;
  /** Target (residual) probability when the node was tested; under K-SEQ the target probability over rho. */
  readonly r: number;
  /** Draft probability it was tested against; 1 where the rule is sample_and_match. */
  readonly d: number;
  /** min(1, r / d). */
  readonly acceptProb: number;
  /** The uniform that was drawn; accepted if u < acceptProb. Null where none was drawn (greedy, match, not reached). */
  readonly u: number | null;
  readonly outcome: "accepted" | "rejected" | "not_reached";
}
/** The target judged a draft tree. */
export interface VerifyEvent extends Base {
  readonly kind: "verify";
  /**
   * Which test the children of a node go through (docs/trace.md): the target's argmax; rejection sampling with children
   * drawn without replacement, or independently (SpecInfer); K-SEQ (SpecTr); or one draw from the target's law.
   */
  readonly rule: "greedy" | "recursive_rejection" | "multi_round" | "k_seq" | "sample_and_match";
  readonly lossless: boolean;
  /** One for every drafted node (not the anchor), by id. */
  readonly verdicts: readonly NodeVerdict[];
  /** Accepted node ids from the anchor on, anchor first. */
  readonly path: readonly number[];
  /** Where the extra token came from: the plain law (no children), the residual law, or the argmax. */
  readonly extra: "bonus" | "residual" | "argmax";
}
/** How a committed token came to be. (Tokens of {@link RunBegin} were not committed by any round.) */
export type TokenOrigin = "target" | "accepted" | "residual" | "bonus";
/** Tokens became part of the text. */
export interface CommitEvent extends Base {
  readonly kind: "commit";
  readonly positions: readonly number[];
  readonly tokens: readonly number[];
  readonly origins: readonly TokenOrigin[];
  /** Log of the target law at each token. */
  readonly logprobs: readonly number[];
  /** Tree node each token came from; null for tokens that were no draft. */
  readonly nodes: readonly (number | null)[];
}
/** Tokens left the text: everything from a position on. */
export interface RetractEvent extends Base {
  readonly kind: "retract";
  readonly from: number;
}
/** What a round did to the cache of one model. Slots below `base` held the committed prefix before the round. */
export interface SlotsEvent extends Base {
  readonly kind: "state";
  readonly of: "target" | "draft";
  readonly base: number;
  /** Slots written in this round: [base, base + written). */
  readonly written: number;
  /** Slots copied so that the accepted path is contiguous. */
  readonly moves: readonly (readonly [source: number, destination: number])[];
  /** Slots [base, base + kept) are valid after the round. */
  readonly kept: number;
}
/** What a step cost, in counts that do not depend on the device. */
export interface CostEvent extends Base {
  readonly kind: "cost";
  readonly targetForwards: number;
  readonly targetRows: number;
  readonly draftForwards: number;
  readonly draftRows: number;
  readonly dispatches: number;
  readonly submits: number;
  readonly readbacks: number;
  /** Recurrences that ran one after another, and rows in all of them; left out where depth is not recurrent. */
  readonly coreForwards?: number;
  readonly coreRows?: number;
}
/** GPU time of kernels since the last such event, where the device has timestamps. */
export interface KernelTimeEvent extends Base {
  readonly kind: "kernel_time";
  readonly kernels: readonly { readonly name: string; readonly calls: number; readonly timeMs: number }[];
}
/** Texts of tokens, sent before an event first mentions them, so that a trace can be read without a tokenizer. */
export interface PiecesEvent extends Base {
  readonly kind: "pieces";
  readonly tokens: readonly number[];
  /** Text of each token alone; U+FFFD where its bytes are no whole characters. */
  readonly texts: readonly string[];
  /** The bytes of those tokens whose text has U+FFFD, as [token, bytes]; joined with neighbours they make characters. */
  readonly partial: readonly (readonly [token: number, bytes: readonly number[]])[];
}
/** Something worked otherwise than asked (a fallback, a correction). */
export interface WarningEvent extends Base {
  readonly kind: "warning";
  readonly message: string;
}
export type StopReason = "end_token" | "max_tokens" | "context_full" | "cancelled" | "error";
export interface RunEndEvent extends Base {
  readonly kind: "run_end";
  readonly reason: StopReason;
  /** FNV-1a over the new tokens, eight hex digits; a link carries it to tell whether a replay on another GPU agrees. */
  readonly hash: string;
  readonly error: ErrorRecord | null;
}

export type TraceEvent =
  | RunStartEvent
  | PrefillEvent
  | CandidatesEvent
  | DraftEvent
  | VerifyEvent
  | CommitEvent
  | RetractEvent
  | SlotsEvent
  | CostEvent
  | KernelTimeEvent
  | PiecesEvent
  | WarningEvent
  | AnyCanvasEvent
  | AnyDepthEvent
  | RunEndEvent;
export type TraceKind = TraceEvent["kind"];

/** What methods yield: the runner adds `ms`, and it alone yields run_start and run_end. */
export type MethodEvent = DistributiveOmit<
  Exclude<TraceEvent, RunStartEvent | RunEndEvent | KernelTimeEvent | PiecesEvent>,
  "ms"
>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
