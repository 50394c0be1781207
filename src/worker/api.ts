/** Types of what crosses between page and worker; nothing else. Commands go through Comlink, events through a port. */
import type { ErrorRecord } from "../base/errors";
import type { ParamValues } from "../base/params";
import type { ChatEvent, ChatRequest } from "../chat/protocol";
import type { MemoryReport } from "../engine/memory";
import type { CatalogEntry } from "../models/catalog";
import type { StoredModel } from "../models/hub/library";
import type { Kept, LocalOffer, Offer } from "../models/hub/open";
import type { Space } from "../models/hub/storage";
import type { Attention, TaskId, TaskOutcome } from "../parallel/problems";
import type { Strategy } from "../parallel/strategies";
import type { RunBegin, SamplerSettings, TraceEvent } from "../trace/events";

export interface DeviceInfo {
  /** For people: vendor, architecture, backend. */
  readonly adapter: string;
  /** True for CPU adapters such as SwiftShader or llvmpipe: timings then say nothing about GPUs. */
  readonly isSoftware: boolean;
  readonly features: readonly string[];
  readonly subgroupSize: number | null;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
  /** Variants of kernels that calculate wrongly here and are not used, one sentence each. */
  readonly avoided: readonly string[];
}

export interface LoadProgress {
  readonly model: string;
  readonly stage: "download" | "upload" | "compile" | "ready";
  readonly loadedBytes: number;
  /** Null while unknown. */
  readonly totalBytes: number | null;
}

export interface RunSettings {
  readonly model: string;
  readonly draft: string | null;
  readonly method: string;
  readonly params: ParamValues;
  readonly sampler: SamplerSettings;
  readonly prompt: string;
  /** What stands after the prompt from the start, such as the text of another run up to a token forced there. */
  readonly begin: RunBegin | null;
  readonly seed: number;
  readonly maxNewTokens: number;
  readonly detail: "light" | "full";
  /** Measure kernels, where the device has timestamps; costs one pass per dispatch. */
  readonly profile: boolean;
}

/** Sent over the event port. */
export type WorkerMessage =
  | { readonly type: "events"; readonly run: number; readonly events: readonly TraceEvent[] }
  | { readonly type: "progress"; readonly progress: LoadProgress }
  /** Kernels built of those asked for, and the one that was last. */
  | { readonly type: "build"; readonly done: number; readonly total: number; readonly label: string }
  /** What came of an answer, by the number it was asked for with. */
  | { readonly type: "chat"; readonly chat: number; readonly events: readonly ChatEvent[] }
  /** Something that the visitor should know and that stops nothing. */
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "device_lost"; readonly error: ErrorRecord };

/** A result or a typed error; Comlink would drop the error's fields. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorRecord };

/** What a forward pass of a model over some rows takes on this device. */
export interface PassTime {
  readonly rows: number;
  /** Median of several, in milliseconds. */
  readonly ms: number;
}

/** A part of {@link DeviceFigures}; a number is a pass over so many rows. */
export type BenchPart = "copy" | "prefill" | "decode" | number;

/** What a model does on a device. Times are medians. */
export interface DeviceFigures {
  /** A plain copy from buffer to buffer; bytes a second are read and written. */
  readonly copy: { readonly bytes: number; readonly ms: number; readonly bytesPerSecond: number };
  /** The kernels' variants, and how weights are kept. */
  readonly variants: Readonly<Record<string, number | string | boolean>>;
  readonly prefill: { readonly rows: number; readonly ms: number; readonly tokensPerSecond: number };
  readonly decode: {
    readonly tokens: number;
    readonly ms: number;
    readonly tokensPerSecond: number;
    readonly dispatchesPerToken: number;
    readonly readbacksPerToken: number;
    /** Bytes of weights that a token reads; null for models of recurrent depth. */
    readonly bytesPerToken: number | null;
    readonly bytesPerSecond: number | null;
  };
  /** Passes of one model over some rows, behind some text: what verifying a draft costs. */
  readonly passes: readonly PassTime[];
}

/** Problems [from, from + count) of a task, to be answered with a strategy by a loaded masked model. */
export interface SolveRequest {
  readonly model: string;
  /** A loaded causal model that judges, for strategies that need one. */
  readonly guider: string | null;
  readonly strategy: Strategy;
  readonly task: TaskId;
  readonly count: number;
  readonly from: number;
}
/** What came of them, and what kind of model answered. */
export interface Solved {
  readonly outcome: TaskOutcome;
  readonly attention: Attention;
}

export type { MemoryLine, MemoryReport, MemoryUse } from "../engine/memory";

/** What is stored of the hub's models, how models are kept, and how much room there is. */
export interface HubShelf {
  readonly models: readonly StoredModel[];
  /** Bundled models that are kept otherwise than they come. */
  readonly bundled: readonly { readonly id: string; readonly kept: Kept }[];
  /** Null where the browser does not tell. */
  readonly space: Space | null;
}
export type { CatalogEntry } from "../models/catalog";
export type { CacheChoice, Kept, LocalOffer, Offer as HubOffer, StorageChoice } from "../models/hub/open";

/** What a model can do with a conversation. */
export interface ChatAbility {
  readonly appends: boolean;
  readonly hasTemplate: boolean;
  readonly maxContext: number;
}

/** The worker's commands. */
export interface WorkerApi {
  /**
   * Must be the first call: where events go, the URL (ending in a slash) under which `models/` lies, and the hub's (without).
   */
  connect(port: MessagePort, base: string, hub: string): void;
  openDevice(): Promise<Outcome<DeviceInfo>>;
  /**
   * Loads and compiles; progress goes over the port. Loading an already loaded model is free. A model of the hub must be
   * stored: nothing is fetched that nobody agreed to.
   */
  load(model: string): Promise<Outcome<null>>;
  /** Ends a load in progress; its promise then gives an error with code "cancelled". */
  cancelLoad(model: string): void;
  /** Asks the hub about a model: what it is and would take. Fetches its description, and of its weights only what they say of themselves. */
  hubOffer(name: string, token: string | null): Promise<Outcome<Offer>>;
  /** Fetches what is missing of a model that was offered or is stored in part, and loads it, kept as asked or as it would best be; gives what menus say of it. */
  hubFetch(id: string, kept: Kept | null, token: string | null): Promise<Outcome<CatalogEntry>>;
  hubShelf(): Promise<Outcome<HubShelf>>;
  /** Deletes a stored model, and frees it if it is loaded. */
  hubRemove(id: string): Promise<Outcome<null>>;
  /** What a model takes from files of the visitor's machine; it will have the id `./folder`. */
  folderOffer(folder: string, files: readonly File[]): Promise<Outcome<LocalOffer>>;
  loadFolder(folder: string, files: readonly File[], kept: Kept): Promise<Outcome<CatalogEntry>>;
  /** What a bundled model takes, and how it is kept. */
  bundledOffer(model: string): Promise<Outcome<LocalOffer>>;
  /** Keeps a bundled model so from now on, on later visits too. Frees it if it is loaded otherwise. */
  keepBundled(model: string, kept: Kept): Promise<Outcome<null>>;
  /** Times forward passes of a loaded model over 1, 2, 4, ... rows, up to `most` or a little above. */
  measure(model: string, most: number): Promise<Outcome<readonly PassTime[]>>;
  /** Measures one part of what a loaded model does on this device. */
  bench(model: string, part: BenchPart): Promise<Outcome<Partial<DeviceFigures>>>;
  /** Answers problems without a trace; gives what was right and what it cost. */
  solve(request: SolveRequest): Promise<Outcome<Solved>>;
  /** Ends what is being solved, which gives an error with code "cancelled", and frees what it held. */
  endSolving(): void;
  tokenize(model: string, text: string): Promise<Outcome<readonly number[]>>;
  /** Whether a loaded model can chat: it appends to a text, and has a template for conversations. */
  chatAbility(model: string): Promise<Outcome<ChatAbility>>;
  /** Answers a conversation; events go over the port under the number `chat`, and the promise resolves after the last of them. */
  chat(chat: number, request: ChatRequest): Promise<Outcome<null>>;
  /** Ends an answer, which then finishes with "cancelled". */
  endChat(chat: number): void;
  /** Frees the memory of the last conversation. */
  forgetChat(): void;
  /** Starts a run, paused if `paused`. Resolves with its number once it can be stepped; events follow over the port. */
  start(settings: RunSettings, paused: boolean): Promise<Outcome<number>>;
  pause(run: number): void;
  resume(run: number): void;
  /** Runs the engine one round and pauses. */
  step(run: number): void;
  /** Ends the run at the next event; run_end follows with reason "cancelled". */
  cancel(run: number): void;
  memory(): Promise<MemoryReport>;
  /** Frees everything; a later openDevice starts afresh. */
  dispose(): void;
}
