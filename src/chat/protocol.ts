/** What crosses between those who chat and the engine: one request, and events until its end. Types only. */
import type { ErrorRecord } from "../base/errors";
import type { SamplerSettings, TraceEvent } from "../trace/events";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  /** The tokens that the model wrote this answer in; read again in place of spelling its text anew. */
  readonly tokens?: readonly number[];
}

/** What an answer is held to: any JSON, or JSON that satisfies a schema. */
export type AnswerFormat = { readonly kind: "json" } | { readonly kind: "schema"; readonly schema: unknown };

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly sampler: SamplerSettings;
  readonly seed: number;
  /** Null for as many as the context has room for. */
  readonly maxNewTokens: number | null;
  /** Texts that end an answer and are no part of it. */
  readonly stops: readonly string[];
  /** Whether the model thinks first; null leaves it to its template. */
  readonly thinks: boolean | null;
  /** "plain" for models without a template: messages one after another, which the model continues. */
  readonly template: "model" | "plain";
  readonly format: AnswerFormat | null;
  /** Most probable tokens listed beside each new one; null for no log-probabilities. */
  readonly topLogprobs: number | null;
  /** Whether the events of the run are wanted, and with the candidates of every step. */
  readonly trace: "none" | "light" | "full";
}

/** A token with its probability in the model's own law, and what else was likely. */
export interface TokenLaw {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
  readonly top: readonly Omit<TokenLaw, "top">[];
}

export interface ChatUsage {
  readonly promptTokens: number;
  /** Of these, how many lay in the cache from the turn before. */
  readonly reusedTokens: number;
  /** Rows that were fed to the model before the first new token. */
  readonly prefilledRows: number;
  readonly newTokens: number;
  readonly thinkingTokens: number;
  readonly ms: number;
}

export type ChatFinish = "stop" | "length" | "cancelled";

export type ChatEvent =
  | {
      readonly kind: "text";
      readonly thinking: string;
      readonly answer: string;
      readonly laws: readonly TokenLaw[];
    }
  | { readonly kind: "trace"; readonly events: readonly TraceEvent[] }
  | {
      readonly kind: "end";
      readonly finish: ChatFinish;
      /** The answer in tokens, its end token included. */
      readonly tokens: readonly number[];
      readonly usage: ChatUsage;
    };

/** What became of a request. */
export type ChatOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ErrorRecord };

/** Somewhere a request can be sent; calls back in order and resolves after the "end" event. */
export interface ChatBackend {
  /** @throws DecoscopeError */
  chat(request: ChatRequest, onEvent: (event: ChatEvent) => void, signal?: AbortSignal): Promise<void>;
}
