/** Serves worker/api.ts: owns the device, pulls runs, and sends their events to the page in batches. */
import * as Comlink from "comlink";
import { get, set } from "idb-keyval";
import { DecoscopeError, toErrorRecord } from "../base/errors";
import { findModel } from "../models/catalog";
import { fetchSource } from "../models/source";
import type { TraceEvent } from "../trace/events";
import type {
  DeviceInfo,
  LoadProgress,
  MemoryReport,
  Outcome,
  RunSettings,
  WorkerApi,
  WorkerMessage,
} from "./api";
import type { ChatService } from "./chat_service";
import { EngineHost, type HostedModel, type Remembered } from "./host";
import type { HubModels } from "./hub";
import { runMethod } from "./run";
import type { Solver } from "./solve";

/** Events go to the page at most this often. */
const BATCH_MS = 1000 / 60;

let port: MessagePort | null = null;
let host: Promise<EngineHost> | null = null;
let modelBase = "";
let hubBase = "";
/** Fetched with the first model of the hub. */
let hub: Promise<HubModels> | null = null;
const loads = new Map<string, AbortController>();
const runs = new Map<number, Run>();
let lastRun = 0;
/** Answers under way or waiting for their turn, which are no runs of the page. */
let answers = 0;

/** Sessions that problems are answered in, and what they were opened for. */
let solving: { readonly key: string; readonly host: EngineHost; readonly solver: Promise<Solver> } | null =
  null;
/** Grows with every end of solving: what began before it is stopped. */
let solvingEnds = 0;

function solverFor(opened: EngineHost, model: string, guider: string | null): Promise<Solver> {
  const key = `${model} ${guider ?? ""}`;
  if (solving?.key === key && solving.host === opened) return solving.solver;
  closeSolver();
  // Tasks and their checker come only to those who measure.
  const solver = import("./solve").then((m) => m.Solver.open(opened, model, guider));
  solving = { key, host: opened, solver };
  solver.catch(() => {
    if (solving?.solver === solver) solving = null;
  });
  return solver;
}

function closeSolver(): void {
  void solving?.solver.then((s) => s.dispose()).catch(() => undefined);
  solving = null;
}

/** Conversations and the device that they are held on; fetched with the first of them. */
let chats: { readonly host: EngineHost; readonly serving: Promise<ChatService> } | null = null;

async function chatService(): Promise<ChatService> {
  const opened = await openHost();
  if (chats?.host !== opened) {
    const serving = import("./chat_service").then((m) => new m.ChatService(opened, send));
    chats = { host: opened, serving };
  }
  return chats.serving;
}

const send = (message: WorkerMessage): void => port?.postMessage(message);

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    return { ok: false, error: toErrorRecord(thrown) };
  }
}

async function openTested(): Promise<EngineHost> {
  const opened = await EngineHost.open((navigator as { gpu?: GPU }).gpu);
  try {
    // Software adapters are what the tests run on; building kernels only to try them would take them seconds.
    if (!opened.gpu.isSoftware) await opened.selfTest(remembered);
  } catch (thrown) {
    opened.destroy();
    throw thrown;
  }
  return opened;
}

function openHost(): Promise<EngineHost> {
  if (!host) {
    const opening = openTested();
    host = opening;
    opening.then(
      (h) => {
        h.engine.pipelines.onProgress = (progress) => send({ type: "build", ...progress });
        void h.gpu.lost.then((error) => {
          if (host !== opening) return;
          host = null;
          if (error) send({ type: "device_lost", error: error.toRecord() });
        });
      },
      () => {
        if (host === opening) host = null;
      },
    );
  }
  return host;
}

const hubModels = (): Promise<HubModels> =>
  (hub ??= import("./hub").then(
    (m) =>
      new m.HubModels(hubBase, {
        openHost,
        onProgress: sendProgress,
        isOpen: () => host !== null,
        remembered,
        makeQuiet,
        warn: (text) => send({ type: "notice", text }),
        bundled: (id, files) => fetchSource(id, `${modelBase}models/${id}`, files),
      }),
  ));

const sendProgress = (progress: LoadProgress): void => send({ type: "progress", progress });

/**
 * Loads under a name by which it can be stopped. A model that is on its way is loaded once, so all who ask for it share one
 * way to stop it.
 */
async function loading<T>(id: string, load: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = loads.get(id) ?? new AbortController();
  loads.set(id, abort);
  try {
    return await load(abort.signal);
  } finally {
    if (loads.get(id) === abort) loads.delete(id);
  }
}

const remembered: Remembered = { get: (key) => get(key), set: (key, value) => set(key, value) };

/** Chooses the variants of kernels. A model runs without that, so only a lost device is a reason not to have it. */
async function tuneFor(hosted: HostedModel): Promise<void> {
  const opened = await openHost();
  try {
    await opened.tuneFor(hosted, remembered);
  } catch (thrown) {
    const error = toErrorRecord(thrown);
    if (error.code === "device_lost") throw thrown;
    send({
      type: "notice",
      text: `Which kernels are fastest on this device could not be measured: ${error.message} Models run, with those that are used where nothing was measured.`,
    });
  }
}

/** Loads a bundled model, a stored one of the hub, or a folder that was dropped. */
async function loadById(model: string, signal: AbortSignal): Promise<HostedModel> {
  const entry = findModel(model);
  if (!entry && !model.includes("/"))
    throw new DecoscopeError("load", `There is no bundled model called ${model}. Choose one of the list.`);
  if (!entry) return (await hubModels()).load(model, signal);
  const source = fetchSource(model, `${modelBase}models/${model}`, entry.files);
  const kept = await remembered.get(`kept/${model}`).catch(() => undefined);
  const options = kept === undefined ? {} : (await hubModels()).optionsOf(model, kept);
  return (await openHost()).load(model, source, sendProgress, signal, options);
}

/** One run being pulled: at its own pace, one round at a time, or not at all. */
class Run {
  private readonly control = { cancelled: false };
  private readonly events: AsyncGenerator<TraceEvent, void, void>;
  private first: TraceEvent | null = null;
  private waiting: TraceEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Rounds still to run before it pauses; Infinity while playing. */
  private allowance: number;
  private wake: () => void = () => {};

  constructor(
    private readonly id: number,
    host: EngineHost,
    settings: RunSettings,
    paused: boolean,
  ) {
    this.allowance = paused ? 0 : Infinity;
    const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
    this.events = runMethod(host, settings, this.control, counts);
  }

  /** Checks the settings: pulls the first event. @throws DecoscopeError */
  async begin(): Promise<void> {
    const { value } = await this.events.next();
    this.first = value ?? null;
  }

  /** Pulls to the end. Pausing is not pulling; a round ends with its cost event. */
  async drive(): Promise<void> {
    if (this.first) this.push(this.first);
    try {
      for (;;) {
        const { value, done } = await this.events.next();
        if (done) break;
        this.push(value);
        if (value.kind !== "cost" && value.kind !== "prefill") continue;
        if (value.kind === "cost") this.allowance--;
        while (this.allowance <= 0 && !this.control.cancelled) await this.pause();
      }
    } finally {
      this.flush();
      runs.delete(this.id);
    }
  }

  private pause(): Promise<void> {
    this.flush();
    return new Promise((resolve) => (this.wake = resolve));
  }

  allow(rounds: number): void {
    this.allowance =
      rounds === Infinity ? Infinity : Number.isFinite(this.allowance) ? this.allowance + rounds : rounds;
    this.wake();
  }

  hold(): void {
    this.allowance = 0;
  }

  cancel(): void {
    this.control.cancelled = true;
    this.wake();
  }

  private push(event: TraceEvent): void {
    this.waiting.push(event);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting.length === 0) return;
    send({ type: "events", run: this.id, events: this.waiting });
    this.waiting = [];
  }
}

/** @throws DecoscopeError "method" while a run or an answer is under way */
function checkQuiet(why = "a measurement would disturb and be disturbed by. Measure"): void {
  if (runs.size + answers > 0)
    throw new DecoscopeError(
      "method",
      `${runs.size > 0 ? "A run" : "An answer"} is under way, which ${why} when it is over.`,
    );
}

/** Lets go of what models are held for: sessions of solving, the memory of the last conversation. @throws as checkQuiet */
async function makeQuiet(wish: string): Promise<void> {
  const chat = await chats?.serving.catch(() => null);
  checkQuiet(`would lose the model it runs on. ${wish}`);
  closeSolver();
  chat?.forget();
}

const api: WorkerApi = {
  connect(to: MessagePort, base: string, hubAddress: string): void {
    port = to;
    modelBase = base;
    hubBase = hubAddress;
  },
  openDevice: () => outcome<DeviceInfo>(async () => (await openHost()).info()),
  load: (model) =>
    outcome<null>(() =>
      loading(model, async (signal) => {
        await tuneFor(await loadById(model, signal));
        return null;
      }),
    ),
  hubOffer: (name, token) => outcome(async () => (await hubModels()).offer(name, token)),
  hubFetch: (id, kept, token) =>
    outcome(() =>
      loading(id, async (signal) => {
        const { entry, hosted } = await (await hubModels()).fetch(id, kept, token, signal);
        await tuneFor(hosted);
        return entry;
      }),
    ),
  hubShelf: () => outcome(async () => (await hubModels()).shelf()),
  hubRemove: (id) =>
    outcome(async () => {
      await (await hubModels()).remove(id);
      return null;
    }),
  folderOffer: (folder, files) => outcome(async () => (await hubModels()).folderOffer(folder, files)),
  bundledOffer: (model) => outcome(async () => (await hubModels()).bundledOffer(model)),
  keepBundled: (model, kept) =>
    outcome(async () => {
      await (await hubModels()).keepBundled(model, kept);
      return null;
    }),
  loadFolder: (folder, files, kept) =>
    outcome(() =>
      loading(`./${folder}`, async (signal) => {
        const { entry, hosted } = await (await hubModels()).loadFolder(folder, files, kept, signal);
        await tuneFor(hosted);
        return entry;
      }),
    ),
  cancelLoad(model): void {
    loads.get(model)?.abort();
  },
  measure: (model, most) =>
    outcome(async () => {
      const opened = await openHost();
      checkQuiet();
      // Fetched with the first measurement.
      const { timePasses } = await import("../runtime/time_pass");
      return timePasses(opened.engine, opened.tuning, (await opened.model(model)).gpu, most);
    }),
  bench: (model, part) =>
    outcome(async () => {
      const opened = await openHost();
      checkQuiet();
      // Fetched with the first measurement.
      const { measurePart } = await import("./bench");
      return measurePart(opened, await opened.model(model), part);
    }),
  solve: ({ model, guider, ...request }) =>
    outcome(async () => {
      const began = solvingEnds;
      const solver = await solverFor(await openHost(), model, guider);
      return solver.solve(request, () => began !== solvingEnds);
    }),
  endSolving(): void {
    solvingEnds++;
    closeSolver();
  },
  tokenize: (model, text) =>
    outcome(async () => (await (await openHost()).model(model)).tokenizer.encodePrompt(text)),
  chatAbility: (model) => outcome(async () => (await chatService()).ability(model)),
  chat: (chat, request) =>
    outcome(async () => {
      answers++;
      try {
        await (await chatService()).answer(chat, request);
      } finally {
        answers--;
      }
      return null;
    }),
  endChat: (chat) => void chats?.serving.then((s) => s.end(chat)).catch(() => undefined),
  forgetChat: () => void chats?.serving.then((s) => s.forget()).catch(() => undefined),
  start: (settings, paused) =>
    outcome<number>(async () => {
      const opened = await openHost();
      const id = ++lastRun;
      const run = new Run(id, opened, settings, paused);
      // While it begins, too, its model must stay.
      runs.set(id, run);
      try {
        await run.begin();
      } catch (thrown) {
        runs.delete(id);
        throw thrown;
      }
      // After this answer, so that the page knows the run's number before its first events.
      setTimeout(() => {
        run.drive().catch((thrown: unknown) => {
          send({ type: "device_lost", error: toErrorRecord(thrown) });
        });
      }, 0);
      return id;
    }),
  pause: (run) => runs.get(run)?.hold(),
  resume: (run) => runs.get(run)?.allow(Infinity),
  step: (run) => runs.get(run)?.allow(1),
  cancel: (run) => runs.get(run)?.cancel(),
  async memory(): Promise<MemoryReport> {
    return host
      ? (await host).memory.report()
      : { liveBytes: 0, peakBytes: 0, byOwner: [], live: [], peak: [] };
  },
  dispose(): void {
    for (const run of runs.values()) run.cancel();
    const closing = host;
    host = null;
    closing?.then((h) => h.destroy()).catch(() => undefined);
  },
};

Comlink.expose(api);
