/** Conversations of the page: answers by number, their events sent in batches. Fetched with the first of them. */
import type { ChatEvent, ChatRequest } from "../chat/protocol";
import type { ChatAbility, WorkerMessage } from "./api";
import { ChatHost } from "./chat";
import type { EngineHost } from "./host";

/** Events go to the page at most this often. */
const BATCH_MS = 1000 / 60;

export class ChatService {
  private readonly chats: ChatHost;
  private readonly running = new Map<number, AbortController>();
  /** Ended before they began. */
  private readonly ended = new Set<number>();

  constructor(
    private readonly host: EngineHost,
    private readonly send: (message: WorkerMessage) => void,
  ) {
    this.chats = new ChatHost(host);
  }

  async ability(id: string): Promise<ChatAbility> {
    const { gpu, tokenizer } = await this.host.model(id);
    return {
      appends: gpu.masked === null,
      hasTemplate: tokenizer.hasChatTemplate,
      maxContext: gpu.maxContext,
    };
  }

  /** Resolves when all events were sent. @throws DecoscopeError */
  async answer(chat: number, request: ChatRequest): Promise<void> {
    const abort = new AbortController();
    if (this.ended.delete(chat)) abort.abort();
    this.running.set(chat, abort);
    let waiting: ChatEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const flush = (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (waiting.length > 0) this.send({ type: "chat", chat, events: waiting });
      waiting = [];
    };
    try {
      await this.chats.chat(
        request,
        (event) => {
          waiting.push(event);
          timer ??= setTimeout(flush, BATCH_MS);
        },
        abort.signal,
      );
    } finally {
      flush();
      this.running.delete(chat);
    }
  }

  end(chat: number): void {
    const running = this.running.get(chat);
    if (running) running.abort();
    else this.ended.add(chat);
  }

  forget(): void {
    this.chats.drop();
  }
}
