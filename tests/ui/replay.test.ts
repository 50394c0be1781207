/** What the page says when the replay of a link has ended: whether its tokens are the link's, and what may be why not. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeptModel, RunStartEvent, TraceEvent } from "../../src/trace/events";
import type { DeviceInfo, WorkerMessage } from "../../src/worker/api";
import type { EngineClient } from "../../src/worker/client";
import { sampleTrace } from "../helpers/sample_trace";

/** An engine of which a test says what it sends. */
const worker = vi.hoisted(() => ({
  send: null as ((message: WorkerMessage) => void) | null,
  run: 0,
}));
vi.mock("../../src/worker/client", () => ({
  connectEngine: (_: string, onMessage: (message: WorkerMessage) => void): Partial<EngineClient> => {
    worker.send = onMessage;
    return {
      openDevice: () => Promise.resolve({ avoided: [] as readonly string[] } as DeviceInfo),
      load: () => Promise.resolve(),
      start: () => Promise.resolve(++worker.run),
    };
  },
}));

const PAGE = new URL("http://localhost/");
vi.stubGlobal("document", { baseURI: PAGE.href });
vi.stubGlobal("location", PAGE);
const { expectHash, run } = await import("../../src/ui/engine");
const { useEngine } = await import("../../src/ui/stores/engine");

const events = sampleTrace(2);
const end = events.at(-1)!;
const hash = end.kind === "run_end" ? end.hash : "";

/** The same run, its models kept so. */
const withKept = (kept: RunStartEvent["kept"]): readonly TraceEvent[] =>
  events.map((e) => (e.kind === "run_start" && kept ? { ...e, kept } : e));

/** Notices of a replay of these events that a link expects to end with `expected`. */
async function noticesOf(
  expected: string,
  ofRun: readonly TraceEvent[],
  there: readonly KeptModel[] = [],
): Promise<readonly string[]> {
  expectHash(expected, there);
  await run();
  worker.send!({ type: "events", run: worker.run, events: ofRun });
  await vi.waitFor(() => expect(useEngine.getState().notices).not.toEqual([]));
  return useEngine.getState().notices;
}

beforeEach(() => useEngine.setState({ hasWebGpu: true, notices: [], phase: "idle" }));
afterEach(() => useEngine.setState({ phase: "idle", isAwaited: false }));

describe("a replay", () => {
  it("with the link's tokens says so, however its models are kept", async () => {
    const kept = [{ model: "story-target", storage: "int8", cacheStorage: "f32" }];
    expect(await noticesOf(hash, withKept(kept))).toEqual([expect.stringContaining("exactly the tokens")]);
  });

  it("with other tokens does not blame the device for models in fewer bits", async () => {
    const kept = [{ model: "story-target", storage: "int4", cacheStorage: "int8" }];
    const [notice] = await noticesOf("0000", withKept(kept));
    expect(notice).toMatch(/other tokens.*in int4, keys and values in int8/);
    expect(notice).not.toContain("round differently");
  });

  it("with other tokens says how the models of both were kept where the link says it", async () => {
    const there = [{ model: "story-target", storage: "int8", cacheStorage: "f32" }];
    const [other] = await noticesOf("0000", withKept(undefined), there);
    expect(other).toMatch(/It ran with all its models in f32, the run in the link with .* in int8/);
    useEngine.setState({ notices: [], phase: "idle" });
    const [same] = await noticesOf("0000", withKept(there), there);
    expect(same).toMatch(/Both ran with .* in int8.*round differently/);
  });

  it("with other tokens and models in f32 leaves open which of the two it is", async () => {
    const [notice] = await noticesOf("0000", withKept(undefined));
    expect(notice).toMatch(/other tokens.*fewer bits.*round differently/);
  });
});
