/**
 * The page's end of the worker: starts it when first needed, calls it through Comlink, hands its messages on, and
 * turns its error records back into errors. Knows nothing of runs or stores.
 */
import * as Comlink from "comlink";
import { DecoscopeError, type ErrorRecord } from "../base/errors";
import type { ChatBackend, ChatEvent, ChatRequest } from "../chat/protocol";
import type {
  BenchPart,
  CatalogEntry,
  ChatAbility,
  DeviceFigures,
  DeviceInfo,
  HubOffer,
  HubShelf,
  LocalOffer,
  MemoryReport,
  Outcome,
  PassTime,
  RunSettings,
  Solved,
  SolveRequest,
  Kept,
  WorkerApi,
  WorkerMessage,
} from "./api";

/** What the page can ask of the engine. Every promise rejects with a {@link DecoscopeError}. */
export interface EngineClient extends ChatBackend {
  openDevice(): Promise<DeviceInfo>;
  load(model: string): Promise<void>;
  /** Ends a load under way; its promise then rejects with code "cancelled". */
  cancelLoad(model: string): void;
  /** What a model of the hub is and would take. */
  hubOffer(name: string, token: string | null): Promise<HubOffer>;
  /** Fetches what is missing of it, stores and loads it. */
  hubFetch(id: string, kept: Kept | null, token: string | null): Promise<CatalogEntry>;
  hubShelf(): Promise<HubShelf>;
  hubRemove(id: string): Promise<void>;
  /** What a model takes from files of this machine. */
  folderOffer(folder: string, files: readonly File[]): Promise<LocalOffer>;
  loadFolder(folder: string, files: readonly File[], kept: Kept): Promise<CatalogEntry>;
  /** What a bundled model takes, and how it is kept. */
  bundledOffer(model: string): Promise<LocalOffer>;
  /** Keeps it so from now on. */
  keepBundled(model: string, kept: Kept): Promise<void>;
  /** Times forward passes of a loaded model over 1, 2, 4, ... rows. */
  measure(model: string, most: number): Promise<readonly PassTime[]>;
  /** Measures one part of what a loaded model does on this device. */
  bench(model: string, part: BenchPart): Promise<Partial<DeviceFigures>>;
  /** Answers problems of a task without a trace. */
  solve(request: SolveRequest): Promise<Solved>;
  /** Ends what is being solved; its promise rejects with code "cancelled". */
  endSolving(): void;
  tokenize(model: string, text: string): Promise<readonly number[]>;
  chatAbility(model: string): Promise<ChatAbility>;
  /** Frees the memory of the last conversation. */
  forgetChat(): void;
  /** Resolves with the number of the run. */
  start(settings: RunSettings, paused: boolean): Promise<number>;
  pause(run: number): void;
  resume(run: number): void;
  step(run: number): void;
  cancel(run: number): void;
  memory(): Promise<MemoryReport>;
  /** Ends the worker with everything it holds; calls still open reject with code "cancelled". */
  dispose(): void;
}

function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw DecoscopeError.fromRecord(outcome.error);
}

/**
 * Starts the worker and connects to it. `base` is the URL, ending in a slash, under which `models/` lies, `hub` that of the
 * hub. `onMessage` gets everything that comes over the event port, and a
 * "device_lost" message if the worker itself dies.
 */
export function connectEngine(
  base: string,
  onMessage: (message: WorkerMessage) => void,
  hub = "https://huggingface.co",
): EngineClient {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: "decoscope-engine",
  });
  const remote = Comlink.wrap<WorkerApi>(worker);
  const { port1, port2 } = new MessageChannel();
  const chats = new Map<number, (event: ChatEvent) => void>();
  let lastChat = 0;
  port1.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.type === "chat") data.events.forEach((event) => chats.get(data.chat)?.(event));
    else onMessage(data);
  };

  // Comlink leaves calls to a dead worker open forever; this ends them.
  let fail: (error: DecoscopeError) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    fail = reject;
  });
  ended.catch(() => undefined);
  const orEnded = <T>(call: Promise<T>): Promise<T> => Promise.race([call, ended]);

  worker.onerror = (e) => {
    e.preventDefault();
    const record: ErrorRecord = {
      code: "device_lost",
      message: "The engine stopped unexpectedly. Restart it to run again; the trace so far is kept.",
      ...(e.message ? { detail: e.message } : {}),
    };
    fail(DecoscopeError.fromRecord(record));
    onMessage({ type: "device_lost", error: record });
  };

  const ready = orEnded(remote.connect(Comlink.transfer(port2, [port2]), base, hub));
  ready.catch(() => undefined);
  const call = async <T>(send: () => Promise<Outcome<T>>): Promise<T> => {
    await ready;
    return unwrap(await orEnded(send()));
  };
  const tell = (send: () => Promise<void>): void => {
    void orEnded(send()).catch(() => undefined);
  };

  const chat = async (
    request: ChatRequest,
    onEvent: (event: ChatEvent) => void,
    signal?: AbortSignal,
  ): Promise<void> => {
    const id = ++lastChat;
    const abort = (): void => tell(() => remote.endChat(id));
    // The answer to the call and the events travel by different ways: the last event may come after it.
    let resolve: () => void = () => undefined;
    const isOver = new Promise<void>((done) => (resolve = done));
    chats.set(id, (event) => {
      onEvent(event);
      if (event.kind === "end") resolve();
    });
    signal?.addEventListener("abort", abort);
    try {
      const answered = call(() => remote.chat(id, request));
      if (signal?.aborted) abort();
      await answered;
      await orEnded(isOver);
    } finally {
      signal?.removeEventListener("abort", abort);
      chats.delete(id);
    }
  };

  return {
    chat,
    chatAbility: (model) => call(() => remote.chatAbility(model)),
    forgetChat: () => tell(() => remote.forgetChat()),
    openDevice: () => call(() => remote.openDevice()),
    load: async (model) => {
      await call(() => remote.load(model));
    },
    hubOffer: (name, token) => call(() => remote.hubOffer(name, token)),
    hubFetch: (id, kept, token) => call(() => remote.hubFetch(id, kept, token)),
    hubShelf: () => call(() => remote.hubShelf()),
    hubRemove: async (id) => {
      await call(() => remote.hubRemove(id));
    },
    folderOffer: (folder, files) => call(() => remote.folderOffer(folder, files)),
    loadFolder: (folder, files, kept) => call(() => remote.loadFolder(folder, files, kept)),
    bundledOffer: (model) => call(() => remote.bundledOffer(model)),
    keepBundled: async (model, kept) => {
      await call(() => remote.keepBundled(model, kept));
    },
    cancelLoad: (model) => tell(() => remote.cancelLoad(model)),
    measure: (model, most) => call(() => remote.measure(model, most)),
    bench: (model, part) => call(() => remote.bench(model, part)),
    solve: (request) => call(() => remote.solve(request)),
    endSolving: () => tell(() => remote.endSolving()),
    tokenize: (model, text) => call(() => remote.tokenize(model, text)),
    start: (settings, paused) => call(() => remote.start(settings, paused)),
    pause: (run) => tell(() => remote.pause(run)),
    resume: (run) => tell(() => remote.resume(run)),
    step: (run) => tell(() => remote.step(run)),
    cancel: (run) => tell(() => remote.cancel(run)),
    memory: async () => {
      await ready;
      return orEnded(remote.memory());
    },
    dispose: () => {
      fail(new DecoscopeError("cancelled", "The engine was stopped."));
      remote[Comlink.releaseProxy]();
      port1.close();
      worker.terminate();
    },
  };
}
