/** Conversations on a host: a request becomes a run on a session that is kept, and what it writes becomes text. */
import { DecoscopeError } from "../base/errors";
import type { ChatBackend, ChatEvent, ChatRequest, ChatUsage, TokenLaw } from "../chat/protocol";
import { SectionSplitter } from "../chat/sections";
import { StopFinder } from "../chat/stops";
import type { LawListener, TokenFilter } from "../decoding/method";
import type { Tokenizer } from "../models/tokenizer/tokenizer";
import type { GpuSession, SessionOptions } from "../runtime/session";
import type { TraceEvent } from "../trace/events";
import { chatPrompt, type ChatPrompt } from "./chat_prompt";
import type { EngineHost, HostedModel } from "./host";
import { LastSession } from "./keeper";
import { runMethod, type RunExtras, type SessionKeeper } from "./run";

/** Tokens of one readback: few enough that text flows on slow devices. */
const RUN_AHEAD = 2;
/** Special tokens that take part in an answer's text all the same. */
const TAGS = new Set(["<think>", "</think>"]);

/** The answer of one request while it is written. */
class Answer {
  readonly tokens: number[] = [];
  thinkingTokens = 0;
  private readonly detokenizer;
  private readonly splitter: SectionSplitter;
  private readonly stops: StopFinder;
  private laws: TokenLaw[] = [];

  constructor(
    private readonly tokenizer: Tokenizer,
    { isThinking }: ChatPrompt,
    request: ChatRequest,
    private readonly emit: (event: ChatEvent) => void,
  ) {
    this.detokenizer = tokenizer.detokenizer({ atStart: false, skipSpecial: true });
    this.splitter = new SectionSplitter(isThinking);
    this.stops = new StopFinder(request.stops);
  }

  get isStopped(): boolean {
    return this.stops.found !== null;
  }

  push(tokens: readonly number[]): void {
    for (const token of tokens) {
      if (this.isStopped) break;
      this.tokens.push(token);
      const { thinking, answer } = this.splitter.push(this.textOf(token));
      if (this.splitter.isThinking) this.thinkingTokens++;
      this.tell(thinking, this.stops.push(answer));
    }
  }

  private textOf(token: number): string {
    const tag = this.tokenizer.isSpecial(token) ? this.tokenizer.piece(token) : "";
    return this.detokenizer.push(token) + (TAGS.has(tag) ? tag : "");
  }

  hear(law: TokenLaw): void {
    this.laws.push(law);
  }

  /** What was held back. */
  flush(): void {
    const a = this.splitter.push(this.detokenizer.flush());
    const b = this.splitter.flush();
    const answer = this.stops.push(a.answer + b.answer);
    this.tell(a.thinking + b.thinking, answer + this.stops.flush());
  }

  private tell(thinking: string, answer: string): void {
    const { laws } = this;
    if (thinking === "" && answer === "" && laws.length === 0) return;
    this.laws = [];
    this.emit({ kind: "text", thinking, answer, laws });
  }
}

/** Serves requests one after another. */
export class ChatHost implements ChatBackend {
  private readonly last: LastSession;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly host: EngineHost) {
    this.last = new LastSession(host.engine);
  }

  chat(request: ChatRequest, onEvent: (event: ChatEvent) => void, signal?: AbortSignal): Promise<void> {
    const turn = this.queue.then(() => this.answer(request, onEvent, signal));
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** Frees the memory of the last conversation. */
  drop(): void {
    this.last.drop();
  }

  private async answer(
    request: ChatRequest,
    emit: (event: ChatEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const began = performance.now();
    const model = await this.host.model(request.model);
    const { tokenizer } = model;
    checkModel(model);
    const prompt = await chatPrompt(tokenizer, request.messages, {
      ...request,
      closesThinking: request.format !== null,
    });
    const room = model.gpu.maxContext - prompt.tokens.length;
    const maxNewTokens = Math.max(1, Math.min(request.maxNewTokens ?? room, room));
    const filter = await filterOf(request, model, maxNewTokens);
    const answer = new Answer(tokenizer, prompt, request, emit);
    const opened: { session: GpuSession | null } = { session: null };
    const keeper: SessionKeeper = {
      open: async (options: SessionOptions) => (opened.session = await this.last.open(options)),
      giveBack: (session, text) => this.last.giveBack(session, text),
    };
    const control = { cancelled: signal?.aborted ?? false };
    const abort = (): void => void (control.cancelled = true);
    signal?.addEventListener("abort", abort);
    let end: Extract<TraceEvent, { kind: "run_end" }> | null = null;
    try {
      const extras = { keeper, filter, laws: listenerOf(request, tokenizer, answer) };
      for await (const event of this.events(request, prompt.tokens, maxNewTokens, control, extras)) {
        if (request.trace !== "none") emit({ kind: "trace", events: [event] });
        if (event.kind === "commit") answer.push(event.tokens);
        if (answer.isStopped) control.cancelled = true;
        if (event.kind === "run_end") end = event;
      }
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    if (end?.error) throw DecoscopeError.fromRecord(end.error);
    answer.flush();
    const { rows, reused } = opened.session?.prefilled ?? { rows: 0, reused: 0 };
    const usage: ChatUsage = {
      promptTokens: prompt.tokens.length,
      reusedTokens: reused,
      prefilledRows: rows,
      newTokens: answer.tokens.length,
      thinkingTokens: answer.thinkingTokens,
      ms: performance.now() - began,
    };
    const isCancelled = end?.reason === "cancelled" && !answer.isStopped;
    const isDone = answer.isStopped || end?.reason === "end_token" || filter?.isWhole === true;
    const finish = isCancelled ? "cancelled" : isDone ? "stop" : "length";
    emit({ kind: "end", finish, tokens: answer.tokens, usage });
  }

  private events(
    request: ChatRequest,
    promptIds: readonly number[],
    maxNewTokens: number,
    control: { cancelled: boolean },
    extras: RunExtras,
  ): AsyncGenerator<TraceEvent, void, void> {
    const settings = {
      model: request.model,
      draft: null,
      method: "autoregressive",
      params: { runAhead: RUN_AHEAD },
      sampler: request.sampler,
      prompt: "",
      begin: null,
      seed: request.seed,
      maxNewTokens,
      detail: request.trace === "full" ? ("full" as const) : ("light" as const),
      profile: false,
    };
    const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
    return runMethod(this.host, settings, control, counts, promptIds, extras);
  }
}

/** @throws DecoscopeError "unsupported" for models that do not append to a text */
function checkModel({ id, gpu }: HostedModel): void {
  if (gpu.masked)
    throw new DecoscopeError(
      "unsupported",
      `${id} fills masked positions; a chat needs a model that writes from left to right. Choose another model, or run this one in the playground.`,
    );
}

/** Laws of new tokens as texts, if they are asked for. */
function listenerOf(request: ChatRequest, tokenizer: Tokenizer, answer: Answer): LawListener | null {
  if (request.topLogprobs === null) return null;
  const told = (token: number, logprob: number) => ({
    token: tokenizer.piece(token),
    logprob,
    bytes: [...tokenizer.bytes(token)],
  });
  return {
    count: request.topLogprobs,
    hear: (token, logprob, top) =>
      answer.hear({ ...told(token, logprob), top: top.map(([id, value]) => told(id, value)) }),
  };
}

/** What holds the answer to a format; null for free text. */
async function filterOf(
  { format }: ChatRequest,
  { tokenizer, gpu }: HostedModel,
  maxNewTokens: number,
): Promise<TokenFilter | null> {
  if (!format) return null;
  const { jsonFilter } = await import("./json_filter");
  return jsonFilter(format, tokenizer, gpu.facts, maxNewTokens);
}
