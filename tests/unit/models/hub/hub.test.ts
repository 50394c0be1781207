/** Models of a local hub from name to tensors: what is asked, stored, checked and fetched again, and every way it can fail. */
import { afterAll, afterEach, beforeAll, beforeEach, describe as group, expect, it } from "vitest";
import { DecoscopeError, type ErrorReason } from "../../../../src/base/errors";
import { Library } from "../../../../src/models/hub/library";
import { manifestOf, offerOf, openStored } from "../../../../src/models/hub/open";
import type { DeviceLimits, Kept } from "../../../../src/models/hub/offer";
import type { Hub } from "../../../../src/models/hub/request";
import { remoteSource } from "../../../../src/models/hub/sources";
import { loadModel, type LoadedModel } from "../../../../src/models/load";
import type { ReadOptions } from "../../../../src/models/source";
import { addModels } from "../../../helpers/hub_models";
import { HubServer, sha256Of, TOKENS } from "../../../helpers/hub_server";
import { MemoryStorage } from "../../../helpers/memory_storage";
import { memorySource } from "../../../helpers/tiny_model";

let server: HubServer;
let storage: MemoryStorage;
let library: Library;
const waits: number[] = [];

const limits: DeviceLimits = { hasF16: false, maxBufferBytes: 2 ** 28, maxBindingBytes: 2 ** 27 };
const PART = 16 * 1024;
const KEPT: Kept = { storage: "f32", cacheStorage: "int8", context: 512 };

const hub = (token: string | null = null): Hub => ({
  base: server.url,
  token,
  wait: (ms) => {
    waits.push(ms);
    return Promise.resolve();
  },
});

beforeAll(async () => {
  server = await HubServer.start({ prefix: "/hub", pageSize: 2 });
  addModels(server);
});
afterAll(() => server.stop());
beforeEach(() => {
  storage = new MemoryStorage();
  library = new Library(storage);
  server.requests.length = 0;
  waits.length = 0;
});
afterEach(() => server.faults.clear());

const offer = (name: string, token: string | null = null) => offerOf(hub(token), library, name, limits);

/** Asks, accepts, fetches what is missing and loads, as the page does. */
async function fetchModel(name: string, options: ReadOptions = {}, token: string | null = null) {
  await library.begin(manifestOf(await offer(name, token), KEPT, 1));
  return loadStored(name, options, token);
}

async function loadStored(id: string, options: ReadOptions = {}, token: string | null = null) {
  const source = await openStored(hub(token), library, await library.required(id), options, PART);
  try {
    const loaded = await loadModel(source, options);
    await loaded.tensors.prepare("");
    return { ...loaded, values: valuesOf(loaded) };
  } finally {
    source.close();
  }
}

const hashOf = (values: Float32Array): string => sha256Of(new Uint8Array(values.buffer));

/** A hash of every tensor's numbers. */
const valuesOf = ({ tensors }: LoadedModel) =>
  Object.fromEntries(tensors.names.map((name) => [name, hashOf(tensors.get(name).toFloat32())]));

/** The same model read whole from memory. */
const expected = async (id: string) =>
  valuesOf(await loadModel(memorySource(server.models.get(id)!.files, { id })));

async function problemOf(work: Promise<unknown>): Promise<DecoscopeError> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof DecoscopeError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was wrong");
}

async function expectProblem(
  work: Promise<unknown>,
  reason: ErrorReason | null,
  text: RegExp,
): Promise<void> {
  const found = await problemOf(work);
  expect(found.message).toMatch(text);
  expect(found.reason ?? null).toBe(reason);
}

group("how a model is kept", () => {
  it("can be chosen: lengths of text up to the model's own, and what a token takes in each storage type", async () => {
    const { contexts, context, maxContext, caches } = await offer("tiny/sharded");
    expect(contexts).toEqual([256]);
    expect([context, maxContext]).toEqual([256, 256]);
    const [f32, f16, int8] = caches!;
    expect(f32!.tokenBytes).toBe(2 * f16!.tokenBytes);
    // Four numbers a word, and a scale for each key and value head.
    expect(int8!.tokenBytes).toBeGreaterThan(f32!.tokenBytes / 4);
    expect(int8!.tokenBytes).toBeLessThan(f16!.tokenBytes);
    expect(caches!.map(({ problem }) => problem === null)).toEqual([true, false, true]);
  });
  it("is written down with the model; what was stored before one could choose has what was usual", async () => {
    await fetchModel("tiny/whole");
    expect(await library.required("tiny/whole")).toMatchObject(KEPT);
    const { cacheStorage, context, ...old } = await library.required("tiny/whole");
    expect([cacheStorage, context]).toEqual(["int8", 512]);
    const folder = await library.folder("tiny/whole");
    await folder.write("model.json", new TextEncoder().encode(JSON.stringify(old)));
    expect(await library.required("tiny/whole")).toMatchObject({ cacheStorage: "f32", context: 2048 });
  });
});

group("an offer", () => {
  it("says what the model is, what it takes and under which licence, from small files and heads of large ones", async () => {
    const found = await offer("tiny/sharded");
    expect(found).toMatchObject({
      id: "tiny/sharded",
      commit: server.commit("tiny/sharded"),
      licence: "mit",
      kind: "causal",
      dtypes: ["bf16"],
      maxContext: 256,
      storedBytes: 0,
      preferred: "f32",
      cannotStore: null,
    });
    const { files } = server.models.get("tiny/sharded")!;
    const wanted = [...files].filter(([name]) => name !== "README.md");
    expect(found.downloadBytes).toBe(wanted.reduce((sum, [, bytes]) => sum + bytes.length, 0));
    expect(found.files.find(({ name }) => name === "tokenizer.json")?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(found.files.find(({ name }) => name === "config.json")?.gitOid).toMatch(/^[0-9a-f]{40}$/);
    expect(found.parameters).toBe(2048 * 32 + 2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32 + 2 * 32) + 32);
    expect(server.readsOf("tokenizer.json"), "too large to be read before anybody agreed").toEqual([]);
  });

  it("pages through listings and takes revisions", async () => {
    const whole = server.models.get("tiny/whole")!;
    const other = server.models.get("tiny/draft")!.files;
    server.models.set("tiny/branched", { ...whole, branches: new Map([["v2", other]]) });
    expect((await offer("tiny/branched@v2")).commit).toBe(server.commit("tiny/draft"));
    expect((await offer("tiny/branched")).commit).toBe(server.commit("tiny/whole"));
    await expectProblem(offer("tiny/branched@v3"), "missing", /branch, tag or commit of that name/);
  });

  it("knows what the device cannot hold", async () => {
    const given = (maxBindingBytes: number) =>
      offerOf(hub(), library, "tiny/whole", { ...limits, hasF16: true, maxBindingBytes });
    // Every matrix is larger, and cut: the largest in f32 would take 64 x 64 x 4 bytes and more.
    const cut = await given(2_000);
    expect(cut.choices.map(({ problem }) => problem)).toEqual([null, null, null, null]);
    // Less than four rows of 64 columns in f32 and in f16, which are not cut.
    const { choices, preferred } = await given(500);
    expect(choices.map(({ storage: s, problem }) => [s, problem !== null])).toEqual([
      ["f32", true],
      ["f16", true],
      ["int8", false],
      ["int4", false],
    ]);
    expect(preferred).toBe("int8");
  });

  it.each([
    ["tiny/nothing", null, "denied", /either there is none, or it is private/],
    ["tiny/nothing", TOKENS.member, "missing", /found none\. Check the name/],
    ["tiny/gated", null, "denied", /give a token/],
    ["tiny/gated", TOKENS.stranger, "denied", /not among them/],
    ["tiny/gated", "hf_wrong", "denied", /does not accept the token/],
    ["tiny/other", null, null, /resnet/],
    ["tiny/no-tokenizer", null, "missing", /tokenizer\.json/],
    ["tiny/no-config", null, "missing", /config\.json/],
    ["tiny/pickled", null, null, /published as safetensors/],
  ] as const)("of %s with token %s: %s", async (name, token, reason, text) => {
    await expectProblem(offer(name, token), reason, text);
  });

  it("waits where the hub asks for patience, and says so where it asks for much", async () => {
    server.faults.add({ file: "api", kind: "status", status: 429, retryAfter: 3, times: 1 });
    await offer("tiny/whole");
    expect(waits).toEqual([3000]);
    server.faults.add({ file: "api", kind: "status", status: 429, retryAfter: 240 });
    await expectProblem(offer("tiny/whole"), "busy", /Try again in 4 minutes/);
  });

  it("asks again where the hub fails, and names the network where nobody answers", async () => {
    server.faults.add({ file: "api", kind: "status", status: 503, times: 2 });
    await offer("tiny/whole");
    expect(waits).toHaveLength(2);
    const nowhere = { ...hub(), base: "http://127.0.0.1:9" };
    await expectProblem(offerOf(nowhere, library, "tiny/whole", limits), "offline", /could not be reached/);
  });

  it("knows a login page when it sees one", async () => {
    server.faults.add({ file: "tiny/whole/config.json", kind: "web_page" });
    await expectProblem(offer("tiny/whole"), "offline", /login page/);
  });
});

group("a download", () => {
  it.each(["tiny/whole", "tiny/sharded"])("of %s gives the tensors that were published", async (id) => {
    const progress: [number, number | null][] = [];
    const loaded = await fetchModel(id, { onProgress: (...p) => progress.push(p) });
    expect(loaded.values).toEqual(await expected(id));
    const total = (await library.list())[0]!.totalBytes;
    expect(progress[0]).toEqual([0, total]);
    expect(progress.at(-1)).toEqual([total, total]);
    expect(progress.map(([n]) => n)).toEqual(progress.map(([n]) => n).sort((a, b) => a - b));
    expect(loaded.tokenizer.encode("Once upon").length).toBeGreaterThan(0);
  });

  it("is there the second time without a request", async () => {
    await fetchModel("tiny/whole");
    server.requests.length = 0;
    const again = await loadStored("tiny/whole");
    expect(again.values).toEqual(await expected("tiny/whole"));
    expect(server.requests).toEqual([]);
  });

  it("goes on within a part where the line broke", async () => {
    server.faults.add({ file: "model.safetensors", kind: "cut", afterBytes: 40_000, times: 3 });
    const loaded = await fetchModel("tiny/whole");
    expect(loaded.values).toEqual(await expected("tiny/whole"));
    expect(waits.length).toBeGreaterThanOrEqual(3);
  });

  it("that breaks for good keeps what came, and the next one fetches only the rest", async () => {
    await library.begin(manifestOf(await offer("tiny/whole"), KEPT, 1));
    server.faults.add({ file: "model.safetensors", kind: "cut", afterBytes: 40_000, times: 4 });
    server.faults.add({ file: "model.safetensors", kind: "cut", afterBytes: 0 });
    await expectProblem(loadStored("tiny/whole"), "offline", /what was fetched already is kept/);
    const [stored] = await library.list();
    expect(stored!.storedBytes).toBeGreaterThan(PART * 5);
    expect(stored!.storedBytes).toBeLessThan(stored!.totalBytes);
    server.faults.clear();
    const before = stored!.storedBytes;
    const progress: number[] = [];
    const loaded = await loadStored("tiny/whole", { onProgress: (bytes) => progress.push(bytes) });
    expect(progress[0]).toBe(before);
    expect(loaded.values).toEqual(await expected("tiny/whole"));
  });

  it("stops when it is asked to, and keeps what came", async () => {
    server.faults.add({ file: "model.safetensors", kind: "slow", bytesPerSecond: 60_000 });
    const abort = new AbortController();
    const found = await problemOf(
      fetchModel("tiny/whole", {
        signal: abort.signal,
        onProgress: (bytes) => bytes > 200_000 && abort.abort(),
      }),
    );
    expect(found.code).toBe("cancelled");
    expect((await library.list())[0]!.storedBytes).toBeGreaterThan(60_000);
  });

  it("with a changed byte is noticed by its hash and fetched again", async () => {
    server.faults.add({ file: "model.safetensors", kind: "corrupt", at: 100_000, times: 1 });
    const loaded = await fetchModel("tiny/whole");
    expect(loaded.values).toEqual(await expected("tiny/whole"));
  });

  it("of small files is compared with git's hash", async () => {
    const found = await offer("tiny/whole");
    await library.begin(manifestOf(found, KEPT, 1));
    server.faults.add({ file: "config.json", kind: "corrupt", at: 5, times: 1 });
    await loadStored("tiny/whole");
    expect(server.readsOf("config.json").length, "offer, download, again").toBe(3);
  });

  it("that is wrong again and again is an error that names the file", async () => {
    server.faults.add({ file: "tiny/whole/model.safetensors", kind: "corrupt", at: 100_000 });
    await expectProblem(fetchModel("tiny/whole"), "damaged", /model\.safetensors: expected the bytes/);
  });

  it("refuses answers that are not the range asked for", async () => {
    await library.begin(manifestOf(await offer("tiny/whole"), KEPT, 1));
    server.faults.add({ file: "model.safetensors", kind: "cut", afterBytes: 40_000, times: 1 });
    server.faults.add({ file: "model.safetensors", kind: "ignore_range" });
    await expectProblem(loadStored("tiny/whole"), "damaged", /does not pass on ranges/);
  });

  it("of a gated model sends the token to the hub and not to the store", async () => {
    const loaded = await fetchModel("tiny/gated", {}, TOKENS.member);
    expect(loaded.values).toEqual(await expected("tiny/gated"));
    expect(server.readsOf("model.safetensors").every(({ hasToken }) => hasToken)).toBe(true);
  });

  it("needs no storage: tensors come by range, and no file whole", async () => {
    const found = await offer("tiny/sharded");
    const source = remoteSource(hub(), { ...found, repo: "tiny/sharded" }, found.id);
    const loaded = await loadModel(source);
    await loaded.tensors.prepare("layers.0.");
    const values = hashOf(loaded.tensors.get("layers.0.wq").toFloat32());
    expect(values).toBe((await expected("tiny/sharded"))["layers.0.wq"]);
    expect(() => loaded.tensors.get("layers.1.wq").toFloat32()).toThrow(/was not prepared/);
  });
});

group("what is stored", () => {
  it("is checked when it is read: a damaged part is fetched again, and only that", async () => {
    await fetchModel("tiny/whole");
    const data = [...storage.files.values()][0]!;
    const weights = [...data]
      .filter(([name]) => name.endsWith(".data"))
      .sort((a, b) => b[1].length - a[1].length)[0]!;
    weights[1][200_000]! ^= 1;
    server.requests.length = 0;
    const again = await loadStored("tiny/whole");
    expect(again.values).toEqual(await expected("tiny/whole"));
    expect(server.readsOf("model.safetensors").map(({ range }) => range)).toEqual([
      `bytes=${PART * 12}-${PART * 13 - 1}`,
    ]);
  });

  it("and damaged without a network is an error, not nonsense", async () => {
    await fetchModel("tiny/whole");
    for (const bytes of [...storage.files.values()][0]!.values())
      if (bytes.length > 100_000) bytes[70_000]! ^= 1;
    server.faults.add({ file: "model.safetensors", kind: "status", status: 503 });
    await expectProblem(loadStored("tiny/whole"), "busy", /could not answer/);
  });

  it("is thrown away when the model has changed on the hub", async () => {
    await fetchModel("tiny/whole");
    const before = server.models.get("tiny/whole")!;
    server.models.set("tiny/whole", server.models.get("tiny/draft")!);
    const loaded = await fetchModel("tiny/whole");
    expect(loaded.values).toEqual(await expected("tiny/draft"));
    server.models.set("tiny/whole", before);
  });

  it("is listed with its bytes, and can be deleted", async () => {
    await fetchModel("tiny/whole");
    await fetchModel("tiny/draft");
    expect((await library.list()).map(({ id }) => id).sort()).toEqual(["tiny/draft", "tiny/whole"]);
    await library.remove("tiny/whole");
    expect((await library.list()).map(({ id }) => id)).toEqual(["tiny/draft"]);
    await expectProblem(library.required("tiny/whole"), "missing", /not stored here/);
  });

  it("asks for room before it is fetched, and keeps what fits if that was wrong", async () => {
    storage.quotaBytes = 100_000;
    await expectProblem(fetchModel("tiny/whole"), "storage", /needs \d+ kB more .* only 100 kB/);
    storage.quotaBytes = Infinity;
    await library.begin(manifestOf(await offer("tiny/whole"), KEPT, 1));
    storage.quotaBytes = 250_000;
    await expectProblem(loadStored("tiny/whole"), "storage", /no more room/);
    expect((await library.list())[0]!.storedBytes).toBeGreaterThan(40_000);
  });

  it("of a folder that says nonsense of itself is not listed", async () => {
    const folder = await storage.folder("x");
    await folder.write("model.json", new TextEncoder().encode('{"version":1,"repo":"../.."}'));
    expect(await library.list()).toEqual([]);
  });
});
