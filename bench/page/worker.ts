/** Stands where the engine's worker stands and sends a run that was made beforehand, one round a batch, so many batches a second. */
import * as Comlink from "comlink";
import type { Outcome, WorkerApi, WorkerMessage } from "../../src/worker/api";
import { wideRun } from "../../tests/helpers/wide_tree";

/** Nodes a tree, rounds and batches a second; put in front of the script by run.ts. */
declare const BENCH: { readonly nodes: number; readonly rounds: number; readonly rate: number };

const done = <T>(value: T): Promise<Outcome<T>> => Promise.resolve({ ok: true, value });
let port: MessagePort | null = null;

/** Sends the run; a batch that is late is sent at once, and not together with another. */
async function send(run: number): Promise<void> {
  const events = wideRun(BENCH.nodes, BENCH.rounds);
  const batches = Array.from({ length: BENCH.rounds }, (_, step) =>
    events.filter((e) => e.step === step && e.kind !== "run_end"),
  );
  const tell = (message: WorkerMessage): void => port?.postMessage(message);
  const begin = performance.now();
  for (const [i, batch] of batches.entries()) {
    const wait = begin + (i * 1000) / BENCH.rate - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)));
    tell({ type: "events", run, events: batch });
  }
  tell({ type: "events", run, events: events.filter((e) => e.kind === "run_end") });
}

const api: Pick<WorkerApi, "connect" | "openDevice" | "load" | "start" | "pause" | "cancel"> = {
  connect: (given) => {
    port = given;
  },
  openDevice: () =>
    done({
      adapter: "none",
      isSoftware: true,
      features: [],
      maxBufferBytes: 0,
      maxBindingBytes: 0,
      avoided: [],
      subgroupSize: null,
    }),
  load: () => done(null),
  start: () => {
    setTimeout(() => void send(1), 500);
    return done(1);
  },
  pause: () => undefined,
  cancel: () => undefined,
};
Comlink.expose(api);
