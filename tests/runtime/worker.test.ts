/** The worker as the page calls it: what is freed, remembered and refused while a run or an answer is under way. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChatRequest } from "../../src/chat/protocol";
import type { Kept, Outcome, RunSettings, WorkerApi, WorkerMessage } from "../../src/worker/api";
import { nodeGpu } from "../helpers/gpu";
import { GREEDY_SAMPLER } from "./helpers";

const { exposed, stored } = vi.hoisted(() => ({
  exposed: { api: null as WorkerApi | null },
  /** What the browser remembers; `fails` where it stores nothing. */
  stored: { values: new Map<string, unknown>(), fails: false },
}));
vi.mock("comlink", () => ({ expose: (api: WorkerApi) => void (exposed.api = api) }));
vi.mock("idb-keyval", () => ({
  get: (key: string) => Promise.resolve(stored.values.get(key)),
  set: (key: string, value: unknown) =>
    stored.fails ? Promise.reject(new Error("no storage")) : Promise.resolve(stored.values.set(key, value)),
}));

const MODEL = "story-draft";
const F32: Kept = { storage: "f32", cacheStorage: "f32", context: 256 };
const INT8: Kept = { ...F32, storage: "int8" };

let api: WorkerApi;
let messages: WorkerMessage[] = [];
const { port1, port2 } = new MessageChannel();

beforeAll(async () => {
  const noFolders = { entries: async function* () {} };
  const storage = { getDirectory: () => ({ getDirectoryHandle: () => noFolders }) };
  vi.stubGlobal("navigator", { gpu: nodeGpu, storage });
  vi.stubGlobal("fetch", async (url: string) => new Response(await readFile(`public/${url.slice(7)}`)));
  port1.onmessage = ({ data }: MessageEvent<WorkerMessage>) => void messages.push(data);
  await import("../../src/worker/worker");
  // Here it takes longer to come than an answer does.
  await import("../../src/worker/hub");
  api = exposed.api!;
  api.connect(port2, "page://", "hub:/");
});
afterAll(() => {
  api.dispose();
  port1.close();
  vi.unstubAllGlobals();
});
beforeEach(() => {
  messages = [];
  stored.fails = false;
  stored.values.clear();
});

const request: ChatRequest = {
  ...{ model: MODEL, sampler: GREEDY_SAMPLER, seed: 1, maxNewTokens: 200, stops: [], thinks: null },
  ...{ template: "plain", format: null, topLogprobs: null, trace: "none" },
  messages: [{ role: "user", content: "Once upon a time" }],
};
const settings: RunSettings = {
  ...{
    model: MODEL,
    draft: null,
    method: "autoregressive",
    params: { runAhead: 1 },
    sampler: GREEDY_SAMPLER,
  },
  ...{ prompt: "Once", begin: null, seed: 1, maxNewTokens: 20, detail: "light", profile: false },
};

const given = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(`${outcome.error.message} ${outcome.error.detail ?? ""}`);
  return outcome.value;
};
const refusal = (outcome: Outcome<unknown>): string => (outcome.ok ? "none" : outcome.error.message);
const load = async (): Promise<void> => void given(await api.load(MODEL));
const held = async (): Promise<string[]> => [
  ...new Set((await api.memory()).live.map(({ use, storage }) => `${use} ${storage ?? ""}`.trim())),
];
const hasText = (): Promise<void> =>
  vi.waitFor(() => expect(messages.some(({ type }) => type === "chat")).toBe(true), { timeout: 60_000 });

describe("an answer under way", () => {
  it.each([
    ["keeping its model otherwise", () => api.keepBundled(MODEL, INT8)],
    ["deleting it", () => api.hubRemove(MODEL)],
    ["a measurement", () => api.measure(MODEL, 1)],
  ])("is not disturbed by %s", async (_, disturb) => {
    await load();
    const answer = api.chat(1, request);
    await hasText();
    expect(refusal(await disturb())).toMatch(/^An answer is under way, which .* when it is over\.$/);
    given(await answer);
    expect(stored.values.get(`kept/${MODEL}`)).toBeUndefined();
    await vi.waitFor(() =>
      expect(messages.flatMap((m) => (m.type === "chat" ? m.events : [])).at(-1)).toMatchObject({
        kind: "end",
        finish: expect.stringMatching(/^(stop|length)$/) as string,
      }),
    );
  });
});

it("a run under way is not disturbed either, and not while it begins", async () => {
  await load();
  const starting = api.start(settings, true);
  await vi.waitFor(async () => expect(await held()).toContain("cache f32"));
  expect(refusal(await api.hubRemove(MODEL))).toMatch(/^A run is under way/);
  const run = given(await starting);
  expect(refusal(await api.keepBundled(MODEL, INT8))).toMatch(/^A run is under way/);
  api.cancel(run);
  await vi.waitFor(() =>
    expect(messages.some((m) => m.type === "events" && m.events.some((e) => e.kind === "run_end"))).toBe(
      true,
    ),
  );
  expect(refusal(await api.start({ ...settings, method: "none" }, false))).not.toBe("none");
  given(await api.keepBundled(MODEL, INT8));
});

describe("the kept conversation goes with its model", () => {
  it.each([
    ["kept otherwise", () => api.keepBundled(MODEL, INT8)],
    ["deleted", () => api.hubRemove(MODEL)],
  ])("that is %s", async (_, free) => {
    await load();
    given(await api.chat(1, request));
    expect(await held()).toContain("cache f32");
    given(await free());
    await vi.waitFor(async () => expect(await held()).toEqual([]));
  });
});

describe("a choice of how a model is kept", () => {
  it("is loaded with, and remembered", async () => {
    given(await api.keepBundled(MODEL, INT8));
    await load();
    expect(await held()).toContain("weights int8");
    given(await api.hubRemove(MODEL));
  });

  it("is told of, until it is as the model comes", async () => {
    expect(given(await api.hubShelf()).bundled).toEqual([]);
    given(await api.keepBundled(MODEL, INT8));
    expect(given(await api.hubShelf()).bundled).toEqual([{ id: MODEL, kept: INT8 }]);
    given(await api.keepBundled(MODEL, F32));
    expect(given(await api.hubShelf()).bundled).toEqual([]);
  });

  it("that cannot be remembered leaves the model as it is", async () => {
    await load();
    stored.fails = true;
    expect(refusal(await api.keepBundled(MODEL, INT8))).toMatch(/stores nothing here/);
    expect(await held()).toContain("weights f32");
    expect(await api.tokenize(MODEL, "Once")).toMatchObject({ ok: true });
  });

  it("that is damaged is said to be, and the model is loaded as if nobody had chosen", async () => {
    given(await api.hubRemove(MODEL));
    stored.values.set(`kept/${MODEL}`, { ...INT8, context: 0 });
    await load();
    expect(await held()).toContain("weights f32");
    await vi.waitFor(() =>
      expect(messages).toContainEqual({
        type: "notice",
        text: expect.stringMatching(/story-draft .*could not be read.*Models/) as string,
      }),
    );
  });
});
