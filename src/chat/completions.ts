/**
 * `chat.completions.create` in OpenAI's shape over anything that serves requests: the worker of a page, or a host in Node.
 * Errors are DecoscopeErrors with a code. docs/api.md is the manual.
 */
import { DecoscopeError } from "../base/errors";
import type { TraceEvent } from "../trace/events";
import type { ChatBackend, ChatEvent, ChatFinish, ChatUsage, TokenLaw } from "./protocol";
import { readRequest, type CompletionRequest } from "./request";

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}
export interface Logprobs {
  readonly content: readonly (TokenLogprob & { readonly top_logprobs: readonly TokenLogprob[] })[];
}
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** Prompt tokens whose keys and values lay in the cache from the turn before. */
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}
type FinishReason = "stop" | "length";

interface Shared<Kind extends string> {
  readonly id: string;
  readonly object: Kind;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}
export interface Completion extends Shared<"chat.completion"> {
  readonly choices: readonly [
    {
      readonly index: 0;
      readonly message: {
        readonly role: "assistant";
        readonly content: string;
        /** What the model thought before; null if it did not. */
        readonly reasoning_content: string | null;
        /** Give it back with the message, and the next turn reads what was written, token for token. */
        readonly token_ids: readonly number[];
      };
      readonly logprobs: Logprobs | null;
      readonly finish_reason: FinishReason;
    },
  ];
  readonly usage: Usage;
  /** Events of the run, if `trace` asked for them: a recorded run that the page can open. */
  readonly trace?: readonly TraceEvent[];
}
export interface Chunk extends Shared<"chat.completion.chunk"> {
  readonly choices: readonly {
    readonly index: 0;
    readonly delta: {
      readonly role?: "assistant";
      readonly content?: string;
      readonly reasoning_content?: string;
      readonly token_ids?: readonly number[];
    };
    readonly logprobs: Logprobs | null;
    readonly finish_reason: FinishReason | null;
  }[];
  readonly usage?: Usage;
}

export interface CallOptions {
  /** Aborting ends the answer; the call then rejects with code "cancelled". */
  readonly signal?: AbortSignal;
}

export interface Completions {
  create(
    request: CompletionRequest & { readonly stream: true },
    options?: CallOptions,
  ): Promise<AsyncIterable<Chunk>>;
  create(
    request: CompletionRequest & { readonly stream?: false | null },
    options?: CallOptions,
  ): Promise<Completion>;
  create(request: CompletionRequest, options?: CallOptions): Promise<Completion | AsyncIterable<Chunk>>;
}

type End = Extract<ChatEvent, { kind: "end" }>;

const logprobsOf = (laws: readonly TokenLaw[]): Logprobs | null =>
  laws.length === 0 ? null : { content: laws.map(({ top, ...own }) => ({ ...own, top_logprobs: top })) };

const usageOf = (u: ChatUsage): Usage => ({
  prompt_tokens: u.promptTokens,
  completion_tokens: u.newTokens,
  total_tokens: u.promptTokens + u.newTokens,
  prompt_tokens_details: { cached_tokens: u.reusedTokens },
  completion_tokens_details: { reasoning_tokens: u.thinkingTokens },
});

const cancelled = (): DecoscopeError => new DecoscopeError("cancelled", "The answer was stopped.");

function finishOf(finish: ChatFinish): FinishReason {
  if (finish === "cancelled") throw cancelled();
  return finish;
}

/** Events of one answer as they come, for one reader. Who stops reading ends the answer. */
async function* eventsOf(
  start: (emit: (event: ChatEvent) => void, signal: AbortSignal) => Promise<void>,
  outer: AbortSignal | undefined,
): AsyncGenerator<ChatEvent, void, void> {
  const own = new AbortController();
  const abort = (): void => own.abort();
  if (outer?.aborted) throw cancelled();
  outer?.addEventListener("abort", abort);
  const waiting: ChatEvent[] = [];
  let wake = (): void => undefined;
  const progress = { isOver: false };
  const done = start((event) => {
    waiting.push(event);
    wake();
  }, own.signal).finally(() => {
    progress.isOver = true;
    wake();
  });
  done.catch(() => undefined);
  try {
    for (;;) {
      const event = waiting.shift();
      if (event) yield event;
      else if (progress.isOver) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    await done;
  } finally {
    outer?.removeEventListener("abort", abort);
    own.abort();
  }
}

let made = 0;

/** The calls over a backend. */
export function chatCompletions(backend: ChatBackend): Completions {
  const create = async (given: CompletionRequest, { signal }: CallOptions = {}) => {
    const { request, isStream, hasUsage } = readRequest(given);
    const shared = {
      id: `chatcmpl-${Date.now().toString(36)}-${++made}`,
      created: Math.floor(Date.now() / 1000),
      model: request.model,
    };
    const events = eventsOf((emit, inner) => backend.chat(request, emit, inner), signal);
    if (isStream) return chunks(events, shared, hasUsage);
    let content = "";
    let thinking = "";
    const laws: TokenLaw[] = [];
    const trace: TraceEvent[] = [];
    let end: End | null = null;
    for await (const event of events) {
      if (event.kind === "end") end = event;
      else if (event.kind === "trace") trace.push(...event.events);
      else {
        content += event.answer;
        thinking += event.thinking;
        laws.push(...event.laws);
      }
    }
    if (!end) throw new Error("the answer did not end");
    const completion: Completion = {
      ...shared,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content,
            reasoning_content: thinking === "" ? null : thinking,
            token_ids: end.tokens,
          },
          logprobs: request.topLogprobs === null ? null : (logprobsOf(laws) ?? { content: [] }),
          finish_reason: finishOf(end.finish),
        },
      ],
      usage: usageOf(end.usage),
      ...(request.trace !== "none" && { trace }),
    };
    return completion;
  };
  return { create: create as Completions["create"] };
}

async function* chunks(
  events: AsyncIterable<ChatEvent>,
  shared: Pick<Chunk, "id" | "created" | "model">,
  hasUsage: boolean,
): AsyncGenerator<Chunk, void, void> {
  type Choice = Chunk["choices"][number];
  const chunk = (choice: Omit<Choice, "index"> | null, usage?: Usage): Chunk => ({
    ...shared,
    object: "chat.completion.chunk",
    choices: choice ? [{ index: 0, ...choice }] : [],
    ...(usage && { usage }),
  });
  yield chunk({ delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null });
  for await (const event of events) {
    if (event.kind === "text")
      yield chunk({
        delta: {
          ...(event.thinking !== "" && { reasoning_content: event.thinking }),
          ...(event.answer !== "" && { content: event.answer }),
        },
        logprobs: logprobsOf(event.laws),
        finish_reason: null,
      });
    if (event.kind !== "end") continue;
    const finish_reason = finishOf(event.finish);
    yield chunk({ delta: { token_ids: event.tokens }, logprobs: null, finish_reason });
    if (hasUsage) yield chunk(null, usageOf(event.usage));
  }
}
